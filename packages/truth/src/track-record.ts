/** How a seller, team, queue or product has done so far: how often, and how often badly. */
type Tally = { n: number; bad: number };

/**
 * The track record of everybody of one sort, kept upstream of the judge and stamped onto facts before
 * they are judged: what it says of a moment rests on what was recorded before that moment alone, and
 * the fact then carries it, so that every judge reads the same.
 */
export type TrackRecord = {
  /** What became known of one of them; `bad` is whether it went badly. */
  readonly note: (name: string, bad: boolean) => void;
  /**
   * Per mille of bad outcomes above (or below) the house's own share so far. The house's share
   * stands in for `prior` outcomes nobody has seen yet, so that one bad day makes no bad name.
   */
  readonly excess: (name: string) => number;
  /** How often this one was noted. */
  readonly seen: (name: string) => number;
};

/** An empty record. `prior` is a whole number of outcomes, at least 1. */
export function openTrackRecord(prior: number): TrackRecord {
  const tallies = new Map<string, Tally>();
  const house: Tally = { n: 0, bad: 0 };
  return {
    note: (name, bad) => {
      const tally = tallies.get(name) ?? { n: 0, bad: 0 };
      tallies.set(name, tally);
      for (const one of [tally, house]) {
        one.n += 1;
        if (bad) one.bad += 1;
      }
    },
    excess: (name) => {
      const tally = tallies.get(name);
      if (tally === undefined) return 0;
      // (bad + prior * B/N) / (n + prior) - B/N, over one denominator, so that it is exact.
      const above = 1000 * (tally.bad * house.n - house.bad * tally.n);
      return Math.trunc(above / (house.n * (tally.n + prior)));
    },
    seen: (name) => tallies.get(name)?.n ?? 0,
  };
}
