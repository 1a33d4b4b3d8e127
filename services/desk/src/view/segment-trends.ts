import type { Verdict } from "@troth/events";
import { dayMs, deskLimits } from "../limits.ts";

/** What happened to a segment's customers in some days. */
export type Happened = {
  readonly kept: number;
  readonly broken: number;
  readonly enjoyed: number;
  readonly indifferent: number;
  readonly notEnjoyed: number;
};
/** A week of a segment: how many there were and were at risk at its end, and what happened in it. */
export type Week = Happened & {
  /** UTC milliseconds: the week is the seven days up to this. */
  readonly until: number;
  readonly people: number;
  readonly atRisk: number;
};

type Counts = { -readonly [Name in keyof Happened]: number } & { people: number; atRisk: number };
const none = (): Counts => ({
  ...{ people: 0, atRisk: 0, kept: 0, broken: 0 },
  ...{ enjoyed: 0, indifferent: 0, notEnjoyed: 0 },
});
const names = Object.keys(none()) as (keyof Counts)[];

/** How a customer is counted at the moment. */
export type Counted = { readonly segment: string; readonly isAtRisk: boolean };

const answers: Readonly<Record<string, keyof Happened>> = {
  enjoyed: "enjoyed",
  indifferent: "indifferent",
  not_enjoyed: "notEnjoyed",
};
export const unknownSegment = "unknown";
const rest = "others";

/** How the relationship with each segment goes, day by day: changes only, so that any day can be added up to. */
export class SegmentTrends {
  readonly #segments = new Map<string, Map<number, Counts>>();

  get segments(): readonly string[] {
    return [...this.#segments.keys()].sort();
  }

  /** A customer is counted otherwise from a moment on; null is not at all. */
  move(was: Counted | null, is: Counted | null, at: number): void {
    if (was !== null) this.#add(was.segment, at, "people", -1);
    if (was?.isAtRisk) this.#add(was.segment, at, "atRisk", -1);
    if (is !== null) this.#add(is.segment, at, "people", 1);
    if (is?.isAtRisk) this.#add(is.segment, at, "atRisk", 1);
  }

  /** A promise came to be kept or broken, or is so no longer. */
  verdict(segment: string, verdict: Verdict, at: number, by: 1 | -1): void {
    if (verdict === "kept" || verdict === "broken") this.#add(segment, at, verdict, by);
  }

  answered(segment: string, outcome: string, at: number): void {
    const name = answers[outcome];
    if (name !== undefined) this.#add(segment, at, name, 1);
  }

  /** The last weeks of a segment up to a moment, oldest first. */
  weeks(segment: string, now: number, count: number): readonly Week[] {
    const days = [...(this.#segments.get(segment) ?? [])].sort(([a], [b]) => a - b);
    const today = Math.floor(now / dayMs);
    return Array.from({ length: count }, (_, place) => {
      const last = today - 7 * (count - 1 - place);
      const sum = none();
      for (const [day, counts] of days) {
        if (day > last) break;
        for (const name of names) {
          const isState = name === "people" || name === "atRisk";
          if (isState || day > last - 7) sum[name] += counts[name];
        }
      }
      for (const name of names) sum[name] = Math.max(0, sum[name]);
      return { ...sum, until: (last + 1) * dayMs };
    });
  }

  #add(segment: string, at: number, name: keyof Counts, by: 1 | -1): void {
    const isRoom = this.#segments.has(segment) || this.#segments.size < deskLimits.segmentsMax;
    const own = isRoom ? segment : rest;
    const days = this.#segments.get(own) ?? new Map<number, Counts>();
    this.#segments.set(own, days);
    const day = Math.floor(at / dayMs);
    const counts = days.get(day) ?? none();
    counts[name] += by;
    days.set(day, counts);
    if (days.size > deskLimits.trendDaysMax) foldOldest(days);
  }
}

/** The oldest day's changes become part of the next one's: what stood before is not forgotten. */
function foldOldest(days: Map<number, Counts>): void {
  const [oldest = 0, next = 0] = [...days.keys()].sort((a, b) => a - b);
  const [from, into] = [days.get(oldest), days.get(next)];
  if (from === undefined || into === undefined || from === into) return;
  into.people += from.people;
  into.atRisk += from.atRisk;
  days.delete(oldest);
}
