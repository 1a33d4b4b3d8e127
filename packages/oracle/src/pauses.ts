import { ascending } from "./order.ts";
import type { Mark } from "./traces.ts";

export type PauseInput = {
  readonly due: number;
  readonly madeAt: number;
  readonly paused: readonly Mark[];
  readonly resumed: readonly Mark[];
};

type Interval = { readonly from: number; readonly until: number | null };

/** The due moment pushed by every pause that starts before it; null while a pause is open. */
export function pausedDue(input: PauseInput): number | null {
  let due = input.due;
  for (const interval of intervalsOf(input)) {
    const from = Math.max(interval.from, input.madeAt);
    if (from >= due) continue;
    if (interval.until === null) return null;
    due += Math.max(0, interval.until - from);
  }
  return due;
}

/** A pause lasts from the first paused mark to the next resumed one, however often either is said. */
function intervalsOf(input: PauseInput): Interval[] {
  const intervals: Interval[] = [];
  let from: number | null = null;
  for (const mark of ascending([...input.paused, ...input.resumed])) {
    if (mark.role === "paused") from ??= mark.at;
    else if (from !== null) {
      intervals.push({ from, until: mark.at });
      from = null;
    }
  }
  if (from !== null) intervals.push({ from, until: null });
  return intervals;
}
