import type { AnsweredLine } from "./answered.ts";
import { bootstrap, type Interval, type Resampling } from "./bootstrap.ts";
import { adjustedDifference, strataBy } from "./comparable.ts";
import { measure } from "./measure.ts";

export type FigureName = "precision" | "recall" | "lift" | "auc" | "ap";
export type Figures = { readonly n: number } & Readonly<Record<FigureName, Interval>>;

/** Accuracy of alerts and scores against "did not enjoy", each with its interval. */
export function figuresOf(lines: readonly AnsweredLine[], resampling: Resampling): Figures {
  // Sorted once, so that ranking a resample costs no sorting of its own to speak of.
  const sorted = [...lines].sort((a, b) => b.riskScore - a.riskScore);
  const intervals = bootstrap<FigureName>(
    sorted.map(({ customer }) => customer),
    (times) => {
      const drawn = sorted.flatMap((line, i) => {
        const count = times[i] ?? 0;
        return count === 0 ? [] : [{ ...line, weight: line.weight * count }];
      });
      const { precision, recall, auc, ap } = measure(drawn);
      const base = badShare(drawn);
      const lift = precision === null || base === null || base === 0 ? null : precision / base;
      return { precision, recall, lift, auc, ap };
    },
    resampling,
  );
  return { n: lines.length, ...intervals };
}

export function badShare(lines: readonly AnsweredLine[]): number | null {
  let all = 0;
  let bad = 0;
  for (const { weight, outcome } of lines) {
    all += weight;
    if (outcome === "not_enjoyed") bad += weight;
  }
  return all === 0 ? null : bad / all;
}

/** What being touched by something goes with: how much more often customers did not enjoy it. */
export type Touch = {
  readonly name: string;
  readonly touched: number;
  /** Share of those touched who did not enjoy it. */
  readonly precision: Interval;
  /** Share of those who did not enjoy it that were touched. */
  readonly recall: Interval;
  /** Their share of bad answers over everybody's. */
  readonly lift: Interval;
  /** Their share of bad answers minus that of the others. */
  readonly difference: Interval;
  /** The same against others whose score, this touch apart, is alike. */
  readonly adjusted: Interval;
};

const strata = 10;

/** Points a line's score owes to what touched it; what is left is compared. */
export type PointsOf = (line: AnsweredLine, name: string) => number;

/** Figures of every name at once: one drawing of customers serves all. */
export function touchesOf(
  lines: readonly AnsweredLine[],
  namesOf: (line: AnsweredLine) => readonly string[],
  pointsOf: PointsOf,
  resampling: Resampling,
): readonly Touch[] {
  const held = lines.map((line) => new Set(namesOf(line)));
  const names = [...new Set(held.flatMap((set) => [...set]))].sort();
  const rowsOf = names.map((name) => held.flatMap((set, row) => (set.has(name) ? [row] : [])));
  const comparable = names.map((name) =>
    strataBy(
      lines.map((line) => line.riskScore - pointsOf(line, name)),
      strata,
    ),
  );
  const touched = names.map((name) => held.map((set) => set.has(name)));
  const weights = lines.map(({ weight }) => weight);
  const bad = lines.map(({ outcome }) => outcome === "not_enjoyed");
  const figures = (times: readonly number[]): Record<string, number | null> => {
    let all = 0;
    let allBad = 0;
    lines.forEach((_, i) => {
      const weight = (weights[i] ?? 0) * (times[i] ?? 0);
      all += weight;
      if (bad[i] === true) allBad += weight;
    });
    const result: Record<string, number | null> = {};
    names.forEach((name, k) => {
      let in_ = 0;
      let inBad = 0;
      for (const row of rowsOf[k] ?? []) {
        const weight = (weights[row] ?? 0) * (times[row] ?? 0);
        in_ += weight;
        if (bad[row] === true) inBad += weight;
      }
      const share = in_ === 0 ? null : inBad / in_;
      const others = all - in_ <= 0 ? null : (allBad - inBad) / (all - in_);
      result[`${name} precision`] = share;
      result[`${name} recall`] = allBad === 0 ? null : inBad / allBad;
      result[`${name} lift`] = share === null || allBad === 0 ? null : (share * all) / allBad;
      result[`${name} adjusted`] = adjustedDifference(
        lines,
        comparable[k] ?? [],
        strata,
        touched[k] ?? [],
        times,
      );
      result[`${name} difference`] = share === null || others === null ? null : share - others;
    });
    return result;
  };
  const intervals = bootstrap(
    lines.map(({ customer }) => customer),
    figures,
    resampling,
  );
  const none: Interval = { value: null, low: null, high: null };
  return names.map((name, k) => ({
    name,
    touched: rowsOf[k]?.length ?? 0,
    precision: intervals[`${name} precision`] ?? none,
    recall: intervals[`${name} recall`] ?? none,
    lift: intervals[`${name} lift`] ?? none,
    difference: intervals[`${name} difference`] ?? none,
    adjusted: intervals[`${name} adjusted`] ?? none,
  }));
}
