import type { SurveyDecision } from "@troth/events";

export const outcomes = ["enjoyed", "indifferent", "not_enjoyed"] as const;
export type Outcome = (typeof outcomes)[number];

/** A line of `truth.jsonl`: an invitation, the score as of then, and the answer if it came. */
export type TruthLine = {
  readonly invitationId: string;
  readonly subject: string;
  readonly customer: string;
  readonly at: number;
  readonly riskScore: number;
  readonly level: string;
  readonly alerted: boolean;
  readonly topLink: string | null;
  readonly outcome: Outcome | null;
  readonly weight: number;
  readonly rules: readonly string[];
  /** Rules in shadow that held: measured, of no weight. */
  readonly shadow: readonly string[];
  /** The shares of the score; they add up to it. */
  readonly parts: readonly TruthPart[];
  readonly segment: string | null;
  readonly region: string | null;
  /** How many in a thousand of such a score do not enjoy it; null where the policy has no table. */
  readonly perMille: number | null;
  readonly policy: string;
};

export type TruthPart = {
  readonly id: string;
  readonly rule: string;
  readonly link: string;
  readonly points: number;
};

const isOutcome = (value: unknown): value is Outcome =>
  value === "enjoyed" || value === "indifferent" || value === "not_enjoyed";

/** The three-way outcome of an answer: as stated, else from a 1-5 score (4-5, 3, 1-2); else null. */
export function outcomeOf(answer: Readonly<Record<string, unknown>>): Outcome | null {
  const stated = answer["outcome"];
  if (isOutcome(stated)) return stated;
  const score = answer["score"];
  const min = answer["scaleMin"] ?? 1;
  const max = answer["scaleMax"] ?? 5;
  if (typeof score !== "number" || min !== 1 || max !== 5) return null;
  return score >= 4 ? "enjoyed" : score >= 3 ? "indifferent" : "not_enjoyed";
}

/** From `from` on, so many in a thousand; ascending. */
type ProbabilityTable = readonly { readonly from: number; readonly perMille: number }[];

/** What a policy's table says of a score; below its first step, or without one, nothing. */
export function perMilleOf(table: ProbabilityTable, score: number): number | null {
  let found: number | null = null;
  for (const { from, perMille } of table) if (from <= score) found = perMille;
  return found;
}

export const truthLine = (
  survey: SurveyDecision,
  outcome: Outcome | null,
  table: ProbabilityTable = [],
): TruthLine => ({
  invitationId: survey.invitationId,
  subject: survey.subject,
  customer: survey.customer,
  at: survey.at,
  riskScore: survey.riskScore,
  level: survey.level,
  alerted: survey.alerted,
  topLink: survey.topLink,
  outcome,
  weight: survey.weight,
  rules: survey.rules,
  shadow: survey.shadow,
  parts: survey.parts.map(({ id, rule, link, points }) => ({ id, rule, link, points })),
  segment: survey.segment,
  region: survey.region,
  perMille: perMilleOf(table, survey.riskScore),
  policy: survey.policy,
});
