import type { NoiseRule, PledgeTemplate, Policy, RuleWeights } from "@troth/policy";
import { type Column, type Fitted, fitLogistic } from "@troth/truth";
import { type CellName, cellKey, type ProbedSurvey } from "./cells.ts";

/** A probed survey that was answered. */
export type Example = ProbedSurvey & { readonly bad: boolean };

/** A rule seen at fewer surveys than this is left as it was written. */
const seenAtLeast = 30;
const seenAtMost = 0.97;
const severities = [1, 2, 3, 4, 5] as const;

/** Weights of one rule in log odds, by outcome; severities rise. */
export type LearnedRule = { readonly id: string; readonly weights: ReadonlyMap<CellName, number> };
export type Learned = { readonly intercept: number; readonly rules: readonly LearnedRule[] };

type Draft = { readonly column: Column; readonly add: (weight: number) => void };

function columnOf(
  examples: readonly Example[],
  keys: readonly string[],
  sign: Column["sign"],
): Column {
  const rows: number[] = [];
  const values: number[] = [];
  examples.forEach(({ cells }, row) => {
    const value = keys.reduce((sum, key) => sum + (cells.get(key) ?? 0), 0);
    if (value === 0) return;
    rows.push(row);
    values.push(value);
  });
  return { rows, values, sign };
}

/** Outcomes of a rule besides severities, with the sign the policy gives them. */
function otherOutcomes(rule: PledgeTemplate | NoiseRule): readonly [CellName, Column["sign"]][] {
  if ("credit" in rule) return rule.credit === null ? [] : [["credit", -1]];
  const names: [CellName, Column["sign"]][] = [];
  if (rule.points.overdue > 0) names.push(["overdue", 1]);
  if (rule.points.atRisk > 0) names.push(["at-risk", 1]);
  if (rule.points.renegotiated > 0) names.push(["renegotiated", 1]);
  if (rule.points.kept < 0) names.push(["kept", -1]);
  return names;
}

function draftsOf(
  examples: readonly Example[],
  rule: PledgeTemplate | NoiseRule,
  weights: Map<CellName, number>,
): readonly Draft[] {
  const keys = severities.map((severity) => cellKey(rule.id, `s${severity}`));
  const seen = severities.filter((severity) =>
    examples.some(({ cells }) => cells.has(cellKey(rule.id, `s${severity}`))),
  );
  // A step weighs what the one below weighs and something more, never less.
  const steps = seen.map((severity): Draft => {
    const column = columnOf(examples, keys.slice(severity - 1), 1);
    const add = (weight: number): void => {
      for (const at of seen) {
        if (at >= severity) weights.set(`s${at}`, (weights.get(`s${at}`) ?? 0) + weight);
      }
    };
    return { column, add };
  });
  const others = otherOutcomes(rule).map(
    ([name, sign]): Draft => ({
      column: columnOf(examples, [cellKey(rule.id, name)], sign),
      add: (weight) => weights.set(name, weight),
    }),
  );
  return [...steps, ...others].filter(({ column }) => column.rows.length > 0);
}

/** Seen often enough to say something, and not by nearly everybody: that could not be told apart. */
const isSeen = (drafts: readonly Draft[], examples: number): boolean =>
  drafts.some(({ column }) => column.rows.length >= seenAtLeast) &&
  drafts.every(({ column }) => column.rows.length <= seenAtMost * examples);

/** Fits every rule seen often enough; `without` leaves rules out, for measuring what they add. */
export function learn(
  policy: Policy,
  examples: readonly Example[],
  penalty: number,
  without: ReadonlySet<string> = new Set(),
): Learned {
  const rules: { id: string; weights: Map<CellName, number>; drafts: readonly Draft[] }[] = [];
  for (const rule of [...policy.pledges, ...policy.noises]) {
    if (without.has(rule.id)) continue;
    const weights = new Map<CellName, number>();
    const drafts = draftsOf(examples, rule, weights);
    if (isSeen(drafts, examples.length)) rules.push({ id: rule.id, weights, drafts });
  }
  const drafts = rules.flatMap((rule) => rule.drafts);
  const fitted: Fitted = fitLogistic(
    {
      bad: examples.map(({ bad }) => bad),
      weights: examples.map(({ weight }) => weight),
      columns: drafts.map(({ column }) => column),
    },
    penalty,
  );
  drafts.forEach(({ add }, i) => {
    add(fitted.weights[i] ?? 0);
  });
  return {
    intercept: fitted.intercept,
    rules: rules.map(({ id, weights }) => ({ id, weights })),
  };
}

/** The log odds of one survey under what was learned. */
export function logOdds(learned: Learned, { cells }: Pick<ProbedSurvey, "cells">): number {
  let sum = learned.intercept;
  for (const { id, weights } of learned.rules) {
    for (const [name, weight] of weights) sum += weight * (cells.get(cellKey(id, name)) ?? 0);
  }
  return sum;
}

/** Whole points for the policy's file; `scale` is points for one unit of log odds. */
export function pointsOf(
  rule: PledgeTemplate | NoiseRule,
  { weights }: LearnedRule,
  scale: number,
): RuleWeights {
  const points = (name: CellName): number | undefined => {
    const weight = weights.get(name);
    return weight === undefined ? undefined : Math.round(weight * scale);
  };
  const known = severities.map((severity) => points(`s${severity}`));
  const bySeverity = severities.map((_, i) => {
    const below = known.slice(0, i + 1).filter((one) => one !== undefined);
    const above = known.slice(i).filter((one) => one !== undefined);
    // Severities that were never seen keep to their neighbours.
    return Math.max(0, ...below) || (known[i] ?? Math.min(...above, 0));
  });
  const shadow = [...weights.keys()].every((name) => points(name) === 0);
  if ("credit" in rule) {
    return rule.credit === null
      ? { bySeverity, shadow }
      : { credit: points("credit") ?? 0, shadow };
  }
  return {
    ...(known.some((one) => one !== undefined) && { bySeverity }),
    ...pick({
      overdue: points("overdue"),
      atRisk: points("at-risk"),
      renegotiated: points("renegotiated"),
      kept: points("kept"),
    }),
    shadow,
  };
}

/** Only the outcomes that were seen are written. */
const pick = (
  fields: Readonly<Record<"overdue" | "atRisk" | "renegotiated" | "kept", number | undefined>>,
): Partial<RuleWeights> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
