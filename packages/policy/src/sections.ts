import { type Calendar, parseWeekdays } from "./calendar.ts";
import { suggest } from "./nearest.ts";
import type { ScoreRules, SourceRule } from "./policy.ts";
import type { Problems } from "./problem.ts";
import { shown } from "./problem.ts";
import { pointsOf } from "./severity.ts";
import type { CalendarText, ScoreText, SourceText } from "./shape.ts";
import { type Zone, zoneOf } from "./zone.ts";

const utc: Zone = { id: "UTC", offsetAt: () => 0, toUtc: (wall) => wall };

export function zoneNamed(id: string, path: readonly string[], problems: Problems): Zone {
  if (id === "UTC") return utc;
  const zone = zoneOf(id);
  if (zone !== null) return zone;
  const expected = "an IANA time zone";
  const names = Intl.supportedValuesOf("timeZone");
  problems.add({ path, part: "value", found: shown(id), expected, remedy: zoneHint(id, names) });
  return utc;
}

const zoneHint = (id: string, names: readonly string[]): string => {
  const hint = suggest(id, names);
  return hint.startsWith("did you") ? hint : "write one such as Europe/Berlin";
};

export function compileCalendar(name: string, text: CalendarText, problems: Problems): Calendar {
  const week: (readonly [number, number])[][] = [[], [], [], [], [], [], []];
  for (const [days, hours] of Object.entries(text.hours)) {
    for (const day of parseWeekdays(days) ?? []) week[day]?.push(...hours);
  }
  for (const hours of week) {
    hours.sort((a, b) => a[0] - b[0]);
    const overlap = hours.some(([from], i) => i > 0 && from < (hours[i - 1]?.[1] ?? 0));
    if (!overlap) continue;
    const path = ["calendars", name, "hours"];
    const remedy = "let each day be named once, or the hours follow one another";
    problems.add({
      path,
      part: "key",
      found: "hours that overlap",
      expected: "separate hours",
      remedy,
    });
    break;
  }
  const zone = zoneNamed(text.zone, ["calendars", name, "zone"], problems);
  return { zone, week, holidays: new Set(text.holidays) };
}

export function compileSource(id: string, text: SourceText, index: number): SourceRule {
  const exact = new Set(text.match.filter((name) => !name.endsWith("*")));
  const prefixes = text.match.filter((name) => name.endsWith("*")).map((name) => name.slice(0, -1));
  const matches = (source: string): boolean =>
    exact.has(source) || prefixes.some((prefix) => source.startsWith(prefix));
  const { match, owner, silentAfter: silentAfterMs, settle: settleMs } = text;
  return { index, id, matches, match, owner, silentAfterMs, settleMs };
}

export function compileScore(text: ScoreText, problems: Problems): ScoreRules {
  const say = (step: string, found: string, expected: string): void =>
    problems.add({
      path: ["score", step],
      part: "value",
      found,
      expected,
      remedy: "change one of them",
    });
  const { low, medium, high } = text.levels;
  if (low > medium || medium > high)
    say("levels", `${low}, ${medium}, ${high}`, "low <= medium <= high");
  if (text.recoverBelow > text.alertAt) {
    say("recoverBelow", String(text.recoverBelow), `at most alertAt (${text.alertAt})`);
  }
  const falls = text.probability.findIndex(({ from, perMille }, i) => {
    const before = text.probability[i - 1];
    return before !== undefined && (from <= before.from || perMille < before.perMille);
  });
  if (falls > 0) say("probability", `step ${falls + 1} below the one before`, "steps that rise");
  if (text.halfLife === 0) say("halfLife", "0", "more than nothing");
  if (text.reviewEvery < 60_000) say("reviewEvery", "less than a minute", "a minute or more");
  return {
    halfLifeMs: text.halfLife,
    bySeverity: pointsOf(text.severities),
    levels: text.levels,
    alertAt: text.alertAt,
    recoverBelow: text.recoverBelow,
    criticalSeverity: text.criticalSeverity,
    ongoingForMs: text.ongoingFor,
    reviewEveryMs: text.reviewEvery,
    probability: text.probability,
  };
}
