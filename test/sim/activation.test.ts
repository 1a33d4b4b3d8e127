import { readFileSync } from "node:fs";
import {
  type Decision,
  decisionJson,
  type Fact,
  isDecision,
  parseLine,
  publicPseudonymKey,
} from "@troth/events";
import { recompute } from "@troth/oracle";
import { type Policy, parsePolicy } from "@troth/policy";
import { expect, test } from "vitest";
import { type FleetResult, fair, runFleet, type Weather } from "../support/fleet.ts";
import { firstParting } from "../support/partitions.ts";
import { randomEvents } from "../support/random-events.ts";

/** Runs, each struck at one point: `pnpm test:activation` has a thousand. */
const runsLeast = Number(process.env["TROTH_ACTIVATIONS"] ?? 60);
const factsEach = 40;
const switchAt = 20;

const text = readFileSync(new URL("../../infra/policy/default.yaml", import.meta.url), "utf8");
const compiled = (yaml: string): Policy => {
  const parsed = parsePolicy(yaml);
  if (!parsed.ok) throw new Error("the policy does not compile");
  return parsed.value;
};
const old = compiled(text);
const next = compiled(
  text.replace("alertAt: 600", "alertAt: 150").replace(/recoverBelow: \d+/, "recoverBelow: 100"),
);

const factsFor = (seed: number): readonly Fact[] =>
  randomEvents(seed, factsEach).flatMap((event) => {
    const fact = parseLine(JSON.stringify(event));
    return fact.ok ? [fact.value] : [];
  });

const second = (facts: readonly Fact[], policy: Policy) =>
  recompute({ facts, policy, pseudonymKey: publicPseudonymKey, until: null });

/** Good weather but for one strike, at the n-th moment at which anything could go wrong. */
function struckAt(point: number): { weather: Weather; points: () => number } {
  let asked = 0;
  const unless = <T>(usual: T, strikes: readonly T[]): T => {
    asked += 1;
    return asked === point ? (strikes[point % strikes.length] ?? usual) : usual;
  };
  return {
    weather: {
      ...fair,
      append: () => unless("stored", ["refused", "answer lost", "stored twice"]),
      kill: () => unless("spared", ["killed", "left running", "stopped in order"]),
    },
    points: () => asked,
  };
}

/** What is said in one list and not in the other, and the other way round. */
function difference(a: readonly Decision[], b: readonly Decision[]) {
  const said = (decisions: readonly Decision[]) =>
    decisions.map((one) => JSON.stringify({ ...JSON.parse(decisionJson(one)), policy: "" })).sort();
  const [one, other] = [said(a), said(b)];
  return {
    gained: other.filter((line) => !one.includes(line)),
    lost: one.filter((line) => !other.includes(line)),
  };
}

/** Decisions under a policy in a place where the other one holds. */
function mixed({ outputs }: FleetResult): number {
  let found = 0;
  for (const partition of outputs) {
    const hashes = partition.flatMap(({ body }) => (isDecision(body) ? [body.policy] : []));
    const begins = hashes.indexOf(next.hash);
    const after = begins === -1 ? [] : hashes.slice(begins);
    found += after.filter((hash) => hash !== next.hash).length;
    found += hashes.filter((hash) => hash !== next.hash && hash !== old.hash).length;
  }
  return found;
}

test(`of ${runsLeast} activations struck at a point each, none mixes two policies or says more or less than the shadow`, {
  timeout: 120_000 + runsLeast * 2_000,
}, async () => {
  let runs = 0;
  let decisions = 0;
  let changed = 0;
  const wrong: string[] = [];
  for (let seed = 1; runs < runsLeast; seed += 1) {
    const facts = factsFor(seed);
    const fleet = { facts, partitions: 1 + (seed % 3), factsAtOnce: 10 };
    const activate = (weather: Weather) =>
      runFleet({
        ...fleet,
        weather,
        policies: [old, next],
        switches: new Map([[switchAt, next]]),
      });
    const inPeace = struckAt(0);
    await activate(inPeace.weather);
    const before = facts.slice(0, switchAt);
    const [live, shadow] = [second(facts, old), second(facts, next)];
    const ahead = {
      live: live.decisions.slice(second(before, old).decisions.length),
      shadow: shadow.decisions.slice(second(before, next).decisions.length),
    };
    const foreseen = difference(ahead.live, ahead.shadow);
    changed += foreseen.gained.length + foreseen.lost.length;
    const expected = {
      decisions: [...second(before, old).decisions, ...ahead.shadow],
      flags: shadow.flags,
    };
    // The short form looks at some points of each life, the long one at all of them.
    const stride = Math.max(1, Math.floor((inPeace.points() * 4) / runsLeast));
    for (let point = 1; point <= inPeace.points() && runs < runsLeast; point += stride) {
      const run = await activate(struckAt(point).weather);
      runs += 1;
      decisions += run.decisions.length;
      const said = run.decisions.filter(({ policy }) => policy === next.hash);
      const apart = firstParting(run, expected);
      if (apart !== null) wrong.push(`seed ${seed}, point ${point}: ${apart}`);
      if (mixed(run) > 0) wrong.push(`seed ${seed}, point ${point}: ${mixed(run)} mixed`);
      if (fleet.partitions > 1) continue;
      const real = difference(ahead.live, said);
      if (JSON.stringify(real) !== JSON.stringify(foreseen))
        wrong.push(`seed ${seed}, point ${point}: not the difference the shadow foresaw`);
    }
  }
  process.stderr.write(
    `${runs} activations struck, ${decisions} decisions, ${changed} differences foreseen: ${wrong.length} wrong\n`,
  );
  expect(wrong).toEqual([]);
  expect(changed).toBeGreaterThan(5);
});
