import { dayMs, unitMs } from "./quantity.ts";
import type { Zone } from "./zone.ts";

/** Minutes after local midnight: open from, until (up to 1440). */
export type OpeningHours = readonly (readonly [from: number, until: number])[];

/** When an operation works, in its own zone. A day is counted from 1970-01-01, local. */
export type Calendar = {
  readonly zone: Zone;
  /** Monday first, seven entries; an empty one is a day off. */
  readonly week: readonly OpeningHours[];
  /** Local days on which nobody works. */
  readonly holidays: ReadonlySet<number>;
};

const weekdays: readonly string[] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/** A due moment that needs more than this many days of searching is given up as the last of them. */
const searchDaysMax = 3_660;
const closed: OpeningHours = [];

export const localDay = (zone: Zone, utcMs: number): number =>
  Math.floor((utcMs + zone.offsetAt(utcMs)) / dayMs);

/** Day of the week, Monday 0: 1970-01-01 was a Thursday. */
const weekday = (day: number): number => (((day + 3) % 7) + 7) % 7;

function hoursOn(calendar: Calendar, day: number): OpeningHours {
  if (calendar.holidays.has(day)) return closed;
  return calendar.week[weekday(day)] ?? closed;
}

const moment = (zone: Zone, day: number, minutes: number): number =>
  zone.toUtc(day * dayMs + minutes * unitMs.m);

/** The last millisecond of the local day that holds the moment. */
export const endOfDay = (zone: Zone, utcMs: number): number =>
  moment(zone, localDay(zone, utcMs) + 1, 0) - 1;

/** So many minutes after midnight, `days` local days after the moment's own. */
export const atLocalTime = (zone: Zone, utcMs: number, days: number, minutes: number): number =>
  moment(zone, localDay(zone, utcMs) + days, minutes);

/** The `count`-th working day after the moment's own local day. */
function workingDayAfter(calendar: Calendar, utcMs: number, count: number): number {
  let day = localDay(calendar.zone, utcMs);
  let left = count;
  for (let tries = 0; left > 0 && tries < searchDaysMax; tries++) {
    day += 1;
    if (hoursOn(calendar, day).length > 0) left -= 1;
  }
  return day;
}

/** So many working days on, at that local time; at the close of that day when no time is given. */
export function addBusinessDays(
  calendar: Calendar,
  utcMs: number,
  count: number,
  minutes: number | null,
): number {
  const day = workingDayAfter(calendar, utcMs, count);
  const close = hoursOn(calendar, day).at(-1)?.[1] ?? 1_440;
  return moment(calendar.zone, day, minutes ?? close);
}

/** The moment by which `ms` of opening hours have passed since `utcMs`. */
export function addBusinessTime(calendar: Calendar, utcMs: number, ms: number): number {
  const { zone } = calendar;
  const first = localDay(zone, utcMs);
  let left = ms;
  let reached = utcMs;
  for (let day = first; day < first + searchDaysMax; day++) {
    for (const [from, until] of hoursOn(calendar, day)) {
      const opens = Math.max(moment(zone, day, from), utcMs);
      const closes = moment(zone, day, until);
      if (closes <= opens) continue;
      if (left <= closes - opens) return opens + left;
      left -= closes - opens;
      reached = closes;
    }
  }
  return reached;
}

const clockShape = /^([01]?\d|2[0-4]):([0-5]\d)$/u;

/** "09:30" as minutes after midnight, up to "24:00"; null for anything else. */
export function parseClock(text: string): number | null {
  const match = clockShape.exec(text);
  if (match === null) return null;
  const minutes = Number(match[1]) * 60 + Number(match[2]);
  return minutes <= 1_440 ? minutes : null;
}

/** "09:00-17:00" as minutes; null unless it ends after it begins. */
export function parseHours(text: string): readonly [number, number] | null {
  const [from = "", until = "", ...more] = text.split("-").map((part) => parseClock(part.trim()));
  if (more.length > 0 || typeof from !== "number" || typeof until !== "number") return null;
  return from < until ? [from, until] : null;
}

/** "mon", "mon-fri", "sat, sun" as positions in the week; null for anything else. */
export function parseWeekdays(text: string): readonly number[] | null {
  const found: number[] = [];
  for (const piece of text.split(",")) {
    const [from, until, ...more] = piece
      .trim()
      .split("-")
      .map((name) => weekdays.indexOf(name.trim()));
    if (more.length > 0 || from === undefined || from < 0) return null;
    const last = until ?? from;
    if (last < 0) return null;
    for (let day = from; ; day = (day + 1) % 7) {
      found.push(day);
      if (day === last) break;
    }
  }
  return found;
}

/** "2026-12-25" as a local day number; null for a date that does not exist. */
export function parseDay(text: string): number | null {
  if (!/^\d{4}-\d{2}-\d{2}$/u.test(text)) return null;
  const ms = Date.parse(`${text}T00:00:00Z`);
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== text) return null;
  return ms / dayMs;
}
