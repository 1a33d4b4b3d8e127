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

/** Days written lately, each at its place by number: what is said of one customer goes to and fro between a few. */
const daysKept = 64;
const days = new Float64Array(daysKept).fill(Number.NaN);
const dayTexts = new Array<string>(daysKept).fill("");

const digits = (count: number, width: number): readonly string[] =>
  Array.from({ length: count }, (_, i) => String(i).padStart(width, "0"));
const two = digits(60, 2);
const three = digits(1_000, 3);

function dayText(day: number): string {
  const place = day & (daysKept - 1);
  if (days[place] !== day) {
    days[place] = day;
    dayTexts[place] = new Date(day * dayMs).toISOString().slice(0, 11);
  }
  return dayTexts[place] ?? "";
}

/** UTC milliseconds as `2018-01-14T00:00:00.000Z`, the only form times are written in. */
export function isoTime(ms: number): string {
  if (!(ms >= plainFrom && ms < plainUntil)) return new Date(ms).toISOString();
  const whole = Math.trunc(ms);
  const day = Math.floor(whole / dayMs);
  const inDay = whole - day * dayMs;
  const seconds = Math.floor(inDay / 1_000);
  const minutes = Math.floor(seconds / 60);
  const clock = `${two[Math.floor(minutes / 60)]}:${two[minutes % 60]}:${two[seconds % 60]}`;
  return `${dayText(day)}${clock}.${three[inDay % 1_000]}Z`;
}
