import { type Level, levels, type Reference } from "@troth/events";

export const sorts = ["risk", "score", "age", "recent"] as const;
/**
 * `risk`: level, then score, then how long. `score`: the score alone. `age`: at risk longest first.
 * `recent`: the latest news first.
 */
export type Sort = (typeof sorts)[number];

/** All that any order looks at; a cursor carries exactly this. */
export type RankKey = {
  readonly reference: Reference;
  readonly level: Level;
  readonly score: number;
  /** Log time from which the customer is at risk; null while they are not. */
  readonly since: number | null;
  /** Log time of the latest that was said of the customer. */
  readonly touchedAt: number;
};

const heights = new Map<Level, number>(levels.map((level, height) => [level, height]));
export const heightOf = (level: Level): number => heights.get(level) ?? 0;

const byReference = (a: RankKey, b: RankKey): number =>
  a.reference < b.reference ? -1 : Number(a.reference > b.reference);
/** A difference of infinities is no number; not at risk stands behind everything. */
const sinceOf = (key: RankKey): number => key.since ?? Number.MAX_SAFE_INTEGER;

/** Total orders: two customers never tie, so that a cursor has one place. */
export const orders: Readonly<Record<Sort, (a: RankKey, b: RankKey) => number>> = {
  risk: (a, b) =>
    heightOf(b.level) - heightOf(a.level) ||
    b.score - a.score ||
    sinceOf(a) - sinceOf(b) ||
    byReference(a, b),
  score: (a, b) => b.score - a.score || byReference(a, b),
  age: (a, b) => sinceOf(a) - sinceOf(b) || byReference(a, b),
  recent: (a, b) => b.touchedAt - a.touchedAt || byReference(a, b),
};
