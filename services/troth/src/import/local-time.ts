import { Temporal } from "temporal-polyfill";

/** A wall-clock reading as a file has it, without a zone. Months from 1. */
export type LocalTime = {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
};

/** Times of one zone as UTC milliseconds. */
export type ZoneTimes = {
  /** A time the clocks skipped is taken as if they had not; one they showed twice is the first. */
  readonly instantOf: (at: LocalTime) => number;
  readonly startOfDay: (at: LocalTime) => number;
  /** The last millisecond of the day: something promised for a day is due then. */
  readonly endOfDay: (at: LocalTime) => number;
};

const dayMs = 86_400_000;

/** `offsetMs` is null on the few days whose offset changes. */
type Day = { readonly start: number; readonly end: number; readonly offsetMs: number | null };

/** Remembers each day's offset, since asking the calendar for every row costs 100 times as much. */
export function openZoneTimes(zone: string): ZoneTimes {
  const days = new Map<number, Day>();
  const dayOf = (at: LocalTime): Day => {
    const key = (at.year * 16 + at.month) * 32 + at.day;
    const known = days.get(key);
    if (known !== undefined) return known;
    const date = Temporal.PlainDate.from({ year: at.year, month: at.month, day: at.day });
    const start = date.toZonedDateTime(zone).epochMilliseconds;
    const next = date.add({ days: 1 }).toZonedDateTime(zone).epochMilliseconds;
    const offsetMs = start - Date.UTC(at.year, at.month - 1, at.day);
    const day = { start, end: next - 1, offsetMs: next - start === dayMs ? offsetMs : null };
    days.set(key, day);
    return day;
  };
  return {
    instantOf: (at) => {
      const { offsetMs } = dayOf(at);
      if (offsetMs === null) {
        return Temporal.PlainDateTime.from(at).toZonedDateTime(zone).epochMilliseconds;
      }
      return Date.UTC(at.year, at.month - 1, at.day, at.hour, at.minute, at.second) + offsetMs;
    },
    startOfDay: (at) => dayOf(at).start,
    endOfDay: (at) => dayOf(at).end,
  };
}

/** Whole days from one date to another, whatever the hour and the zone. */
export const daysBetween = (from: LocalTime, to: LocalTime): number =>
  (Date.UTC(to.year, to.month - 1, to.day) - Date.UTC(from.year, from.month - 1, from.day)) / dayMs;

/** Null when no calendar or clock has such a reading (31 February, 25:00). */
export function localTime(
  year: number,
  month: number,
  day: number,
  hour = 0,
  minute = 0,
  second = 0,
): LocalTime | null {
  if (hour > 23 || minute > 59 || second > 59 || month < 1 || month > 12 || day < 1) return null;
  if (day > 28 && day > new Date(Date.UTC(year, month, 0)).getUTCDate()) return null;
  return { year, month, day, hour, minute, second };
}

const isoShape = /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?)?$/;

/** `2018-01-14 09:05:00`, `2018-01-14T09:05`, or `2018-01-14` for its first moment. */
export function readIso(text: string): LocalTime | null {
  const [, year, month, day, hour = "0", minute = "0", second = "0"] = isoShape.exec(text) ?? [];
  if (year === undefined) return null;
  return localTime(+year, Number(month), Number(day), +hour, +minute, +second);
}

const dayFirstShape = /^(\d\d?)\/(\d\d?)\/(\d{4}) (\d\d?):(\d\d)(?::(\d\d))?$/;

/** `29/2/2016 01:16`. */
export function readDayFirst(text: string): LocalTime | null {
  const [, day, month, year, hour = "0", minute = "0", second = "0"] =
    dayFirstShape.exec(text) ?? [];
  if (year === undefined) return null;
  return localTime(+year, Number(month), Number(day), +hour, +minute, +second);
}

const halfDayShape = /^(\d\d?):(\d\d)(?::(\d\d))? ?([AP])M$/i;

/** The hour of a twelve-hour clock; 12 AM is midnight. */
function readHalfDay(text: string): Pick<LocalTime, "hour" | "minute" | "second"> | null {
  const [, hour, minute, second = "0", half] = halfDayShape.exec(text) ?? [];
  if (hour === undefined || +hour < 1 || +hour > 12) return null;
  const noon = half?.toUpperCase() === "P" ? 12 : 0;
  return { hour: (+hour % 12) + noon, minute: Number(minute), second: +second };
}

/** `12/25/2013 11:59:08 PM`, month first. */
export function readAmerican(text: string): LocalTime | null {
  const [, month, day, year, clock = ""] = /^(\d\d?)\/(\d\d?)\/(\d{4}) (.+)$/.exec(text) ?? [];
  const at = readHalfDay(clock);
  if (year === undefined || at === null) return null;
  return localTime(+year, Number(month), Number(day), at.hour, at.minute, at.second);
}

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/** `22-Apr-15` and `3:53:50 PM`: the month is a word, so day and month cannot change places. */
export function readNamedMonth(date: string, clock: string): LocalTime | null {
  const [, day, month = "", year] = /^(\d\d?)-([A-Za-z]{3})-(\d\d)$/.exec(date) ?? [];
  const at = readHalfDay(clock);
  if (year === undefined || at === null) return null;
  const monthNumber = months.indexOf(month.toLowerCase()) + 1;
  return localTime(2000 + Number(year), monthNumber, Number(day), at.hour, at.minute, at.second);
}

/** `990201` and `7:02:47`, in the century in which such call centres existed. */
export function readShortDate(date: string, clock: string): LocalTime | null {
  const [, year, month, day] = /^(\d\d)(\d\d)(\d\d)$/.exec(date) ?? [];
  const [, hour, minute, second] = /^(\d\d?):(\d\d):(\d\d)$/.exec(clock) ?? [];
  if (year === undefined || hour === undefined) return null;
  const century = +year >= 70 ? 1900 : 2000;
  return localTime(
    century + Number(year),
    Number(month),
    Number(day),
    +hour,
    Number(minute),
    Number(second),
  );
}
