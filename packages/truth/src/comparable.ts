import type { AnsweredLine } from "./answered.ts";

/**
 * How much more often those touched did not enjoy it than comparable others: the difference within
 * each stratum, averaged as those touched are spread over the strata. Null where nobody compares.
 */
export function adjustedDifference(
  lines: readonly AnsweredLine[],
  stratum: readonly number[],
  strata: number,
  touched: readonly boolean[],
  times: readonly number[],
): number | null {
  // Of each stratum: weight and bad weight of those touched, then of the others.
  const sums = new Float64Array(strata * 4);
  lines.forEach(({ weight, outcome }, i) => {
    const by = weight * (times[i] ?? 0);
    const at = (stratum[i] ?? 0) * 4 + (touched[i] === true ? 0 : 2);
    sums[at] = (sums[at] ?? 0) + by;
    if (outcome === "not_enjoyed") sums[at + 1] = (sums[at + 1] ?? 0) + by;
  });
  let total = 0;
  let sum = 0;
  for (let at = 0; at < sums.length; at += 4) {
    const [inside = 0, insideBad = 0, out = 0, outBad = 0] = sums.subarray(at, at + 4);
    if (inside === 0 || out === 0) continue;
    total += inside;
    sum += inside * (insideBad / inside - outBad / out);
  }
  return total === 0 ? null : sum / total;
}

/** Numbers the strata 0 to `count - 1` by size of a value; equal values are never parted. */
export function strataBy(values: readonly number[], count: number): readonly number[] {
  const sorted = [...values].sort((a, b) => a - b);
  const edges = Array.from(
    { length: count - 1 },
    (_, i) => sorted[Math.floor(((i + 1) * sorted.length) / count)] ?? 0,
  );
  return values.map((value) => edges.filter((edge) => value >= edge).length);
}
