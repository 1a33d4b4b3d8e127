import { logOddsOf, probabilityOf } from "./exact.ts";

/** One feature, sparse: in which rows it is not 0, how much it is there, and its sign in the policy. */
export type Column = {
  readonly rows: readonly number[];
  readonly values: readonly number[];
  /** Its weight is held to this sign or 0: what speaks against us never becomes credit. */
  readonly sign: 1 | -1;
};

export type Sample = {
  readonly bad: readonly boolean[];
  /** How much each row counts; only their proportions matter. */
  readonly weights: readonly number[];
  readonly columns: readonly Column[];
};

const sweepsMax = 500;
/** Weights become whole points, some hundreds to the unit: what moves less than this is still. */
const still = 1e-8;

export type Fitted = { readonly intercept: number; readonly weights: readonly number[] };

/**
 * Logistic regression with an L2 penalty on all weights but the intercept, each held to its sign.
 *
 * Newton steps, one weight after the other, from zero, until a sweep moves nothing any more: the same
 * sample gives the same bits. `penalty` is in rows: 1 is what scikit-learn calls C = 1.
 */
export function fitLogistic(sample: Sample, penalty: number): Fitted {
  const { bad, columns } = sample;
  const n = bad.length;
  const total = sample.weights.reduce((sum, one) => sum + one, 0);
  const weight = sample.weights.map((one) => (one * n) / total);
  const badWeight = weight.reduce((sum, one, i) => sum + (bad[i] === true ? one : 0), 0);
  let intercept = badWeight <= 0 || badWeight >= n ? 0 : logOddsOf(badWeight / n);
  const odds = new Float64Array(n).fill(intercept);
  const share = Float64Array.from(odds, probabilityOf);
  const weights = new Float64Array(columns.length);
  const move = (row: number, by: number): void => {
    odds[row] = (odds[row] ?? 0) + by;
    share[row] = probabilityOf(odds[row] ?? 0);
  };
  let farthest = Number.POSITIVE_INFINITY;
  for (let sweep = 0; sweep < sweepsMax && farthest > still; sweep += 1) {
    let slope = 0;
    let bend = 1e-9;
    for (let i = 0; i < n; i += 1) {
      const p = share[i] ?? 0;
      const w = weight[i] ?? 0;
      slope += w * (p - (bad[i] === true ? 1 : 0));
      bend += w * p * (1 - p);
    }
    const shift = -slope / bend;
    intercept += shift;
    farthest = Math.abs(shift);
    for (let i = 0; i < n; i += 1) move(i, shift);
    columns.forEach(({ rows, values, sign }, j) => {
      const before = weights[j] ?? 0;
      let g = penalty * before;
      let h = penalty + 1e-9;
      for (let k = 0; k < rows.length; k += 1) {
        const row = rows[k] ?? 0;
        const x = values[k] ?? 0;
        const p = share[row] ?? 0;
        const w = weight[row] ?? 0;
        g += w * x * (p - (bad[row] === true ? 1 : 0));
        h += w * x * x * p * (1 - p);
      }
      const free = before - g / h;
      const after = free * sign < 0 ? 0 : free;
      if (after === before) return;
      weights[j] = after;
      farthest = Math.max(farthest, Math.abs(after - before));
      for (let k = 0; k < rows.length; k += 1) {
        move(rows[k] ?? 0, (after - before) * (values[k] ?? 0));
      }
    });
  }
  return { intercept, weights: [...weights] };
}
