import type { Log } from "@troth/log";
import { type Clock, type Logger, openSteadyClock } from "@troth/runtime";

/** Log time of the last record; null while there is none. */
export async function latestStamp(facts: Log): Promise<number | null> {
  const end = await facts.end();
  if (end === 0) return null;
  for await (const record of facts.read(end - 1)) return record.stamp;
  return null;
}

const says = {
  held: "the clock is far ahead of log time, which follows it once half a minute has confirmed it; set the clock right if it is wrong",
  confirmed: "the clock that is far ahead was confirmed; log time follows it",
  "taken-back": "the clock is no longer far ahead",
} as const;

/** The clock log time is stamped by where it is live: jumps ahead of it are confirmed first, and told. */
export const openLiveClock = (
  clock: Clock,
  since: number | null,
  log: Pick<Logger, "warn">,
): Clock =>
  openSteadyClock(clock, {
    since,
    tell: (what, ms) => log.warn(says[what], { minutes: Math.round(ms / 60_000) }),
  });
