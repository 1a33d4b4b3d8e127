/** One harm that was answered: what it was, whose, and what was paid at discretion. */
export type Answered = {
  readonly segment: string;
  readonly severity: number;
  readonly amount: number;
};

export type Parity = {
  readonly segment: string;
  readonly count: number;
  /** What they got, divided by what everybody else got for the same harm; null where nobody can be compared. */
  readonly ratio: number | null;
  readonly low: number | null;
  readonly high: number | null;
  /** The whole interval lies outside four fifths to five fourths. */
  readonly isUneven: boolean;
};

const z90 = 1.6448536269514722;
const fair = { low: 0.8, high: 1.25 } as const;

const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
const varianceOf = (values: readonly number[], mean: number): number =>
  values.length < 2
    ? 0
    : values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);

/**
 * Whether like harm was answered alike: each segment's payments against everybody else's within the same
 * severity, the severities weighted by how many of the segment are in them; 90 % interval by the delta method.
 */
export function parityOf(answered: readonly Answered[]): readonly Parity[] {
  const segments = [...new Set(answered.map(({ segment }) => segment))].sort();
  return segments.map((segment) => {
    const mine = answered.filter((one) => one.segment === segment);
    let [got, others, gotVariance, othersVariance, compared] = [0, 0, 0, 0, 0];
    for (const severity of new Set(mine.map((one) => one.severity))) {
      const a = mine.filter((one) => one.severity === severity).map(({ amount }) => amount);
      const b = answered
        .filter((one) => one.severity === severity && one.segment !== segment)
        .map(({ amount }) => amount);
      if (b.length === 0) continue;
      const [meanA, meanB, weight] = [meanOf(a), meanOf(b), a.length];
      got += weight * meanA;
      others += weight * meanB;
      gotVariance += (weight * weight * varianceOf(a, meanA)) / a.length;
      othersVariance += (weight * weight * varianceOf(b, meanB)) / b.length;
      compared += weight;
    }
    const base = { segment, count: mine.length };
    if (compared === 0 || others === 0 || got === 0) {
      return { ...base, ratio: null, low: null, high: null, isUneven: false };
    }
    const ratio = got / others;
    const sd = Math.sqrt(gotVariance / got ** 2 + othersVariance / others ** 2);
    const [low, high] = [ratio * Math.exp(-z90 * sd), ratio * Math.exp(z90 * sd)];
    return { ...base, ratio, low, high, isUneven: low > fair.high || high < fair.low };
  });
}
