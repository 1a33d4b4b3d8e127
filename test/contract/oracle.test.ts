import {
  type Decision,
  decisionJson,
  flagJson,
  parseLine,
  publicPseudonymKey,
} from "@troth/events";
import { recompute } from "@troth/oracle";
import type { Policy } from "@troth/policy";
import { replayLines } from "@troth/troth";
import { expect, test } from "vitest";
import { defaultPolicy } from "../support/default-policy.ts";
import { randomEvents } from "../support/random-events.ts";

const policy = defaultPolicy();

/** Runs of the simulation; more with TROTH_SEEDS. */
const seeds = Number(process.env["TROTH_SEEDS"] ?? 60);

/** The first line at which two runs part, with a little before it; null when they are the same. */
function firstDifference(a: readonly string[], b: readonly string[]): string | null {
  for (let i = 0; i < Math.max(a.length, b.length); i += 1) {
    const [ours = "", theirs = ""] = [a[i], b[i]];
    if (ours === theirs) continue;
    let at = 0;
    while (ours[at] === theirs[at]) at += 1;
    const near = `engine …${ours.slice(at - 80, at + 160)}\noracle …${theirs.slice(at - 80, at + 160)}`;
    return [near, ...a.slice(Math.max(0, i - 2), i), `engine: ${ours}`, `oracle: ${theirs}`].join(
      "\n",
    );
  }
  return null;
}

async function expectSame(
  events: readonly unknown[],
  judged: Policy,
  told: string,
): Promise<readonly Decision[]> {
  const lines = events.map((event) => JSON.stringify(event));
  const engine = await replayLines(lines, judged);
  const facts = lines.flatMap((line) => {
    const fact = parseLine(line);
    return fact.ok ? [fact.value] : [];
  });
  const oracle = recompute({
    facts,
    policy: judged,
    pseudonymKey: publicPseudonymKey,
    until: null,
  });
  expect(engine.refused, told).toEqual([]);
  const parting = firstDifference(
    engine.decisions.map(decisionJson),
    oracle.decisions.map(decisionJson),
  );
  expect(parting, told).toBeNull();
  const sorted = (flags: readonly string[]): string[] => [...flags].sort();
  expect(sorted(engine.flags.map(flagJson)), told).toEqual(
    sorted(oracle.flags.filter((flag) => flag.level !== "none").map(flagJson)),
  );
  return engine.decisions;
}

test("the engine and the naive oracle say the same decisions in the same order", async () => {
  for (let seed = 1; seed <= seeds; seed += 1) {
    await expectSame(randomEvents(seed, 160), policy, `seed ${seed}`);
  }
});

/** A policy that keeps so little that sets outgrow it all the time, joined ones too. */
const forgetful: Policy = {
  ...policy,
  limits: {
    ...policy.limits,
    termsPerPledge: 2,
    marksPerSlot: 2,
    looseMarksPerSlot: 2,
    noisesPerCustomer: 3,
    profileFactsPerCustomer: 2,
  },
};

test("they let go of the same when sets outgrow their limits, are joined, parted and taken back", async () => {
  let others = 0;
  for (let seed = 1; seed <= seeds; seed += 1) {
    const events = randomEvents(seed, 160);
    const said = await expectSame(events, forgetful, `seed ${seed}`);
    const lines = events.map((event) => JSON.stringify(event));
    if (said.length !== (await replayLines(lines, policy)).decisions.length) others += 1;
  }
  // The limits matter, or nothing was shown.
  expect(others).toBeGreaterThan(seeds / 2);
});
