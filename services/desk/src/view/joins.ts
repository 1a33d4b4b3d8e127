import type { Joining, Reference } from "@troth/events";

/** A customer was joined into another, or parted from them again, at a moment of log time. */
export type Join = {
  readonly kind: Joining["kind"];
  readonly whole: Reference;
  readonly stamp: number;
};

/**
 * The joins of one customer in the order in which they happened, in whatever order they were heard: by
 * log time, and within one moment joined and parted by turns.
 */
export function inOrder(joins: readonly Join[]): readonly Join[] {
  const left = [...joins].sort(
    (a, b) => a.stamp - b.stamp || (a.whole < b.whole ? -1 : Number(a.whole > b.whole)),
  );
  const ordered: Join[] = [];
  for (let first = left[0]; first !== undefined; first = left[0]) {
    const { stamp } = first;
    const last = ordered.at(-1);
    const wanted = last?.kind === "merge" ? "split" : "merge";
    const now = left.filter((one) => one.stamp === stamp);
    const fitting = now.filter(({ kind }) => kind === wanted);
    const parts = (whole: Reference): boolean =>
      now.some((one) => one.kind === "split" && one.whole === whole);
    const next =
      fitting.find(({ whole }) => (wanted === "split" ? whole === last?.whole : parts(whole))) ??
      fitting[0] ??
      first;
    left.splice(left.indexOf(next), 1);
    ordered.push(next);
  }
  return ordered;
}

/** Whether a customer was another one at a moment: since that very moment, since before it, or not. */
export function isAway(joins: readonly Join[], at: number): "since-then" | "since-before" | null {
  let last: Join | null = null;
  for (const one of joins) if (one.stamp <= at) last = one;
  if (last?.kind !== "merge") return null;
  return last.stamp === at ? "since-then" : "since-before";
}
