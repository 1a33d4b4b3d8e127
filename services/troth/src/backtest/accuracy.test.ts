import type { SurveyDecision } from "@troth/events";
import type { Outcome } from "@troth/truth";
import { describe, expect, test } from "vitest";
import { compareAccuracy } from "./accuracy.ts";

const survey = (n: number, alerted: boolean, weight = 1): SurveyDecision => ({
  kind: "survey",
  at: n,
  customer: `customer:${n}`,
  subject: `customer:${n}`,
  invitationId: `i${n}`,
  riskScore: alerted ? 700 : 0,
  level: alerted ? "high" : "none",
  alerted,
  topLink: null,
  weight,
  rules: [],
  shadow: [],
  parts: [],
  segment: null,
  region: null,
  policy: "p",
});

/** 400 of 1000 alerted, 250 of those rightly; 350 of 1000 unhappy in all. */
const outcomes = new Map<string, Outcome>(
  Array.from({ length: 1_000 }, (_, n) => [
    `i${n}`,
    n < 250 || (n >= 400 && n < 500) ? "not_enjoyed" : "enjoyed",
  ]),
);
const live = Array.from({ length: 1_000 }, (_, n) => survey(n, n < 400));
const candidate = Array.from({ length: 1_000 }, (_, n) => survey(n, n < 500));

describe("two policies against the same answers", () => {
  test("are given precision, recall and lift that can be worked out by hand", () => {
    const { answers, base, ...sides } = compareAccuracy(live, candidate, outcomes, 1);
    expect(answers).toBe(1_000);
    expect(base.value).toBe(0.35);
    expect(sides.live.precision95.value).toBe(0.625);
    expect(sides.live.recall95.value).toBe(0.7143);
    expect(sides.live.lift95.value).toBe(1.7857);
    expect(sides.candidate.precision95.value).toBe(0.7);
    expect(sides.candidate.recall95.value).toBe(1);
    expect(sides.precisionGain.value).toBe(0.075);
  });

  test("have intervals as wide as the binomial says they are", () => {
    const { live: measured, precisionGain } = compareAccuracy(live, candidate, outcomes, 1);
    const { low, high } = measured.precision95;
    const width = 2 * 1.96 * Math.sqrt((0.625 * 0.375) / 400);
    expect((high ?? 0) - (low ?? 0)).toBeGreaterThan(0.85 * width);
    expect((high ?? 0) - (low ?? 0)).toBeLessThan(1.15 * width);
    // Paired on the same answers, a gain of this size is no chance.
    expect(precisionGain.low).toBeGreaterThan(0);
  });

  test("count an answer for as many customers as it stands for", () => {
    const heavy = live.map((one, n) => survey(n, one.alerted, n < 250 ? 3 : 1));
    const { live: measured } = compareAccuracy(heavy, heavy, outcomes, 1);
    expect(measured.precision95.value).toBe(0.8333);
    expect(measured.precision).toBeCloseTo(0.8333, 4);
  });

  test("give the same figures for the same seed, and near ones for another", () => {
    const [one, two, other] = [1, 1, 2].map((seed) =>
      compareAccuracy(live, candidate, outcomes, seed),
    );
    expect(two).toEqual(one);
    expect(other).not.toEqual(one);
    expect(Math.abs((other?.live.recall95.low ?? 0) - (one?.live.recall95.low ?? 1))).toBeLessThan(
      0.02,
    );
  });

  test("are left without figures where nobody answered", () => {
    const { answers, live: measured, base } = compareAccuracy(live, candidate, new Map(), 1);
    expect({ answers, base: base.value }).toEqual({ answers: 0, base: null });
    expect(measured.precision95).toEqual({ value: null, low: null, high: null });
  });
});
