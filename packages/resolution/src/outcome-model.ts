import { choleskyOf, solve } from "./cholesky.ts";

export type Prediction = {
  /** Expected answer, 0 to 10. */
  readonly mean: number;
  /** Nine of ten expected answers of customers like this lie between. */
  readonly low: number;
  readonly high: number;
  /** Outcomes known of the same action. */
  readonly known: number;
};

const featuresMax = 400;
/** Two-sided 90 % of the normal distribution. */
const z90 = 1.6448536269514722;

export type ModelOptions = {
  /** Expected before anything is known. */
  readonly prior: number;
  /** How far the weight of a feature may be expected to lie from none. */
  readonly spread: number;
  /** How far single answers lie from what was expected, before any are known. */
  readonly noise: number;
};
export const usualOptions: ModelOptions = { prior: 5, spread: 1.2, noise: 2 };

/**
 * What customers will say after an action: a normal model whose weights are drawn towards none until
 * outcomes say otherwise (Bayesian linear regression; the posterior is exact). Where little is known the
 * interval is wide, and no single answer moves much.
 */
export class OutcomeModel {
  readonly #options: ModelOptions;
  readonly #places = new Map<string, number>();
  /** Sums of products of features, of features and answers, and of answers. */
  #xx: number[][] = [];
  #xy: number[] = [];
  #yy = 0;
  #count = 0;
  readonly #actions = new Map<string, number>();
  #solved: { lower: number[][]; mean: number[]; variance: number } | null = null;

  constructor(options: ModelOptions = usualOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#count;
  }

  learn(action: string, features: readonly string[], answer: number): void {
    const places = features.map((feature) => this.#placeOf(feature)).filter((at) => at >= 0);
    const y = answer - this.#options.prior;
    for (const i of places) {
      this.#xy[i] = (this.#xy[i] ?? 0) + y;
      const row = this.#xx[i] ?? [];
      for (const j of places) row[j] = (row[j] ?? 0) + 1;
    }
    this.#yy += y * y;
    this.#count += 1;
    this.#actions.set(action, (this.#actions.get(action) ?? 0) + 1);
    this.#solved = null;
  }

  predict(action: string, features: readonly string[]): Prediction {
    const { lower, mean, variance } = this.#solve();
    const { spread, prior } = this.#options;
    const places = features.map((feature) => this.#places.get(feature) ?? -1);
    const known = places.filter((at) => at >= 0);
    const x = mean.map((_, at) => Number(known.includes(at)));
    const expected = known.reduce((sum, at) => sum + (mean[at] ?? 0), prior);
    const within = solve(lower, x).reduce((sum, value, at) => sum + value * (x[at] ?? 0), 0);
    const unseen = places.filter((at) => at < 0).length * spread * spread;
    const sd = Math.sqrt(Math.max(0, variance * within + unseen));
    return {
      mean: bounded(expected),
      low: bounded(expected - z90 * sd),
      high: bounded(expected + z90 * sd),
      known: this.#actions.get(action) ?? 0,
    };
  }

  /** The expected answer alone. */
  expected(features: readonly string[]): number {
    const { mean } = this.#solve();
    const { prior } = this.#options;
    return bounded(
      features.reduce((sum, one) => sum + (mean[this.#places.get(one) ?? -1] ?? 0), prior),
    );
  }

  /**
   * A sum of weights, each so many times: what one action does to some customers more than another, say.
   * Single weights share their effects with their neighbours; differences of this kind do not.
   */
  contrast(times: ReadonlyMap<string, number>): { readonly mean: number; readonly sd: number } {
    const { lower, mean, variance } = this.#solve();
    const x = mean.map(() => 0);
    for (const [feature, count] of times) {
      const at = this.#places.get(feature);
      if (at !== undefined) x[at] = (x[at] ?? 0) + count;
    }
    const dot = (other: readonly number[]): number =>
      other.reduce((sum, value, at) => sum + value * (x[at] ?? 0), 0);
    return { mean: dot(mean), sd: Math.sqrt(variance * dot(solve(lower, x))) };
  }

  #placeOf(feature: string): number {
    const known = this.#places.get(feature);
    if (known !== undefined) return known;
    if (this.#places.size >= featuresMax) return -1;
    const at = this.#places.size;
    this.#places.set(feature, at);
    for (const row of this.#xx) row.push(0);
    this.#xx.push(Array.from({ length: at + 1 }, () => 0));
    this.#xy.push(0);
    return at;
  }

  #solve(): { lower: number[][]; mean: number[]; variance: number } {
    if (this.#solved !== null) return this.#solved;
    const { spread, noise } = this.#options;
    const ridge = (noise * noise) / (spread * spread);
    const precision = this.#xx.map((row, i) =>
      row.map((value, j) => value + (i === j ? ridge : 0)),
    );
    const lower = choleskyOf(precision);
    const mean = solve(lower, this.#xy);
    // Answers scatter as they are seen to, with what was expected of them counted as ten answers.
    const explained = mean.reduce((sum, weight, at) => sum + weight * (this.#xy[at] ?? 0), 0);
    const left = Math.max(0, this.#yy - explained);
    const variance = (10 * noise * noise + left) / (10 + this.#count);
    this.#solved = { lower, mean, variance };
    return this.#solved;
  }
}

const bounded = (score: number): number => Math.min(10, Math.max(0, score));
