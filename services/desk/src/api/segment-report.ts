import { isoTime } from "@troth/events";
import type { z } from "zod";
import type { Happened, Week } from "../view/segment-trends.ts";
import type { Context } from "./context.ts";
import type { segmentReport } from "./schemas.ts";

type Report = z.infer<typeof segmentReport>;
const weeksShown = 12;
/** Of fewer than this nobody can say how it goes. */
const enough = 20;
const months = 4;

const sumOf = (weeks: readonly Week[], name: keyof Happened): number =>
  weeks.reduce((sum, week) => sum + week[name], 0);

const shareOf = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);
const keptIn = (weeks: readonly Week[]): { share: number | null; of: number } => {
  const kept = sumOf(weeks, "kept");
  const of = kept + sumOf(weeks, "broken");
  return { share: shareOf(kept, of), of };
};

/** Two shares differ beyond chance at about one in twenty: a plain test of two proportions. */
function isBeyondChance(
  a: { share: number; of: number },
  b: { share: number; of: number },
): boolean {
  const pooled = (a.share * a.of + b.share * b.of) / (a.of + b.of);
  const spread = Math.sqrt(pooled * (1 - pooled) * (1 / a.of + 1 / b.of));
  return spread > 0 && Math.abs(a.share - b.share) > 1.96 * spread;
}

/** Whether promises to them are kept better than in the weeks before, as far as that can be told. */
function goesOf(weeks: readonly Week[]): Report["segments"][number]["goes"] {
  const [now, before] = [keptIn(weeks.slice(-months)), keptIn(weeks.slice(-2 * months, -months))];
  if (now.share === null || before.share === null || Math.min(now.of, before.of) < enough) {
    return "unclear";
  }
  const isClear = isBeyondChance(
    { share: now.share, of: now.of },
    { share: before.share, of: before.of },
  );
  if (!isClear) return "steady";
  return now.share > before.share ? "better" : "worse";
}

/** How the relationship with each segment goes, over the last weeks. */
export function segmentReportOf({ view, logTime }: Context): Report {
  const now = logTime();
  const segments = view.trends.segments.map((segment) => {
    const weeks = view.trends.weeks(segment, now, weeksShown);
    const last = weeks.at(-1);
    return {
      segment,
      people: last?.people ?? 0,
      atRisk: last?.atRisk ?? 0,
      keptShare: keptIn(weeks.slice(-months)).share,
      keptShareBefore: keptIn(weeks.slice(-2 * months, -months)).share,
      goes: goesOf(weeks),
      weeks: weeks.map((week) => ({ ...week, until: isoTime(week.until) })),
    };
  });
  return {
    segments: segments
      .filter(
        ({ people, weeks }) => people > 0 || weeks.some(({ kept, broken }) => kept + broken > 0),
      )
      .sort((a, b) => b.people - a.people),
    logTime: isoTime(now),
  };
}
