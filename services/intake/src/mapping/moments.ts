import { Temporal } from "temporal-polyfill";

/** Raised by a function of an expression; the message is what a person must know to put it right. */
export class BadValue extends Error {}

const iso = (ms: number): string => {
  const at = new Date(ms);
  if (!Number.isFinite(ms) || Number.isNaN(at.getTime())) throw new BadValue(`${ms} is no moment`);
  return at.toISOString();
};

const whole = (value: unknown, what: string): number => {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  if (typeof number === "bigint") return Number(number);
  if (typeof number === "number" && Number.isFinite(number)) return number;
  throw new BadValue(`${what} needs a number, found ${shownKind(value)}`);
};

/** What a value is, without saying it: raw records may hold anything about anybody. */
export const shownKind = (value: unknown): string =>
  value === null
    ? "null"
    : typeof value === "string"
      ? `a text of ${value.length} characters`
      : Array.isArray(value)
        ? "a list"
        : `a ${typeof value}`;

/** Numbers since 1970, as systems keep time, to a moment in ISO 8601. */
export const fromSeconds = (value: unknown): string => iso(whole(value, "seconds") * 1_000);
export const fromMillis = (value: unknown): string => iso(whole(value, "millis"));
export const fromMicros = (value: unknown): string =>
  iso(Math.floor(whole(value, "micros") / 1_000));

/** Days since 1970, as Debezium and Avro keep dates, to `2018-01-14`. */
export const fromDays = (value: unknown): string =>
  iso(whole(value, "days") * 86_400_000).slice(0, 10);

const orders = {
  ymd: /^(\d{4})[-/.](\d\d?)[-/.](\d\d?)(.*)$/,
  dmy: /^(\d\d?)[-/.](\d\d?)[-/.](\d{4})(.*)$/,
  mdy: /^(\d\d?)[-/.](\d\d?)[-/.](\d{4})(.*)$/,
} as const;

const clock = /^[ T](\d\d?):(\d\d)(?::(\d\d)(?:[.,]\d{1,9})?)?(?: ?([AaPp])[Mm])?$/;

function hourOf(text: string, half: string | undefined): number {
  const hour = Number(text);
  if (half === undefined) return hour;
  return (hour % 12) + (half.toLowerCase() === "p" ? 12 : 0);
}

/**
 * A wall-clock reading without a zone, taken in `zone`: `2018-01-14 09:30:00`, `14/01/2018 9:30`
 * (order dmy), `1/14/2018 9:30 PM` (mdy). A day alone stays a day. A time the clocks skipped is
 * taken as if they had not; one they showed twice is the first.
 */
export function fromLocal(value: unknown, zone: string, order = "ymd"): string {
  if (typeof value !== "string")
    throw new BadValue(`local needs a text, found ${shownKind(value)}`);
  if (order !== "ymd" && order !== "dmy" && order !== "mdy") {
    throw new BadValue(`the order of a date is ymd, dmy or mdy`);
  }
  const parts = orders[order].exec(value.trim());
  if (parts === null) throw new BadValue(`a text that is no date in the order ${order}`);
  const [, a = "", b = "", c = "", rest = ""] = parts;
  const [year, month, day] = order === "ymd" ? [a, b, c] : order === "dmy" ? [c, b, a] : [c, a, b];
  const date = { year: Number(year), month: Number(month), day: Number(day) };
  try {
    if (rest === "") return Temporal.PlainDate.from(date, { overflow: "reject" }).toString();
    const [, hour, minute, second = "0", half] = clock.exec(rest) ?? [];
    if (hour === undefined) throw new BadValue("a text whose time of day cannot be read");
    const time = { hour: hourOf(hour, half), minute: Number(minute), second: Number(second) };
    return iso(
      Temporal.PlainDateTime.from({ ...date, ...time }, { overflow: "reject" }).toZonedDateTime(
        zone,
      ).epochMilliseconds,
    );
  } catch (error) {
    if (error instanceof BadValue) throw error;
    throw new BadValue(`a date or a time zone (${zone}) that does not exist`);
  }
}
