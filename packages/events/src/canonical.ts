/** JSON with object keys in code-unit order, no spaces: the same value is the same bytes anywhere. */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value) ?? "null";
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item)).join(",")}]`;
  const record = value as Readonly<Record<string, unknown>>;
  const parts: string[] = [];
  for (const key of Object.keys(record).sort()) {
    const item = record[key];
    if (item !== undefined) parts.push(`${JSON.stringify(key)}:${canonicalJson(item)}`);
  }
  return `{${parts.join(",")}}`;
}

const dayMs = 86_400_000;
/** Between these every year has four digits; the rest is left to the language. */
const plainFrom = Date.UTC(1600, 0, 1);
const plainUntil = Date.UTC(9999, 0, 1);

/** The day written last, since times come in runs of the same few days. */
let lastDay = Number.NaN;
let lastDayText = "";

const two = (value: number): string => (value < 10 ? `0${value}` : `${value}`);
const three = (value: number): string => (value < 100 ? `0${two(value)}` : `${value}`);

/** UTC milliseconds as `2018-01-14T00:00:00.000Z`, the only form times are written in. */
export function isoTime(ms: number): string {
  if (!(ms >= plainFrom && ms < plainUntil)) return new Date(ms).toISOString();
  const whole = Math.trunc(ms);
  const day = Math.floor(whole / dayMs);
  if (day !== lastDay) {
    lastDay = day;
    lastDayText = new Date(day * dayMs).toISOString().slice(0, 11);
  }
  const inDay = whole - day * dayMs;
  const seconds = Math.floor(inDay / 1_000);
  const minutes = Math.floor(seconds / 60);
  const clock = `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}:${two(seconds % 60)}`;
  return `${lastDayText}${clock}.${three(inDay % 1_000)}Z`;
}
