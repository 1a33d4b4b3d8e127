import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Fact, parseLine, publicPseudonymKey } from "@troth/events";
import { recompute } from "@troth/oracle";
import type { Policy } from "@troth/policy";
import { replayLines } from "@troth/troth";
import { describe, expect, test } from "vitest";
import { importFolder } from "../../services/troth/src/import/fixture.ts";
import { importers } from "../../services/troth/src/import/index.ts";
import { defaultPolicy } from "../support/default-policy.ts";
import { firstParting, judgePartitioned } from "../support/partitions.ts";
import { randomEvents, seeded } from "../support/random-events.ts";
import { factsOf, policyOf, readVectors } from "../support/vectors.ts";

const policy = defaultPolicy();

/** Runs of the simulation; more with TROTH_SEEDS. */
const seeds = Number(process.env["TROTH_SEEDS"] ?? 10);
const counts = [1, 3, 16];

/** Lives with repeated events, and of two houses whose orders and devices have the same names. */
function linesFor(seed: number): readonly string[] {
  const next = seeded(seed + 1_000_000);
  const lines = randomEvents(seed, 200).map((event) =>
    next() < 0.15
      ? JSON.stringify({ ...event, tenantid: "other" }).replaceAll("customer:c", "customer:other-")
      : JSON.stringify(event),
  );
  return lines.flatMap((line, i) => {
    const again = lines[Math.floor(next() * i)];
    return next() < 0.1 && again !== undefined ? [line, again] : [line];
  });
}

const factsIn = (lines: readonly string[]): readonly Fact[] =>
  lines.flatMap((line) => {
    const fact = parseLine(line);
    return fact.ok ? [fact.value] : [];
  });

const second = (facts: readonly Fact[], under: Policy, until: number | null) =>
  recompute({ facts, policy: under, pseudonymKey: publicPseudonymKey, until });

describe("what is said about a customer does not depend on how many partitions there are", () => {
  const timeout = 60_000 + seeds * 2_000;
  test("in random lives with merges, splits, unlinking, cohorts, silence and repetition", {
    timeout,
  }, async () => {
    let exchanges = 0;
    for (let seed = 1; seed <= seeds; seed += 1) {
      const lines = linesFor(seed);
      const facts = factsIn(lines);
      const oracle = second(facts, policy, null);
      const whole = await replayLines(lines, policy);
      expect(firstParting(whole, oracle), `seed ${seed}, replay`).toBeNull();
      for (const partitions of counts) {
        const many = judgePartitioned(facts, policy, partitions, seeded(seed));
        expect(firstParting(many, oracle), `seed ${seed}, ${partitions} partitions`).toBeNull();
        const { read, applied, duplicates, turnedAway } = many.tally;
        expect({ read, applied, duplicates, setAside: turnedAway }).toEqual({
          read: oracle.counts.read,
          applied: oracle.counts.applied,
          duplicates: oracle.counts.duplicates,
          setAside: oracle.counts.setAside,
        });
        expect(read).toBe(applied + duplicates + turnedAway);
        exchanges += many.exchanges;
      }
    }
    // Joins across partitions are what is hard about it: without any, nothing was tried.
    expect(exchanges).toBeGreaterThan(seeds);
  });

  const folder = new URL("../vectors/", import.meta.url);
  const files = readdirSync(folder).filter((name) => name.endsWith(".yaml"));
  test.each(files)("in every vector of %s", (file) => {
    for (const vector of readVectors(new URL(file, folder).pathname)) {
      const under = policyOf(vector.policy);
      const { events, subject } = vector;
      const facts = factsOf(subject === undefined ? { events } : { events, subject });
      const until = vector.until === undefined ? null : Date.parse(vector.until);
      const read = facts.filter((fact) => until === null || fact.recordedTime <= until);
      const oracle = second(facts, under, until);
      for (const partitions of counts) {
        const many = judgePartitioned(read, under, partitions, seeded(7), until);
        expect(firstParting(many, oracle), `${vector.title}, ${partitions}`).toBeNull();
      }
    }
  });

  /** The public files, beside the project; their licences forbid carrying them in it. */
  const data = fileURLToPath(new URL("../../../shared/data", import.meta.url));
  const missing = existsSync(data) ? "" : ` (skipped: no ${data})`;
  test.skipIf(missing !== "")(
    `in the first fifteen thousand events of Olist${missing}`,
    async () => {
      const { events } = await importFolder(importers.olist, data);
      const lines = events.slice(0, 15_000).map((event) => JSON.stringify(event));
      const whole = await replayLines(lines, policy);
      expect(whole.decisions.length).toBeGreaterThan(5_000);
      for (const partitions of [3, 16]) {
        const many = judgePartitioned(factsIn(lines), policy, partitions, seeded(3));
        expect(firstParting(many, whole), `${partitions} partitions`).toBeNull();
      }
    },
  );
});
