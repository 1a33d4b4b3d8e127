import {
  type Decision,
  decisionJson,
  flagJson,
  parseLine,
  publicPseudonymKey,
} from "@troth/events";
import { recompute } from "@troth/oracle";
import { type Policy, parsePolicy } from "@troth/policy";
import { replayLines } from "@troth/troth";
import { expect, test } from "vitest";
import { defaultPolicy } from "../support/default-policy.ts";
import { randomEvents, seeded } from "../support/random-events.ts";

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

/** Two rules of each sort with one name the beginning of the other, and everything weighs the same. */
const rule = (kind: string): string => `
    link: any
    made: { on: promise.made, where: { kind: ${kind} }, key: promiseId, due: dueUntil }
    kept: { on: promise.kept, key: promiseId }
    severity: { late: [{ over: 0s, is: 1 }] }
    points: { bySeverity: [120, 120, 120, 120, 120] }`;
const mention = (platform: string, pledge: string): string => `
    link: any
    on: social.mention
    where: { platform: ${platform} }
    severity: 1
    points: [120, 120, 120, 120, 120]
    given: { pledge: ${pledge}, verdicts: broken }`;
const alike = `policy: alike
links: { any: { says: anything, owner: care } }
score: { halfLife: 10d, levels: { low: 100, medium: 200, high: 300 }, alertAt: 300, recoverBelow: 150 }
pledges:
  late:${rule("paperwork")}
  late-still:${rule("callback")}
noises:
  call:${mention("x", "late")}
  call-again:${mention("mastodon", "late-still")}
`;

test("of much that weighs the same, the first by its name leads, also where one name begins as another", async () => {
  const parsed = parsePolicy(alike, "alike.yaml");
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  const names = ["A", "A!", "A#1", "A1", "B", "Ż", "Ża", "call"];
  let opened = 0;
  let ties = 0;
  for (let seed = 1; seed <= seeds; seed += 1) {
    const next = seeded(seed);
    const pick = <T>(some: readonly T[]): T => some[Math.floor(next() * some.length)] as T;
    const moment = (ms: number): string => new Date(Date.UTC(2026, 2, 1) + ms).toISOString();
    const events = Array.from({ length: 60 }, (_, n) => {
      const at = n * 600_000;
      const head = { specversion: "1.0", source: "urn:alike", subject: "customer:ada" };
      const whole = { ...head, time: moment(at), recordedtime: moment(at) };
      if (next() < 0.3) {
        const data = { platform: pick(["x", "mastodon"]) };
        return { ...whole, id: `${pick(names)}${n}`, type: "org.troth.social.mention.v1", data };
      }
      const made = {
        promiseId: pick(names),
        kind: pick(["paperwork", "callback"]),
        dueUntil: moment(at + 1_000),
      };
      return { ...whole, id: String(n), type: "org.troth.promise.made.v1", data: made };
    });
    for (const said of await expectSame(events, parsed.value, `seed ${seed}`)) {
      if (said.kind !== "alert") continue;
      opened += 1;
      if (said.parts[0]?.points === said.parts[1]?.points) ties += 1;
    }
  }
  expect(opened).toBeGreaterThan(seeds);
  expect(ties).toBeGreaterThan(opened / 4);
});
