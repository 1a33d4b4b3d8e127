import { localDay } from "./calendar.ts";
import { suggest } from "./nearest.ts";
import type { Saying, SayingGaps } from "./policy.ts";
import { type Dimension, dayMs, unitMs } from "./quantity.ts";
import type { Zone } from "./zone.ts";

const months =
  "January February March April May June July August September October November December".split(
    " ",
  );

/** "14 January 2018", the day it is in that zone. */
export function dayText(zone: Zone, utcMs: number): string {
  const day = new Date(localDay(zone, utcMs) * dayMs);
  return `${day.getUTCDate()} ${months[day.getUTCMonth()] ?? ""} ${day.getUTCFullYear()}`;
}

/** "14 January 2018 at 18:00". */
export function momentText(zone: Zone, utcMs: number): string {
  const wall = new Date(utcMs + zone.offsetAt(utcMs)).toISOString();
  return `${dayText(zone, utcMs)} at ${wall.slice(11, 16)}`;
}

const units = [
  ["day", unitMs.d],
  ["hour", unitMs.h],
  ["minute", unitMs.m],
  ["second", unitMs.s],
] as const;

const counted = (count: number, unit: string): string =>
  `${count} ${unit}${count === 1 ? "" : "s"}`;

/** "3 days", "45 minutes", "1 hour 30 minutes": rounded down, and said finer only while it is short. */
export function spanText(ms: number): string {
  const size = Math.abs(ms);
  for (const [i, [unit, unitSize]] of units.entries()) {
    const count = Math.floor(size / unitSize);
    if (count === 0) continue;
    const finer = units[i + 1];
    const rest = finer === undefined ? 0 : Math.floor((size % unitSize) / finer[1]);
    if (finer === undefined || count >= 3 || rest === 0) return counted(count, unit);
    return `${counted(count, unit)} ${counted(rest, finer[0])}`;
  }
  return "less than a second";
}

/** Ten-thousandths as people write them: money with two decimals, other numbers as short as exact. */
export function decimalText(value: number, dimension: "money" | "number"): string {
  const size = Math.abs(value);
  const whole = Math.floor(size / 10_000);
  const fraction = String(size % 10_000).padStart(4, "0");
  const short = fraction.replace(/0+$/u, "");
  const shownFraction = dimension === "money" && short.length <= 2 ? fraction.slice(0, 2) : short;
  return `${value < 0 ? "-" : ""}${whole}${shownFraction === "" ? "" : `.${shownFraction}`}`;
}

function measuredText(value: number | null, dimension: Dimension, zone: Zone): string {
  if (value === null) return "an unknown amount";
  switch (dimension) {
    case "duration":
      return spanText(value);
    case "instant":
      return dayText(zone, value);
    case "money":
    case "number":
      return decimalText(value, dimension);
  }
}

export const gapNames = ["due", "dueTime", "late", "value", "limit", "key"] as const;
type GapName = (typeof gapNames)[number];
const isGap = (name: string): name is GapName => gapNames.some((known) => known === name);

function fill(name: GapName, gaps: SayingGaps, dimension: Dimension, zone: Zone): string {
  switch (name) {
    case "due":
      return gaps.due === null ? "no agreed day" : dayText(zone, gaps.due);
    case "dueTime":
      return gaps.due === null ? "no agreed time" : momentText(zone, gaps.due);
    case "late":
      return gaps.lateMs === null ? "an unknown time" : spanText(Math.max(0, gaps.lateMs));
    case "value":
      return measuredText(gaps.value, dimension, zone);
    case "limit":
      return measuredText(gaps.limit, dimension, zone);
    case "key":
      return gaps.key;
  }
}

/** What is wrong with a sentence, and how many characters into it. */
export type SayingProblem = {
  readonly offset: number;
  readonly found: string;
  readonly remedy: string;
};

/** A sentence with gaps in braces as a function; a problem for each gap that does not exist. */
export function compileSaying(
  text: string,
  dimension: Dimension,
  zone: Zone,
): { readonly saying: Saying; readonly problems: readonly SayingProblem[] } {
  const problems: SayingProblem[] = [];
  const pieces: (string | { readonly gap: GapName })[] = [];
  let from = 0;
  for (const match of text.matchAll(/\{([^{}]*)\}|[{}]/gu)) {
    pieces.push(text.slice(from, match.index));
    from = match.index + match[0].length;
    const name = match[1];
    if (name !== undefined && isGap(name)) pieces.push({ gap: name });
    else {
      const remedy = name === undefined ? "write {due}, {late} …" : suggest(name, gapNames);
      problems.push({ offset: match.index, found: `the gap ${match[0]}`, remedy });
    }
  }
  pieces.push(text.slice(from));
  const saying: Saying = (gaps) => {
    let said = "";
    for (const piece of pieces) {
      said += typeof piece === "string" ? piece : fill(piece.gap, gaps, dimension, zone);
    }
    return said;
  };
  return { saying, problems };
}
