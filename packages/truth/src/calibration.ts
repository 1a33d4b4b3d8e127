import type { AnsweredLine } from "./answered.ts";

/** One tenth of the answers, by what was said of them: how probable, and how often it was so. */
export type CalibrationBin = {
  readonly n: number;
  readonly weight: number;
  readonly said: number;
  readonly seen: number;
};

export type Calibration = {
  /** Mean distance between said and seen over the bins, by weight; null where nothing was said. */
  readonly error: number | null;
  readonly bins: readonly CalibrationBin[];
};

const rounded = (value: number): number => Math.round(value * 1e6) / 1e6;

/** How well probabilities were said, in at most `tenths` bins; equal ones are never parted. */
export function calibrationOf(lines: readonly AnsweredLine[], tenths = 10): Calibration {
  const said = lines
    .flatMap((line) => (line.perMille === null ? [] : [{ ...line, p: line.perMille / 1000 }]))
    .sort((a, b) => a.p - b.p);
  const total = said.reduce((sum, { weight }) => sum + weight, 0);
  if (total === 0) return { error: null, bins: [] };
  const bins: { n: number; weight: number; said: number; seen: number }[] = [];
  let before = Number.NaN;
  let open = { n: 0, weight: 0, said: 0, seen: 0 };
  for (const { p, weight, outcome } of said) {
    if (p !== before && open.weight >= total / tenths) {
      bins.push(open);
      open = { n: 0, weight: 0, said: 0, seen: 0 };
    }
    before = p;
    open.n += 1;
    open.weight += weight;
    open.said += weight * p;
    if (outcome === "not_enjoyed") open.seen += weight;
  }
  bins.push(open);
  const error = bins.reduce((sum, bin) => sum + Math.abs(bin.said - bin.seen), 0) / total;
  return {
    error: rounded(error),
    bins: bins.map((bin) => ({
      n: bin.n,
      weight: rounded(bin.weight),
      said: rounded(bin.said / bin.weight),
      seen: rounded(bin.seen / bin.weight),
    })),
  };
}
