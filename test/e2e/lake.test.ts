import type { Output } from "@troth/events";
import { openLake, tables, verify } from "@troth/lake";
import { openSimulatedStore } from "@troth/runtime";
import { describe, expect, test } from "vitest";
import { judgedDay } from "../support/judged-day.ts";

const genesis = "7a1e0001-0000-4000-8000-000000000001";

/** What an output is in a table, by column. */
function rowIn(name: string, output: Output): Readonly<Record<string, unknown>> | null {
  const table = tables.find((one) => one.name === name);
  const row = table?.row(output) ?? null;
  if (row === null) return null;
  return Object.fromEntries((table?.columns ?? []).map((column, n) => [column.name, row[n]]));
}

describe("the lake of a judged day", () => {
  test("is whole, and the same whether written in one go or in pieces with stops between", async () => {
    const { outputs } = await judgedDay(150);
    expect(outputs.length).toBeGreaterThan(1_000);
    const [once, pieces] = [openSimulatedStore(), openSimulatedStore()];
    const closing = { records: 400, windowMs: 1e12, longestMs: 1e12 };
    const lake = await openLake({ store: once, genesis, begin: "anew", closing });
    for (const output of outputs) lake.fold(output);
    await lake.finish();
    for (let stop = 333; ; stop += 333) {
      const part = await openLake({ store: pieces, genesis, begin: "resume", closing });
      for (const output of outputs.slice(0, stop)) part.fold(output);
      await part.drained();
      if (stop < outputs.length) continue;
      await part.finish();
      break;
    }
    const audit = await verify(once, { genesis, outputsAtLeast: outputs.length });
    expect(audit).toMatchObject({ findings: [], outputs: outputs.length });
    expect(await pieces.list("")).toEqual(await once.list(""));
    expect((await verify(pieces, { genesis })).findings).toEqual([]);
  });

  test("holds the event behind every piece of evidence of every alert and broken promise", async () => {
    const { outputs } = await judgedDay(150);
    const events = new Set<unknown>();
    const evidence = new Set<string>();
    for (const output of outputs) {
      const event = rowIn("noise", output);
      if (event !== null) events.add(event["id"]);
      const judged = rowIn("alerts", output) ?? rowIn("pledges", output);
      const ids = judged?.["evidence"];
      if (Array.isArray(ids)) for (const id of ids) evidence.add(String(id));
    }
    expect(evidence.size).toBeGreaterThan(50);
    expect([...evidence].filter((id) => !events.has(id))).toEqual([]);
  });
});
