/** The difference between two shares over groups, with its interval. */
export type Difference = {
  readonly difference: number;
  readonly low: number;
  readonly high: number;
  /** Answers of those exposed and of those not. */
  readonly exposed: number;
  readonly unexposed: number;
};

type Arm = { n: number; weight: number; squares: number; enjoyed: number };

const emptyArm = (): Arm => ({ n: 0, weight: 0, squares: 0, enjoyed: 0 });

/** Fewer answers than this on either side say nothing. */
const answersMin = 5;

/** Kish's effective number of answers: weights that differ say less. */
const effective = ({ weight, squares }: Arm): number =>
  squares === 0 ? 0 : (weight * weight) / squares;

const share = ({ enjoyed, weight }: Arm): number => enjoyed / weight;

/** Variance of a share, drawn a little to the middle so that none is certain after few answers. */
function variance(arm: Arm): number {
  const n = effective(arm);
  const drawn = (share(arm) * n + 1) / (n + 2);
  return (drawn * (1 - drawn)) / n;
}

/**
 * Answers in groups of comparable customers, each in two arms. The difference is that of the groups,
 * weighted as by Mantel and Haenszel (n1 n0 / (n1 + n0)); a group with one arm only says nothing.
 */
export class Strata {
  readonly #groups = new Map<string, readonly [Arm, Arm]>();

  add(group: string, exposed: boolean, weight: number, enjoyed: boolean): void {
    const arms = this.#groups.get(group) ?? ([emptyArm(), emptyArm()] as const);
    this.#groups.set(group, arms);
    const arm = arms[exposed ? 1 : 0];
    arm.n += 1;
    arm.weight += weight;
    arm.squares += weight * weight;
    if (enjoyed) arm.enjoyed += weight;
  }

  /** Null while too few were asked to say anything. */
  difference(z: number): Difference | null {
    let [sum, weights, variances, exposed, unexposed] = [0, 0, 0, 0, 0];
    for (const [without, having] of this.#groups.values()) {
      const [n1, n0] = [effective(having), effective(without)];
      if (n1 === 0 || n0 === 0) continue;
      const weight = (n1 * n0) / (n1 + n0);
      sum += weight * (share(having) - share(without));
      variances += weight * weight * (variance(having) + variance(without));
      weights += weight;
      exposed += having.n;
      unexposed += without.n;
    }
    if (exposed < answersMin || unexposed < answersMin) return null;
    const difference = sum / weights;
    const half = (z * Math.sqrt(variances)) / weights;
    return {
      difference,
      low: Math.max(-1, difference - half),
      high: Math.min(1, difference + half),
      exposed,
      unexposed,
    };
  }
}
