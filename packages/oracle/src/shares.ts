import type { Part } from "@troth/events";
import type { Link, PledgeSayings, Policy, Saying } from "@troth/policy";
import { decayed, scaled } from "./decay.ts";
import type { Items } from "./items.ts";
import type { Standing } from "./judge.ts";
import { profileAsOf } from "./profile.ts";
import { type Noise, noiseSeverity } from "./traces.ts";

/** One share of a score, with what decides whether it is critical (RULES.md 8). */
export type Share = {
  readonly id: string;
  readonly rule: string;
  /** Judged and measured, of no weight. */
  readonly shadow: boolean;
  readonly link: Link;
  /** Points before decay and as of the moment. */
  readonly before: number;
  readonly points: number;
  readonly severity: number;
  readonly evidence: readonly string[];
  /** Worked out only when somebody reads it. */
  readonly says: () => string;
};

/** Every share of a customer's score at `now`, those of no points among them. */
export function sharesOf(
  standings: readonly Standing[],
  items: Items,
  policy: Policy,
  now: number,
): Share[] {
  return [
    ...standings.flatMap((standing) => rowShare(standing, policy, now) ?? []),
    ...items.noises
      .filter((noise) => isGiven(noise, standings))
      .map((noise) => noiseShare(noise, items, policy, now)),
  ];
}

export const partOf = (share: Share): Part => ({
  id: share.id,
  rule: share.rule,
  link: share.link.id,
  owner: share.link.owner,
  points: share.points,
  severity: share.severity,
  evidence: share.evidence,
  says: share.says(),
});

/** How a verdict weighs; `from` is where its decay begins, null without decay. */
type Weight = {
  readonly points: number;
  readonly severity: number;
  readonly from: number | null;
  readonly saying: keyof PledgeSayings;
};

function weightOf(standing: Standing, policy: Policy): Weight | null {
  const { verdict, severity, since, mendedAt } = standing;
  const { points } = standing.row.template;
  if (verdict === "broken") {
    const from = mendedAt ?? since + policy.score.ongoingForMs;
    return { points: points.bySeverity[severity] ?? 0, severity, from, saying: "broken" };
  }
  if (verdict === "overdue")
    return { points: points.overdue, severity: 1, from: null, saying: "overdue" };
  if (verdict === "at-risk")
    return { points: points.atRisk, severity: 1, from: null, saying: "atRisk" };
  if (verdict === "renegotiated")
    return { points: points.renegotiated, severity: 1, from: since, saying: "renegotiated" };
  if (verdict === "kept" && points.kept !== 0)
    return { points: points.kept, severity: 0, from: since, saying: "kept" };
  return null;
}

function rowShare(standing: Standing, policy: Policy, now: number): Share | null {
  const weight = weightOf(standing, policy);
  if (weight === null) return null;
  const { row } = standing;
  const before = scaled(weight.points, row.variant?.pointsPerMille ?? 1000);
  return {
    id: `${row.promiseId}#${row.term}`,
    rule: row.template.id,
    shadow: row.template.shadow,
    link: row.template.link,
    before,
    points: after(before, weight.from, policy, now),
    severity: weight.severity,
    evidence: standing.evidence,
    says: () => sentence(row.template.says[weight.saying], standing, now),
  };
}

const after = (before: number, from: number | null, policy: Policy, now: number): number =>
  from === null ? before : decayed(before, now - from, policy.score.halfLifeMs);

function sentence(saying: Saying, standing: Standing, now: number): string {
  const { row, breaking, mendedAt, keptAt } = standing;
  const until = mendedAt ?? keptAt ?? now;
  const base = { key: row.key, due: row.due, lateMs: row.due === null ? null : until - row.due };
  const compared = breaking !== null && breaking.excess !== null ? breaking.mark : null;
  if (compared !== null) return saying({ ...base, value: compared.value, limit: row.made.value });
  return saying({ ...base, value: row.made.value, limit: row.limit });
}

/** Some noise counts only beside a pledge that stood in a given way since before it. */
function isGiven(noise: Noise, standings: readonly Standing[]): boolean {
  const { given } = noise.rule;
  if (given === null) return true;
  return standings.some(
    (standing) =>
      standing.row.template.index === given.template &&
      given.verdicts.includes(standing.verdict) &&
      standing.since <= noise.at,
  );
}

function noiseShare(noise: Noise, items: Items, policy: Policy, now: number): Share {
  const { rule } = noise;
  const severity = rule.credit === null ? noiseSeverity(rule, noise.value) : 0;
  const points = rule.credit ?? rule.bySeverity[severity] ?? 0;
  const profile = profileAsOf(items.profile, noise.at, true);
  const variant = rule.variants.find((one) => one.applies(profile));
  const before = scaled(points, variant?.pointsPerMille ?? 1000);
  return {
    id: `${rule.id}/${noise.id}`,
    rule: rule.id,
    shadow: rule.shadow,
    link: rule.link,
    before,
    points: after(before, noise.at, policy, now),
    severity,
    evidence: [noise.id],
    says: () =>
      rule.says({ key: noise.id, due: null, lateMs: null, value: noise.value, limit: null }),
  };
}
