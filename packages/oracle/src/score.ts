import type { Level } from "@troth/events";
import type { Policy, ScoreRules } from "@troth/policy";
import type { Items } from "./items.ts";
import type { Standing } from "./judge.ts";
import { compareText } from "./order.ts";
import { type Share, sharesOf } from "./shares.ts";

/** A score with its reasons (RULES.md 8). */
export type Score = {
  readonly total: number;
  readonly level: Level;
  readonly critical: boolean;
  /** All shares, even of no points: what the causes of an alert are looked up in. */
  readonly shares: readonly Share[];
  /** Those with points, the weightiest first. */
  readonly shown: readonly Share[];
  readonly lead: Share | null;
};

export function scoreOf(
  standings: readonly Standing[],
  items: Items,
  policy: Policy,
  now: number,
): Score {
  const shares = sharesOf(standings, items, policy, now);
  const shown = shares
    .filter((share) => share.points !== 0)
    .sort((a, b) => b.points - a.points || compareText(a.id, b.id));
  const total = shares.reduce((sum, share) => sum + share.points, 0);
  const firstCritical = shown.find((share) => isCritical(share, policy.score)) ?? null;
  return {
    total,
    level: levelOf(total, firstCritical !== null, policy.score),
    critical: firstCritical !== null,
    shares,
    shown,
    lead: firstCritical ?? harmful(shown)[0] ?? null,
  };
}

/** The shares that speak against us; the others are credit. */
export const harmful = (shares: readonly Share[]): readonly Share[] =>
  shares.filter((share) => share.points > 0);

/** The rules of those shares, ascending, each once. */
export const harmfulRules = (score: Score): string[] =>
  [...new Set(harmful(score.shown).map((share) => share.rule))].sort(compareText);

/** The rules in shadow that hold and would weigh, ascending, each once. */
export const shadowRules = (score: Score): string[] =>
  [
    ...new Set(score.shares.filter((one) => one.shadow && one.severity > 0).map((one) => one.rule)),
  ].sort(compareText);

/** Half decayed, a break is no longer critical. */
const isCritical = (share: Share, rules: ScoreRules): boolean =>
  share.points > 0 &&
  share.severity >= rules.criticalSeverity &&
  2 * Math.abs(share.points) >= Math.abs(share.before);

function levelOf(total: number, critical: boolean, rules: ScoreRules): Level {
  if (critical) return "critical";
  if (total >= rules.levels.high) return "high";
  if (total >= rules.levels.medium) return "medium";
  if (total >= rules.levels.low) return "low";
  return "none";
}
