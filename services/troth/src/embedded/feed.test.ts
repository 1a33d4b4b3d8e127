import { encodeOutput, type Output } from "@troth/events";
import { openMemoryLog } from "@troth/log";
import { openSimulatedClock, systemClock } from "@troth/runtime";
import { expect, test } from "vitest";
import { openFeed } from "./feed.ts";

const outputOf = (n: number): Output => ({
  inOffset: n,
  seq: 0,
  stamp: n,
  body: { kind: "merge", part: `customer:${n}`, whole: `customer:${n + 1}` },
});

test("every reader is given every output in order, however far behind the others it is", async () => {
  const count = 10_000;
  const log = openMemoryLog({ genesis: "8d7f9f5e-4f0c-4c43-9a43-0d3b1f8f2a11" });
  const records = Array.from({ length: count }, (_, n) => ({ bytes: encodeOutput(outputOf(n)) }));
  for (let n = 0; n < count; n += 1_000) await log.append(records.slice(n, n + 1_000), n);
  const taken = { fast: [] as Output[], slow: [] as Output[] };
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const failed: unknown[] = [];
  const feed = openFeed(
    log,
    [
      { name: "fast", fold: (output) => void taken.fast.push(output) },
      {
        name: "slow",
        // Waits at its hundredth output until the other has gone far ahead.
        fold: (output) => {
          taken.slow.push(output);
          return taken.slow.length === 100 ? held : undefined;
        },
      },
    ],
    (_, error) => failed.push(error),
    systemClock,
  );
  await feed.caughtUp(count, ["slow"]);
  expect(taken.slow.length).toBe(100);
  release();
  await feed.caughtUp(count, []);
  await feed.close();
  const expected = Array.from({ length: count }, (_, n) => outputOf(n));
  expect(taken.fast).toEqual(expected);
  expect(taken.slow).toEqual(expected);
  expect(failed).toEqual([]);
});

test("told to close, a reader may finish its batch for a while, and leaves the rest to the next start", async () => {
  const log = openMemoryLog({ genesis: "8d7f9f5e-4f0c-4c43-9a43-0d3b1f8f2a11" });
  await log.append(
    Array.from({ length: 1_000 }, (_, n) => ({ bytes: encodeOutput(outputOf(n)) })),
    1,
  );
  const clock = openSimulatedClock();
  let closing: Promise<void> | null = null;
  let taken = 0;
  const feed = openFeed(
    log,
    [
      {
        name: "long",
        fold: () => {
          taken += 1;
          if (taken === 10) closing = feed.close();
          if (taken === 700) clock.advance(1_000);
        },
      },
    ],
    () => undefined,
    clock,
  );
  await feed.caughtUp(1_000, []);
  await closing;
  expect(taken).toBe(700);
  expect(feed.positions().get("long")).toBe(700);
});
