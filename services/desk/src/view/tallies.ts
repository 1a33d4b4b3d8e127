import { type Verdict, verdicts } from "@troth/events";
import { deskLimits, hourMs } from "../limits.ts";

export type VerdictCounts = Readonly<Record<Verdict, number>>;

type LinkTally = {
  readonly verdicts: Map<Verdict, number>;
  /** Promises that stand broken, by the hour they broke in. */
  readonly brokenByHour: Map<number, number>;
  saves: number;
};

type Standing = { readonly verdict: Verdict; readonly at: number };

const hourOf = (ms: number): number => Math.floor(ms / hourMs);

/** How many promises stand at which verdict, per link: every promise is counted once, as it stands. */
export class Tallies {
  readonly #links = new Map<string, LinkTally>();

  /** A row changed its verdict; `was` is null when it is new. */
  move(link: string, was: Standing | null, is: Standing): void {
    const tally = this.#tallyOf(link);
    if (was !== null) this.#add(tally, was, -1);
    this.#add(tally, is, 1);
  }

  countsOf(link: string): VerdictCounts {
    const held = this.#links.get(link)?.verdicts;
    const of = (verdict: Verdict): number => Math.max(0, held?.get(verdict) ?? 0);
    return {
      open: of("open"),
      "at-risk": of("at-risk"),
      overdue: of("overdue"),
      "source-blind": of("source-blind"),
      kept: of("kept"),
      broken: of("broken"),
      renegotiated: of("renegotiated"),
      withdrawn: of("withdrawn"),
      void: of("void"),
      unverifiable: of("unverifiable"),
    };
  }

  /** Promises that stand broken since a moment in the `hours` whole hours up to that of `until`. */
  brokenWithin(link: string, until: number, hours: number): number {
    const buckets = this.#links.get(link)?.brokenByHour;
    if (buckets === undefined) return 0;
    let sum = 0;
    const last = hourOf(until);
    for (let hour = last - hours + 1; hour <= last; hour += 1) sum += buckets.get(hour) ?? 0;
    return Math.max(0, sum);
  }

  /** A recovery promise came to be kept, or is no longer said to be. */
  countSave(link: string, by: 1 | -1): void {
    this.#tallyOf(link).saves += by;
  }

  /** Customers who were let down and then put right as promised. */
  savesOf(link: string): number {
    return Math.max(0, this.#links.get(link)?.saves ?? 0);
  }

  #tallyOf(link: string): LinkTally {
    const known = this.#links.get(link);
    if (known !== undefined) return known;
    const fresh: LinkTally = { verdicts: new Map(), brokenByHour: new Map(), saves: 0 };
    this.#links.set(link, fresh);
    return fresh;
  }

  #add(tally: LinkTally, { verdict, at }: Standing, by: 1 | -1): void {
    tally.verdicts.set(verdict, (tally.verdicts.get(verdict) ?? 0) + by);
    if (verdict !== "broken") return;
    const { brokenByHour } = tally;
    const hour = hourOf(at);
    brokenByHour.set(hour, (brokenByHour.get(hour) ?? 0) + by);
    if (brokenByHour.size <= deskLimits.brokenHoursMax) return;
    brokenByHour.delete([...brokenByHour.keys()].reduce((a, b) => Math.min(a, b)));
  }
}

/** Of the promises that are settled either way, the share that was kept; null while there is none. */
export function keptShare(counts: VerdictCounts): number | null {
  const settled = counts.kept + counts.broken;
  return settled === 0 ? null : counts.kept / settled;
}

export const addCounts = (a: VerdictCounts, b: VerdictCounts): VerdictCounts => {
  const sum = { ...a };
  for (const verdict of verdicts) sum[verdict] = a[verdict] + b[verdict];
  return sum;
};
