import type { PledgeDecision } from "@troth/events";
import { describe, expect, test } from "vitest";
import { answeredOf } from "./answered.ts";
import { bootstrap } from "./bootstrap.ts";
import { calibrationOf } from "./calibration.ts";
import { openDice } from "./dice.ts";
import { driftOf } from "./drift.ts";
import { EarlyWarnings } from "./early-warning.ts";
import { touchesOf } from "./figures.ts";
import { reportOf } from "./report.ts";
import type { TruthLine } from "./truth-line.ts";
import { chance, line } from "./world.fixture.ts";

const resampling = { resamples: 200, seed: 7 };
const day = 86_400_000;

/** Rule `harm` makes people unhappy, `noise` does not; `quiet` does, but is in shadow. */
function people(n: number, seed = 11): readonly TruthLine[] {
  const dice = openDice(seed);
  return Array.from({ length: n }, (_, i) => {
    const [harm, noise, quiet] = [300, 400, 200].map((perMille) => chance(dice, perMille));
    const bad = chance(dice, 100 + (harm === true ? 400 : 0) + (quiet === true ? 200 : 0));
    const score = (harm === true ? 700 : 0) + (noise === true ? 50 : 0);
    const parts = [
      ...(harm === true ? [{ id: "h", rule: "harm", link: "delivery", points: 700 }] : []),
      ...(noise === true ? [{ id: "n", rule: "noise", link: "queue", points: 50 }] : []),
    ];
    return line({
      invitationId: `${i}`,
      customer: `customer:${i}`,
      at: i * day,
      riskScore: score,
      alerted: score >= 600,
      outcome: i % 10 === 0 ? null : bad ? "not_enjoyed" : "enjoyed",
      rules: parts.map(({ rule }) => rule),
      shadow: quiet === true ? ["quiet"] : [],
      parts,
      segment: i % 2 === 0 ? "vip" : "plain",
      perMille: harm === true ? 540 : 140,
      weight: 1 + (i % 3),
    });
  });
}

describe("what a rule is worth", () => {
  const report = reportOf(people(3000), resampling);
  const advice = Object.fromEntries(report.rules.map((rule) => [rule.name, rule.advice]));

  test("is told from its answers: kept, put in shadow, or lifted out of it", () => {
    expect(advice).toEqual({ harm: "keep", noise: "to-shadow", quiet: "lift" });
  });

  test("has the lift of those it touched over everybody, with an interval around it", () => {
    const harm = report.rules.find(({ name }) => name === "harm");
    const { value, low, high } = harm?.lift ?? { value: 0, low: 0, high: 0 };
    expect(low ?? 0).toBeLessThan(value ?? 0);
    expect(high ?? 0).toBeGreaterThan(value ?? 0);
    // .54 of those touched (by design), over .1 + .3 * .4 + .2 * .2 of all.
    expect(value ?? 0).toBeGreaterThan(1.85);
    expect(value ?? 0).toBeLessThan(2.35);
  });

  test("is known of links, segments and policies too, and who answered is told apart", () => {
    expect(report.links.map(({ name }) => name)).toEqual(["delivery", "queue"]);
    expect(report.segments.map(({ name }) => name)).toEqual(["plain", "vip"]);
    expect(report.policies.map(({ name }) => name)).toEqual(["p"]);
    expect([report.asked, report.answered]).toEqual([3000, 2700]);
    expect(report.response.alerted).toBeCloseTo(0.9, 1);
    expect(report.outcomes.all.enjoyed + report.outcomes.all.not_enjoyed).toBeCloseTo(1, 5);
  });

  test("with a handful of answers is not known", () => {
    const few = reportOf(people(60), resampling).rules;
    expect(few.every((rule) => rule.advice === "too-few")).toBe(true);
  });

  test("does not hang on who else it comes with: others alike in score are compared", () => {
    // Everybody `echo` touches was touched by `harm`; it adds nothing of its own.
    const echoed = people(3000).map((one) =>
      one.rules.includes("harm") && one.at % (2 * day) === 0
        ? { ...one, rules: [...one.rules, "echo"] }
        : one,
    );
    const [echo] = touchesOf(
      answeredOf(echoed),
      ({ rules }) => rules.filter((rule) => rule === "echo"),
      () => 0,
      resampling,
    );
    expect(echo?.difference.low ?? 0).toBeGreaterThan(0.2);
    expect(echo?.adjusted.low ?? 1).toBeLessThan(0);
  });
});

