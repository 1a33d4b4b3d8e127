/** Sources and tenants are few and come with every record: the same bytes are the same string. */
const slots = 1_024;
const rememberedMax = 96;
const remembered: ({ readonly bytes: Buffer; readonly text: string } | undefined)[] = new Array(
  slots,
).fill(undefined);

/** As `toString`, for texts that come again and again. */
export function repeatedText(bytes: Buffer, from: number, to: number): string {
  if (to - from > rememberedMax) return bytes.toString("utf8", from, to);
  let hash = to - from;
  for (let at = from; at < to; at += 1) hash = (Math.imul(hash, 31) + (bytes[at] ?? 0)) | 0;
  const slot = (hash ^ (hash >>> 15)) & (slots - 1);
  const known = remembered[slot];
  if (known !== undefined && isSame(known.bytes, bytes, from, to)) return known.text;
  const text = bytes.toString("utf8", from, to);
  remembered[slot] = { bytes: Buffer.from(bytes.subarray(from, to)), text };
  return text;
}

function isSame(known: Buffer, bytes: Buffer, from: number, to: number): boolean {
  if (known.length !== to - from) return false;
  for (let i = 0; i < known.length; i += 1) if (known[i] !== bytes[from + i]) return false;
  return true;
}

const zero = 48;
const isoLength = 24;
const dateLength = 10;
/** What stands between the digits of `2018-01-14T00:00:00.000Z`, at even distances from the end. */
const marks = [...Buffer.from("2018-01-14T00:00:00.000Z").entries()].filter(
  ([, byte]) => byte < zero || byte > zero + 9,
);

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
  if (to - from !== isoLength || !marks.every(([i, mark]) => bytes[from + i] === mark))
    return parse(to);
  const day =
    digits(bytes, from, 4) * 10_000 + digits(bytes, from + 5, 2) * 100 + digits(bytes, from + 8, 2);
  if (day !== lastDay) {
    lastDay = day;
    lastDayMs = parse(from + dateLength);
  }
  const hours = digits(bytes, from + 11, 2);
  const minutes = digits(bytes, from + 14, 2);
  const seconds = digits(bytes, from + 17, 2);
  if (!(hours < 24 && minutes < 60 && seconds < 60)) return parse(to);
  const clock = (hours * 60 + minutes) * 60_000 + seconds * 1_000;
  return lastDayMs + clock + digits(bytes, from + 20, 3);
}
