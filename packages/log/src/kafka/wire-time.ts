const zero = 48;
const isoLength = 24;
const dateLength = 10;
/** What stands between the digits, and where. */
const shape = Buffer.from("0000-00-00T00:00:00.000Z");
const marks = [4, 7, 10, 13, 16, 19, 23];

function isIso(bytes: Buffer, from: number, to: number): boolean {
  if (to - from !== isoLength) return false;
  for (const at of marks) if (bytes[from + at] !== shape[at]) return false;
  return true;
}

const digits = (bytes: Buffer, at: number, count: number): number => {
  let value = 0;
  for (let i = at; i < at + count; i += 1) {
    const digit = (bytes[i] ?? 0) - zero;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
};

/** The day read last, since times come in runs of the same few days. */
let lastDay = Number.NaN;
let lastDayMs = Number.NaN;

/** UTC milliseconds of a time as troth writes it, or of whatever else `Date.parse` can read. */
export function timeIn(bytes: Buffer, from: number, to: number): number {
  const parse = (end: number): number => Date.parse(bytes.toString("latin1", from, end));
  if (!isIso(bytes, from, to)) return parse(to);
  const day =
    digits(bytes, from, 4) * 10_000 + digits(bytes, from + 5, 2) * 100 + digits(bytes, from + 8, 2);
  if (day !== lastDay) {
    lastDay = day;
    lastDayMs = day > 0 ? parse(from + dateLength) : Number.NaN;
  }
  const hours = digits(bytes, from + 11, 2);
  const minutes = digits(bytes, from + 14, 2);
  const seconds = digits(bytes, from + 17, 2);
  if (!(hours < 24 && minutes < 60 && seconds < 60)) return parse(to);
  const clock = (hours * 60 + minutes) * 60_000 + seconds * 1_000;
  const ms = lastDayMs + clock + digits(bytes, from + 20, 3);
  return Number.isNaN(ms) ? parse(to) : ms;
}
