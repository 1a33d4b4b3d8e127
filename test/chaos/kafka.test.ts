import { describe, expect, test } from "vitest";
import { killsOf } from "../support/chaos.ts";
import { isEverybodyKilled, runChaos } from "../support/chaos-run.ts";
import { noKafka } from "../support/kafka.ts";

/** 90 in `pnpm test:chaos`, 600 in `pnpm test:chaos:long`, 24 in the short form of every test run. */
const seconds = Number(process.env["TROTH_CHAOS_SECONDS"] ?? 24);
const perSecond = Number(process.env["TROTH_CHAOS_RATE"] ?? 150);
const seed = Number(process.env["TROTH_CHAOS_SEED"] ?? 1);
const isShort = seconds < 60;
const isLong = seconds > 100;

const services = [
  ...(["intake", "intake", "identity", "identity"] as const),
  ...(["monitor", "monitor", ...(isShort ? [] : ["monitor" as const]), "lake"] as const),
];

describe.skipIf(noKafka !== null)(`chaos on a real Kafka (${noKafka ?? "4.3.1"})`, () => {
  test(`${seconds} s of kills, frozen processes and broken brokers: equal to the oracle, nothing lost`, {
    timeout: (seconds + 1_200) * 1_000,
  }, async () => {
    const turmoil = await runChaos({
      ...{ seconds, perSecond, seed, services },
      killEveryMs: isShort ? 300 : 2_000,
      brokerEveryMs: isShort ? 13_000 : isLong ? 60_000 : 14_000,
      freezeMs: isLong ? 20_000 : isShort ? 6_000 : 8_000,
      freezeEveryMs: isLong ? 10_000 : isShort ? 8_000 : 4_000,
      talks: process.env["TROTH_CHAOS_TALK"] !== undefined,
    });
    expect(killsOf(turmoil)).toBeGreaterThan(seconds / 8);
    expect(isEverybodyKilled(turmoil, services)).toBe(true);
    expect(turmoil.brokerKills).toBeGreaterThan(0);
    expect(turmoil.freezes).toBeGreaterThan(0);
  });
});
