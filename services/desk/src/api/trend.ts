import { isoTime } from "@troth/events";
import type { TimelineEntry, TrendPoint } from "./schemas.ts";

const pointsMax = 120;

/**
 * How the relationship went: the score each time it was said, and what the customer answered when asked.
 * `entries` latest first, as a page has them; the points oldest first, with the present one last.
 */
export function trendOf(
  entries: readonly TimelineEntry[],
  now: number,
  score: number,
): TrendPoint[] {
  const points: TrendPoint[] = [];
  for (const entry of [...entries].reverse()) {
    const { at } = entry;
    if (entry.kind === "alert" || entry.kind === "level") {
      points.push({ at, score: entry.score, answer: null });
    }
    if (entry.kind === "survey") points.push({ at, score: entry.riskScore, answer: null });
    if (entry.kind !== "fact" || entry.type !== "survey.answered") continue;
    const answer = entry.fields.find(({ label }) => label === "Outcome");
    const last = points.at(-1);
    if (answer?.is === "word") points.push({ at, score: last?.score ?? 0, answer: answer.value });
  }
  if (points.length === 0) return [];
  return [...points.slice(-pointsMax), { at: isoTime(now), score, answer: null }];
}
