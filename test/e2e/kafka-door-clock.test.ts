import { type Fact, parseLine } from "@troth/events";
import { type Clock, openStop, systemClock } from "@troth/runtime";
import { describe, expect, onTestFinished, test } from "vitest";
import { openDoorLogs } from "../../services/troth/src/run/door-logs.ts";
import { noKafka } from "../support/kafka.ts";
import { openFleet, readFacts } from "../support/kafka-fleet.ts";
import { root } from "../support/source.ts";

const day = 86_400_000;
const host = { on: () => undefined, off: () => undefined, exit: () => undefined };

/** So far ahead, and so many times faster as far as waiting goes. */
const clockAhead = (ms: number, times: number): Clock => ({
  now: () => systemClock.now() + ms,
  elapsed: () => systemClock.elapsed() * times,
  setTimer: (after, done) => systemClock.setTimer(after / times, done),
});
const factOf = (id: string): Fact => {
  const head = { specversion: "1.0", id, source: "urn:test", type: "org.troth.social.mention.v1" };
  const time = new Date().toISOString();
  const subject = "customer:clock";
  const fact = parseLine(JSON.stringify({ ...head, time, subject, data: { platform: "x" } }));
  if (!fact.ok) throw new Error(fact.error.message);
  return fact.value;
};

describe.skipIf(noKafka !== null)(`a door on a real Kafka${noKafka ?? ""}`, () => {
  test("that starts with a clock a day ahead stamps by log time until half a minute confirms it, and says so", async () => {
    await using fleet = await openFleet({
      partitions: 1,
      clock: "live",
      policies: [`${root}infra/policy/default.yaml`],
    });
    const warned: string[] = [];
    const quiet = { debug: () => undefined, info: () => undefined, error: () => undefined };
    const log = { ...quiet, warn: (what: string) => void warned.push(what) };
    const openDoor = async (clock: Clock) => {
      const stop = openStop({ host, clock });
      const door = await openDoorLogs({
        kafka: fleet.kafka,
        clock,
        isLive: true,
        keys: null,
        log,
        stop,
      });
      onTestFinished(() => door.close().catch(() => undefined));
      return door;
    };
    const right = await openDoor(systemClock);
    await right.append({ facts: [factOf("right")], setAside: [] });
    expect(warned).toEqual([]);

    const wrong = await openDoor(clockAhead(day, 1));
    await wrong.append({ facts: [factOf("wrong")], setAside: [] });
    const { stamps } = await readFacts(fleet.kafka);
    expect(stamps).toHaveLength(2);
    expect(Math.abs((stamps[1] ?? 0) - systemClock.now())).toBeLessThan(60_000);
    expect(warned).toEqual([expect.stringContaining("the clock is far ahead of log time")]);

    // One that goes on saying so is right after all: it was the log that stood still.
    const night = await openDoor(clockAhead(day, 100));
    await expect
      .poll(() => warned.filter((what) => what.includes("was confirmed")).length, {
        timeout: 20_000,
      })
      .toBe(1);
    await night.append({ facts: [factOf("night")], setAside: [] });
    const after = (await readFacts(fleet.kafka)).stamps.at(-1) ?? 0;
    expect(after - systemClock.now()).toBeGreaterThan(day - 60_000);
  }, 120_000);
});
