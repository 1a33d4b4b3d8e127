import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Output, parseEvent, publicPseudonymKey } from "@troth/events";
import { openLake, tables, verify } from "@troth/lake";
import { parsePolicy } from "@troth/policy";
import { openSimulatedStore } from "@troth/runtime";
import { describe, expect, test } from "vitest";
import { replay } from "../../services/troth/src/replay/replay.ts";
import type { ReadLine } from "../../services/troth/src/replay/source.ts";
import { syntheticDay } from "../../services/troth/src/story/synthetic-day.ts";

const path = fileURLToPath(new URL("../../infra/policy/default.yaml", import.meta.url));
const genesis = "7a1e0001-0000-4000-8000-000000000001";

async function* lines(): AsyncGenerator<readonly ReadLine[]> {
  const endsAt = Date.UTC(2026, 2, 3, 18);
  let line = 0;
  for (const event of syntheticDay({ seed: 7, endsAt, customers: 150 })) {
    line += 1;
    yield [{ line, result: parseEvent(event), raw: null }];
  }
}

/** Everything the judge writes about a made-up day. */
async function judgedDay(): Promise<readonly Output[]> {
  const policy = parsePolicy(readFileSync(path, "utf8"), path);
  if (!policy.ok) throw new Error("the default policy does not parse");
  const outputs: Output[] = [];
  await replay(lines(), policy.value, publicPseudonymKey, null, {
    decision: () => undefined,
    output: (output) => outputs.push(output),
    setAside: () => undefined,
    drained: () => Promise.resolve(),
  });
  return outputs;
}

/** What an output is in a table, by column. */
function rowIn(name: string, output: Output): Readonly<Record<string, unknown>> | null {
  const table = tables.find((one) => one.name === name);
  const row = table?.row(output) ?? null;
  if (row === null) return null;
  return Object.fromEntries((table?.columns ?? []).map((column, n) => [column.name, row[n]]));
}

describe("the lake of a judged day", () => {
  test("is whole, and the same whether written in one go or in pieces with stops between", async () => {
    const outputs = await judgedDay();
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
    const outputs = await judgedDay();
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
