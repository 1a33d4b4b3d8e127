import type { AnsweredLine } from "./answered.ts";
import { bootstrap, type Interval, type Resampling } from "./bootstrap.ts";
import { adjustedDifference } from "./comparable.ts";

/** What a link did in a period, and whom it met. */
export type LinkRecord = {
  readonly link: string;
  readonly kept: number;
  readonly broken: number;
  /** Customers it made a promise to, kept or not. */
  readonly customers: ReadonlySet<string>;
};

export type LinkHealth = {
  readonly link: string;
  /** Share of its promises that were kept; null without any. */
  readonly kept: number | null;
  /** Green by its own report: inside its objective. */
  readonly green: boolean;
  readonly met: number;
  /** Bad answers of those it met minus those of comparable customers it did not meet. */
  readonly difference: Interval;
  /** Green outside, red inside. */
  readonly watermelon: boolean;
};

const metAtLeast = 50;

/**
 * Links inside their objective whose customers enjoyed it significantly less than comparable ones.
 * Comparable are customers of the same stratum (`stratumOf`), strata weighed as among those met.
 */
export function watermelonsOf(
  lines: readonly AnsweredLine[],
  links: readonly LinkRecord[],
  stratumOf: (line: AnsweredLine) => string,
  { objective, ...resampling }: Resampling & { readonly objective: number },
): readonly LinkHealth[] {
  const strata = [...new Set(lines.map(stratumOf))];
  const stratum = lines.map((line) => strata.indexOf(stratumOf(line)));
  return [...links]
    .sort((a, b) => (a.link < b.link ? -1 : 1))
    .map((record) => {
      const { link, kept, broken, customers } = record;
      const met = lines.map(({ customer }) => customers.has(customer));
      const { difference } = bootstrap(
        lines.map(({ customer }) => customer),
        (times) => ({ difference: adjustedDifference(lines, stratum, strata.length, met, times) }),
        resampling,
      );
      const share = kept + broken === 0 ? null : kept / (kept + broken);
      const green = share !== null && share >= objective;
      const enough = met.filter(Boolean).length >= metAtLeast;
      const red = difference.low !== null && difference.low > 0;
      return {
        link,
        kept: share === null ? null : Math.round(share * 1e4) / 1e4,
        green,
        met: met.filter(Boolean).length,
        difference,
        watermelon: green && enough && red,
      };
    });
}
