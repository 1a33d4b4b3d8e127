import type { Output } from "@troth/events";
import { openMemoryLog } from "@troth/log";
import { type ObjectStore, openSimulatedClock, WorldError } from "@troth/runtime";
import { expect, test } from "vitest";
import { policySwitch } from "../partitioned/fact-log.ts";
import { lakeReader } from "./lake-reader.ts";

const genesis = "8d7f9f5e-4f0c-4c43-9a43-0d3b1f8f2a11";
const outputOf = (n: number): Output => ({
  inOffset: n,
  seq: 0,
  stamp: n,
  body: { kind: "merge", part: `customer:${n}`, whole: `customer:${n + 1}` },
});
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("told to stop before its store answered, a lake begins nothing, though the store be back", async () => {
  const facts = openMemoryLog({ genesis });
  await facts.append(Array(4).fill(policySwitch("p")), 1);
  let isAway = true;
  const put: string[] = [];
  const store: ObjectStore = {
    putIfAbsent: async (key) => {
      put.push(key);
      return "created";
    },
    get: async () => null,
    list: async () => {
      if (isAway) throw new WorldError("unreachable", "away");
      return [];
    },
    remove: async () => undefined,
  };
  const stop = new AbortController();
  const clock = openSimulatedClock();
  // A chunk a fact: whatever is folded is put at once.
  const closing = { records: 1 };
  const read = lakeReader(
    { lake: { store, genesis, begin: "resume", closing }, facts, reached: () => undefined },
    { clock, stop: stop.signal, failed: () => undefined },
  );
  const first = Promise.resolve(read(outputOf(0)));
  await turn();
  stop.abort();
  await turn();
  clock.advance(1_000);
  await first;
  // Between the signal and its own end the process goes on reading.
  isAway = false;
  for (let n = 1; n < 4; n += 1) {
    const reading = Promise.resolve(read(outputOf(n)));
    for (let i = 0; i < 20; i += 1) await turn();
    clock.advance(0);
    await reading;
  }
  expect(put).toEqual([]);
});
