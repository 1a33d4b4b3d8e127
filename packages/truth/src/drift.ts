import type { AnsweredLine } from "./answered.ts";

/** One stretch of answers: what the policy's table said of them, and what they said. */
export type DriftWindow = {
  readonly from: number;
  readonly n: number;
  readonly said: number;
  readonly seen: number;
  /** Distance in standard errors of the weighted share. */
  readonly z: number;
  readonly alarm: boolean;
};

const leastAnswers = 100;
/** Chance alone passes four standard errors once in sixteen thousand windows. */
const standardErrors = 4;
/** A distance nobody would act on is no alarm, however sure. */
const leastGap = 0.05;

const rounded = (value: number): number => Math.round(value * 1e4) / 1e4;

function squareRoot(x: number): number {
  if (x <= 0) return 0;
  let root = Math.max(1, x);
  for (let i = 0; i < 60; i += 1) root = (root + x / root) / 2;
  return root;
}

/**
 * Whether what the scores mean has moved: windows of `lengthMs` in time, each with enough answers.
 * Lines of which the policy says no probability are left out.
 */
export function driftOf(lines: readonly AnsweredLine[], lengthMs: number): readonly DriftWindow[] {
  const windows = new Map<number, { p: number; weight: number; bad: boolean }[]>();
  for (const { at, perMille, weight, outcome } of lines) {
    if (perMille === null) continue;
    const from = Math.floor(at / lengthMs) * lengthMs;
    const window = windows.get(from) ?? [];
    windows.set(from, window);
    window.push({ p: perMille / 1000, weight, bad: outcome === "not_enjoyed" });
  }
  return [...windows]
    .filter(([, rows]) => rows.length >= leastAnswers)
    .sort(([a], [b]) => a - b)
    .map(([from, rows]) => {
      const total = rows.reduce((sum, { weight }) => sum + weight, 0);
      const said = rows.reduce((sum, { p, weight }) => sum + p * weight, 0) / total;
      const seen = rows.reduce((sum, { bad, weight }) => sum + (bad ? weight : 0), 0) / total;
      const spread = rows.reduce((sum, { p, weight }) => sum + weight * weight * p * (1 - p), 0);
      const error = squareRoot(spread) / total;
      const z = error === 0 ? 0 : (seen - said) / error;
      const alarm = Math.abs(z) > standardErrors && Math.abs(seen - said) > leastGap;
      return {
        from,
        n: rows.length,
        said: rounded(said),
        seen: rounded(seen),
        z: rounded(z),
        alarm,
      };
    });
}
