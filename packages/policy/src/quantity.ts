/** Milliseconds of the units durations are written in. */
export const unitMs = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
} as const;
type Unit = keyof typeof unitMs;

export const dayMs = unitMs.d;
/** Longer than any promise; keeps every sum of times an exact integer. */
const durationMaxMs = 36_525 * dayMs;

const shortShape = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d|w))+$/u;
const shortPart = /(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/gu;
const isoShape =
  /^P(?!$)(?:(\d+)W)?(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d{1,3})?)S)?)?$/u;

const isUnit = (text: string | undefined): text is Unit => text !== undefined && text in unitMs;

function wholeMs(ms: number): number | null {
  const rounded = Math.round(ms);
  return Math.abs(ms - rounded) < 1e-6 && rounded <= durationMaxMs ? rounded : null;
}

/** "15m", "1h30m", "3d", "P3D", "PT4H" in milliseconds; null for anything else. Months have no length. */
export function parseDuration(text: string): number | null {
  if (text.length > 40) return null;
  if (text === "0") return 0;
  if (shortShape.test(text)) {
    let sum = 0;
    for (const [, count, unit] of text.matchAll(shortPart)) {
      if (isUnit(unit)) sum += Number(count) * unitMs[unit];
    }
    return wholeMs(sum);
  }
  const iso = isoShape.exec(text);
  if (iso === null) return null;
  const [, weeks, days, hours, minutes, seconds] = iso;
  const part = (count: string | undefined, unit: number): number => Number(count ?? 0) * unit;
  return wholeMs(
    part(weeks, unitMs.w) +
      part(days, unitMs.d) +
      part(hours, unitMs.h) +
      part(minutes, unitMs.m) +
      part(seconds, unitMs.s),
  );
}

/** A span of working time: "2 business days", "4 business hours". */
export type BusinessSpan = { readonly count: number; readonly unit: "day" | "hour" };
const businessShape = /^(\d{1,3}) (?:business|working) (day|hour)s?$/u;

export function parseBusinessSpan(text: string): BusinessSpan | null {
  const match = businessShape.exec(text);
  const count = Number(match?.[1] ?? 0);
  const unit = match?.[2];
  if (count === 0 || (unit !== "day" && unit !== "hour")) return null;
  return { count, unit };
}

const decimalShape = /^([+-]?)(\d{1,15})(?:\.(\d*))?(?:e([+-]?\d{1,3}))?$/u;

/**
 * A decimal in whole ten-thousandths, read digit by digit: 0.1 is 1000, never 999.99…. Digits
 * beyond the fourth are rounded half away from zero. Null for what is no decimal or too large to
 * be exact.
 */
export function tenThousandths(decimal: string | number): number | null {
  if (typeof decimal === "number" && Number.isInteger(decimal)) {
    return Math.abs(decimal) <= 900_000_000_000 ? decimal * 10_000 + 0 : null;
  }
  const match = decimalShape.exec(String(decimal));
  if (match === null) return null;
  const [, sign, whole = "", fraction = "", power = "0"] = match;
  const shift = Number(power) + 4;
  let digits = whole + fraction;
  let point = whole.length + shift;
  if (point < 0) {
    digits = "0".repeat(Math.min(-point, 20)) + digits;
    point = 0;
  }
  const kept = digits.slice(0, point).padEnd(point, "0").replace(/^0+/u, "");
  if (kept.length > 15) return null;
  const up = (digits[point] ?? "0") >= "5" ? 1 : 0;
  const size = Number(kept === "" ? "0" : kept) + up;
  return sign === "-" && size !== 0 ? -size : size;
}

/** What a measured value counts: decides how thresholds are written and how it is said. */
export type Dimension = "duration" | "money" | "number" | "instant";

/** A threshold as the policy writes it, in the integers of its dimension; null if it does not fit. */
export function parseThreshold(text: string | number, dimension: Dimension): number | null {
  if (dimension === "duration") {
    if (typeof text === "number") return text === 0 ? 0 : null;
    const negative = text.startsWith("-");
    const ms = parseDuration(negative ? text.slice(1) : text);
    return ms === null ? null : negative ? 0 - ms : ms;
  }
  return tenThousandths(text);
}
