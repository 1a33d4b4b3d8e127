import { openLogger, openMetrics, openSimulatedClock } from "@troth/runtime";
import { expect, test } from "vitest";
import { openWaits, type Wait } from "../partitioned/waits.ts";
import { tellWaits } from "./tell-waits.ts";

function openTelling(waits: () => readonly Wait[]) {
  const clock = openSimulatedClock();
  const metrics = openMetrics({ process: false });
  const said: string[] = [];
  const write = (line: string): void => {
    const { message, fields } = JSON.parse(line);
    said.push(`${message}: ${fields.what} (${fields.seconds} s)`);
  };
  const log = openLogger({ service: "test", now: clock.now, write });
  const telling = tellWaits({ waits, clock, log, metrics });
  const seconds = async (kind: string): Promise<number> => {
    const line = (await metrics.expose())
      .split("\n")
      .find((one) => one.startsWith(`troth_waits_seconds{for="${kind}"}`));
    return Number(line?.split(" ")[1]);
  };
  return { clock, said, telling, seconds };
}

test("a wait that lasts is a line of the log, of the readiness page and a metric, and so is its end", async () => {
  const waits = openWaits();
  const { clock, said, telling, seconds } = openTelling(waits.now);
  let answer: () => void = () => undefined;
  const brokers = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const storing = waits.while("brokers", "the brokers are to store decisions", brokers);
  for (let second = 0; second < 8; second += 1) clock.advance(1_000);
  expect(said).toEqual(["waits: the brokers are to store decisions (5 s)"]);
  expect(telling.lines()).toEqual(["waits for 7 s: the brokers are to store decisions"]);
  expect(await seconds("brokers")).toBe(7);
  for (let second = 0; second < 60; second += 1) clock.advance(1_000);
  expect(said).toHaveLength(2);
  answer();
  await storing;
  clock.advance(1_000);
  expect(said.at(-1)).toBe("waits no longer: the brokers are to store decisions (68 s)");
  expect(telling.lines()).toEqual([]);
  expect(await seconds("brokers")).toBe(0);
});

test("waits that are part of the work are not told", () => {
  let waits: readonly Wait[] = [];
  const { clock, said } = openTelling(() => waits);
  for (let second = 0; second < 60; second += 1) {
    waits = second % 2 === 0 ? [{ for: "brokers", what: "the brokers are to store noise" }] : [];
    clock.advance(1_000);
  }
  expect(said).toEqual([]);
});
