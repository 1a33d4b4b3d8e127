import { breakRate, type Tried, triedOf } from "./tried.ts";

/** What is promised in a region while too little of it is being kept there. */
export type Inflation = {
  readonly kind: string;
  readonly link: string;
  readonly region: string;
  /** Who is to promise less. */
  readonly promiser: string;
  /** Share that its link is to keep. */
  readonly target: number;
  readonly tried: Tried;
  /** Share kept of late, and the best it may be given how few were tried (95 %). */
  readonly kept: number;
  readonly atBest: number;
  /** Promised in the last seven days. */
  readonly promised: number;
};

export type PromiseSeen = {
  readonly kind: string;
  readonly link: string;
  readonly region: string;
  readonly madeAt: number;
  /** When it came to be kept or broken; null while it is open. */
  readonly settledAt: number | null;
  readonly broken: boolean;
};

const dayMs = 86_400_000;
const triedMin = 10;

/** Upper end of Wilson's interval for a share kept. */
function atBest(tried: Tried): number {
  const z = 1.96;
  const n = triedOf(tried);
  const p = tried.kept / n;
  const centre = p + (z * z) / (2 * n);
  const half = z * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n));
  return (centre + half) / (1 + (z * z) / n);
}

export type Promiser = { readonly promiser: string; readonly target: number };

/**
 * Kinds of promise and regions where what was kept in the last twenty-eight days is surely below the
 * objective, and which were promised again in the last seven: worst first.
 */
export function inflationOf(
  seen: readonly PromiseSeen[],
  now: number,
  promiserOf: (kind: string) => Promiser | null,
): readonly Inflation[] {
  const groups = new Map<string, PromiseSeen[]>();
  for (const one of seen) {
    const key = JSON.stringify([one.kind, one.link, one.region]);
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()]
    .flatMap((group) => {
      const [first] = group;
      const promiser = first === undefined ? null : promiserOf(first.kind);
      if (first === undefined || promiser === null) return [];
      const settled = group.filter(
        ({ settledAt }) => settledAt !== null && settledAt > now - 28 * dayMs && settledAt <= now,
      );
      const broken = settled.filter((one) => one.broken).length;
      const tried = { kept: settled.length - broken, broken };
      const promised = group.filter(({ madeAt }) => madeAt > now - 7 * dayMs).length;
      if (settled.length < triedMin || promised === 0) return [];
      const best = atBest(tried);
      if (best >= promiser.target) return [];
      const { kind, link, region } = first;
      const kept = 1 - (breakRate(tried) ?? 0);
      return [{ kind, link, region, ...promiser, tried, kept, atBest: best, promised }];
    })
    .sort((a, b) => a.atBest - a.target - (b.atBest - b.target));
}
