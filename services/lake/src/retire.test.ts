import { createHmac } from "node:crypto";
import { type ObjectStore, openSimulatedStore, type StoreCall } from "@troth/runtime";
import { describe, expect, test } from "vitest";
import { compact } from "./compact.ts";
import { contents, factsOf, genesis, often, outputsOf, writeRun } from "./fixture.ts";
import { readChunks } from "./read.ts";
import { retire } from "./retire.ts";
import { verify } from "./verify.ts";

// One fact an hour from 30 January 2024 on: chunks of January, February and March.
const outputs = outputsOf(1_000);
const facts = factsOf(1_000);
const day = 86_400_000;
const asOf = Date.UTC(2024, 2, 20);

async function whole(perform?: (call: StoreCall) => void) {
  const objects = new Map<string, Buffer>();
  const store = openSimulatedStore({
    objects,
    perform: async (call, work) => {
      perform?.(call);
      return work();
    },
  });
  await writeRun(store, outputs, often, facts);
  return { objects, store };
}

const datesOf = async (store: ObjectStore, table: string): Promise<readonly string[]> => [
  ...new Set((await store.list(`${table}/`)).map((key) => key.split("/")[1] ?? "")),
];
const noise = new Map([["noise", 20 * day]] as const);

describe("what is older than it is to be kept", () => {
  test("goes as whole objects, table by table, and verify knows it from a loss", async () => {
    const { store } = await whole();
    const before = await contents(store);
    const first = await retire({ store, keep: noise, asOf, givesUpBacktest: false });
    // On 20 March twenty days reach back to 29 February: only January is over altogether.
    expect(await datesOf(store, "noise")).toEqual(["date=2024-02-01", "date=2024-03-01"]);
    expect(await datesOf(store, "pledges")).toContain("date=2024-01-01");
    const gone = [...before.keys()].filter((key) => key.startsWith("noise/date=2024-01"));
    expect(first.objects).toBe(gone.length);
    expect(await verify(store, { genesis, outputsAtLeast: outputs.length })).toMatchObject({
      findings: [],
      retired: gone.length,
    });
    const later = { store, keep: noise, asOf: asOf + 20 * day, givesUpBacktest: false };
    expect((await retire(later)).objects).toBeGreaterThan(0);
    expect((await retire(later)).objects).toBe(0);
    expect(await datesOf(store, "noise")).toEqual(["date=2024-03-01"]);
    expect((await verify(store, { genesis })).findings).toEqual([]);
    // Facts and what was said of them are all there: it can be judged anew.
    let judged = 0;
    for await (const chunk of readChunks(store)) judged += chunk.facts.length;
    expect(judged).toBe(facts.length);
    await expect(compact({ from: store, to: openSimulatedStore() })).rejects.toThrow(
      "compact first",
    );
  });

  test("is said beforehand on trial, and then nothing goes", async () => {
    const { store } = await whole();
    const before = await contents(store);
    const trial = await retire({ store, keep: noise, asOf, givesUpBacktest: false, isTrial: true });
    expect(trial.objects).toBeGreaterThan(0);
    expect(await contents(store)).toEqual(before);
  });

  test("stays where a back-test needs it, until somebody gives that up; the newest chunk always stays", async () => {
    const { store } = await whole();
    for (const table of ["facts", "decisions"] as const) {
      const keep = new Map([[table, day]]);
      await expect(retire({ store, keep, asOf, givesUpBacktest: false })).rejects.toThrow(
        "back-test",
      );
    }
    const keep = new Map([["facts", day]] as const);
    await retire({ store, keep, asOf: asOf + 1_000 * day, givesUpBacktest: true });
    expect((await store.list("facts/")).length).toBeGreaterThan(0);
    expect((await verify(store, { genesis })).findings).toEqual([]);
    await expect(readChunks(store).next()).rejects.toMatchObject({ code: "retired" });
  });

  test("goes on when an attempt was cut short anywhere", async () => {
    const whenDone = await whole();
    await retire({ store: whenDone.store, keep: noise, asOf, givesUpBacktest: false });
    const wanted = await contents(whenDone.store);
    for (const cut of [0, 1, 2, 9]) {
      let left = Number.POSITIVE_INFINITY;
      const { store } = await whole(({ operation }) => {
        if (operation !== "remove" && operation !== "putIfAbsent") return;
        left -= 1;
        if (left < 0) throw new Error("killed");
      });
      left = cut;
      await retire({ store, keep: noise, asOf, givesUpBacktest: false }).catch(() => undefined);
      left = Number.POSITIVE_INFINITY;
      expect((await verify(store, { genesis })).findings).toEqual([]);
      await retire({ store, keep: noise, asOf, givesUpBacktest: false });
      expect(await contents(store)).toEqual(wanted);
    }
  });

  test("is no excuse for what went by itself: a tombstone that is forged, changed or unsigned is found", async () => {
    const sign = (text: string): string => createHmac("sha256", "house").update(text).digest("hex");
    const { store, objects } = await whole();
    await retire({ store, keep: noise, asOf, givesUpBacktest: false, sign });
    expect((await verify(store, { genesis, sign })).findings).toEqual([]);
    const other = (text: string): string => sign(`${text} `);
    const kinds = async (by?: typeof sign): Promise<ReadonlySet<string>> =>
      new Set(
        (await verify(store, by === undefined ? {} : { sign: by })).findings.map(
          ({ fault }) => fault,
        ),
      );
    expect(await kinds(other)).toEqual(new Set(["damaged-tombstone", "missing-object"]));
    const [key = ""] = [...objects.keys()].filter((one) => one.startsWith("_retired/"));
    const bytes = objects.get(key) ?? Buffer.alloc(0);
    // Another object is gone too, and its name is written into the tombstone.
    const [victim = ""] = [...objects.keys()].filter((one) => one.startsWith("alerts/"));
    const kept = objects.get(victim) ?? Buffer.alloc(0);
    objects.delete(victim);
    expect(await kinds(sign)).toEqual(new Set(["missing-object"]));
    objects.set(victim, kept);
    objects.set(key, Buffer.from(bytes.toString().replace('"number":1', '"number":2')));
    expect(await kinds()).toEqual(new Set(["damaged-tombstone", "missing-object"]));
    objects.delete(key);
    expect(await kinds()).toEqual(new Set(["missing-object"]));
  });
});
