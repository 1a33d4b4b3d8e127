import type { Situation } from "./features.ts";

/** One case as it was decided and what came of it. */
export type Logged = {
  readonly situation: Situation;
  readonly action: string;
  readonly propensity: number;
  readonly answer: number;
};

export type Estimate = { readonly value: number; readonly low: number; readonly high: number };

/** The action a policy would take. */
export type Decide = (situation: Situation) => string;
/** What is expected of an action, by whatever model. */
export type Expect = (situation: Situation, action: string) => number;

const z95 = 1.959963984540054;
/** No case counts more than this many times: a rare action that did well by luck decides nothing. */
const weightMax = 50;

/**
 * What another policy would have been worth on cases somebody else decided (doubly robust): the
 * model's expectation, corrected by the cases in which both would have done the same. Right when either the
 * propensities or the model are. Give the difference of two policies by `against`; 95 % interval.
 */
export function worthOf(
  logged: readonly Logged[],
  decide: Decide,
  expect: Expect,
  against: Decide | null = null,
): Estimate {
  const single = (one: Logged, policy: Decide): number => {
    const action = policy(one.situation);
    const expected = expect(one.situation, action);
    if (action !== one.action) return expected;
    const weight = Math.min(weightMax, 1 / one.propensity);
    return expected + weight * (one.answer - expected);
  };
  const values = logged.map(
    (one) => single(one, decide) - (against === null ? 0 : single(one, against)),
  );
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const spread = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  const half = z95 * Math.sqrt(spread / values.length);
  return { value: mean, low: mean - half, high: mean + half };
}