describe("an interval", () => {
  test("is the same for the same seed, and about as wide as the theory says", () => {
    const customers = Array.from({ length: 400 }, (_, i) => `${i}`);
    const share = (times: readonly number[]) => ({
      share: times.reduce((sum, one, i) => sum + (i < 100 ? one : 0), 0) / 400,
    });
    const once = bootstrap(customers, share, { resamples: 2000, seed: 3 });
    expect(bootstrap(customers, share, { resamples: 2000, seed: 3 })).toEqual(once);
    // 1.96 standard errors of a quarter of 400 are .0424.
    expect(once.share.low).toBeCloseTo(0.25 - 0.0424, 1.9);
    expect(once.share.high).toBeCloseTo(0.25 + 0.0424, 1.9);
  });

  test("is wider where the answers are a few people's", () => {
    const many = Array.from({ length: 400 }, (_, i) => `${i}`);
    const few = many.map((_, i) => `${i % 8}`);
    const share = (times: readonly number[]) => {
      const all = times.reduce((sum, one) => sum + one, 0);
      return { share: times.reduce((sum, one, i) => sum + (i % 8 < 2 ? one : 0), 0) / all };
    };
    const width = (customers: readonly string[]): number => {
      const { low, high } = bootstrap(customers, share, resampling).share;
      return (high ?? 0) - (low ?? 0);
    };
    expect(width(few)).toBeGreaterThan(3 * width(many));
  });
});

describe("probabilities", () => {
  test("that are said rightly have little error, and those said twice too high much", () => {
    const answers = answeredOf(people(6000));
    expect(calibrationOf(answers).error).toBeLessThan(0.03);
    const twice = answers.map((one) => ({ ...one, perMille: (one.perMille ?? 0) * 1.8 }));
    expect(calibrationOf(twice).error).toBeGreaterThan(0.15);
    expect(calibrationOf([]).error).toBeNull();
  });

  test("that have drifted raise an alarm, in the stretch where they did", () => {
    const before = people(3000);
    const calm = driftOf(answeredOf(before), 500 * day);
    expect(calm.filter(({ alarm }) => alarm)).toEqual([]);
    const moved = before.map((one) =>
      one.at >= 2500 * day && one.outcome !== null && one.at % (3 * day) === 0
        ? { ...one, outcome: "not_enjoyed" as const }
        : one,
    );
    const drift = driftOf(answeredOf(moved), 500 * day);
    expect(drift.filter(({ alarm }) => alarm).map(({ from }) => from)).toEqual([2500 * day]);
  });
});

test("a warning counts when its promise broke, with the time it left; what is open counts neither way", () => {
  const warnings = new EarlyWarnings();
  const say = (id: string, verdict: PledgeDecision["verdict"], at: number): void =>
    warnings.fold({
      kind: "pledge",
      at,
      decidedAt: at,
      customer: "customer:1",
      promiseId: `date/${id}`,
      term: 1,
      template: "date",
      link: "delivery",
      owner: "o",
      operatedBy: "inhouse",
      madeBy: "system",
      how: "stated",
      verdict,
      was: null,
      revision: 1,
      because: "time",
      madeAt: 0,
      due: 10 * day,
      keptAt: null,
      severity: 0,
      evidence: [],
      policy: "p",
    });
  for (const id of ["a", "b", "c"]) say(id, "at-risk", 8 * day);
  say("a", "broken", 11 * day);
  say("b", "kept", 9 * day);
  say("d", "broken", 11 * day);
  expect(warnings.report()).toEqual([
    {
      template: "date",
      warned: 2,
      warnedAndBroken: 1,
      broken: 2,
      precision: 0.5,
      recall: 0.5,
      leadHours: [48, 48, 48],
    },
  ]);
});
