/** Moments outside this are mistakes (year 9999, epoch zero), not events of a customer's life. */
export const earliest = Date.UTC(1990, 0, 1);
export const latest = Date.UTC(2100, 0, 1);

export const dayMs = 86_400_000;

const days = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Days since 1970-01-01 of a proleptic Gregorian date (Howard Hinnant's days_from_civil). */
function dayNumber(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

const leap = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;

/** `count` digits from `at` as a number, or -1; written out because every event passes here. */
function digits(text: string, at: number, count: number): number {
  let value = 0;
  for (let i = at; i < at + count; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (!(digit >= 0 && digit <= 9)) return -1;
    value = value * 10 + digit;
  }
  return value;
}

function dateMs(text: string): number {
  const year = digits(text, 0, 4);
  const month = digits(text, 5, 2);
  const day = digits(text, 8, 2);
  if (year < 0 || month < 1 || month > 12 || day < 1) return Number.NaN;
  if (text[4] !== "-" || text[7] !== "-") return Number.NaN;
  const longest = month === 2 && leap(year) ? 29 : (days[month - 1] ?? 0);
  return day > longest ? Number.NaN : dayNumber(year, month, day) * dayMs;
}

/** Minutes east of UTC written at `at`, which must end the text. */
function zoneMs(text: string, at: number): number {
  const sign = text[at];
  if (sign === "Z" || sign === "z") return text.length === at + 1 ? 0 : Number.NaN;
  if (sign !== "+" && sign !== "-") return Number.NaN;
  const colon = text[at + 3] === ":" ? 1 : 0;
  const hours = digits(text, at + 1, 2);
  const minutes = digits(text, at + 3 + colon, 2);
  if (text.length !== at + 5 + colon || hours < 0 || hours > 23 || minutes < 0 || minutes > 59) {
    return Number.NaN;
  }
  return (sign === "-" ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

/**
 * UTC milliseconds of an ISO 8601 moment with `Z` or an offset, or of a day alone: its first
 * millisecond, or its last when `end`. NaN when it is no such text or outside 1990 to 2100.
 * Digits beyond milliseconds are cut off. A local time without offset is refused: nobody can say
 * which moment it is.
 */
export function parseInstant(text: string, end: boolean): number {
  const ms = text.length === 10 ? dateMs(text) + (end ? dayMs - 1 : 0) : dateTimeMs(text);
  return ms >= earliest && ms < latest ? ms : Number.NaN;
}

function dateTimeMs(text: string): number {
  const separator = text[10];
  if (text.length < 17 || text.length > 40) return Number.NaN;
  if (separator !== "T" && separator !== "t" && separator !== " ") return Number.NaN;
  const hours = digits(text, 11, 2);
  const minutes = digits(text, 14, 2);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59 || text[13] !== ":") return Number.NaN;
  let at = 16;
  let seconds = 0;
  let fraction = 0;
  if (text[at] === ":") {
    seconds = digits(text, 17, 2);
    if (seconds < 0 || seconds > 59) return Number.NaN;
    at = 19;
    if (text[at] === ".") {
      const from = at + 1;
      for (at = from; digits(text, at, 1) >= 0; at++) {
        if (at < from + 3)
          fraction += digits(text, at, 1) * (at === from ? 100 : at === from + 1 ? 10 : 1);
      }
      if (at === from) return Number.NaN;
    }
  }
  return (
    dateMs(text) +
    hours * 3_600_000 +
    minutes * 60_000 +
    seconds * 1000 +
    fraction -
    zoneMs(text, at)
  );
}

const duration =
  /^P(?=\d|T\d)(?:(\d{1,6})W)?(?:(\d{1,7})D)?(?:T(?=\d)(?:(\d{1,8})H)?(?:(\d{1,10})M)?(?:(\d{1,12})(?:\.(\d{1,3}))?S)?)?$/;

/** Longest duration a field may hold: what lies between the earliest and the latest moment. */
export const durationMax = latest - earliest;

/** Milliseconds of an ISO 8601 duration; NaN for years and months, whose length is not fixed. */
export function parseDuration(text: string): number {
  const found = duration.exec(text);
  if (found === null) return Number.NaN;
  const part = (index: number): number => Number(found[index] ?? 0);
  const ms =
    (part(1) * 7 + part(2)) * dayMs +
    part(3) * 3_600_000 +
    part(4) * 60_000 +
    part(5) * 1000 +
    Number((found[6] ?? "").padEnd(3, "0"));
  return ms <= durationMax ? ms : Number.NaN;
}

/** The shortest exact form is not sought; seconds alone read back to the same milliseconds. */
export const isoDuration = (ms: number): string => `PT${ms / 1000}S`;
