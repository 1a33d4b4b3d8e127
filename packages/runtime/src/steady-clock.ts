import type { Clock } from "./ports.ts";

/** A clock that goes further ahead than time passed is not believed at once. */
export const jumpMs = 15 * 60_000;
/** So often it must say so again, each time a while after the one before. */
export const confirmationsMin = 30;
export const confirmEveryMs = 1_000;

export type SteadyOptions = {
  /** Time reached before this process began, null where nothing was; a clock far beyond it has jumped. */
  readonly since: number | null;
  /** Hears when a jump is held back, and what became of it. */
  readonly tell?: (what: "held" | "confirmed" | "taken-back", ms: number) => void;
};

type Jump = { readonly aheadMs: number; confirmations: number; saidAt: number };

/**
 * A live clock whose jumps ahead count only after they were confirmed; until then it goes on from where
 * it was at the pace of time. Deadlines do not pass because somebody set a clock wrong, or because a
 * machine began with a wrong one. Steps back go through: log time is the greatest seen.
 */
export function openSteadyClock(clock: Clock, options: SteadyOptions): Clock {
  const { since, tell = () => undefined } = options;
  /** The greatest time given, and when. */
  let reached = since ?? clock.now();
  let reachedAt = clock.elapsed();
  let jump: Jump | null = null;
  let isWatched = false;

  const accept = (now: number, elapsed: number): number => {
    if (now > reached) {
      reached = now;
      reachedAt = elapsed;
    }
    return now;
  };

  /** Goes on looking while a jump waits, also where nobody asks for the time. */
  const watch = (): void => {
    if (isWatched) return;
    isWatched = true;
    clock.setTimer(confirmEveryMs, () => {
      isWatched = false;
      now();
    });
  };

  function now(): number {
    const said = clock.now();
    const elapsed = clock.elapsed();
    const expected = reached + (elapsed - reachedAt);
    const aheadMs = said - expected;
    if (aheadMs <= jumpMs) {
      if (jump !== null) tell("taken-back", jump.aheadMs);
      jump = null;
      return accept(said, elapsed);
    }
    if (jump === null || Math.abs(aheadMs - jump.aheadMs) > jumpMs) {
      jump = { aheadMs, confirmations: 0, saidAt: elapsed };
      tell("held", aheadMs);
    } else if (elapsed - jump.saidAt >= confirmEveryMs) {
      jump.confirmations += 1;
      jump.saidAt = elapsed;
    }
    if (jump.confirmations >= confirmationsMin) {
      jump = null;
      tell("confirmed", aheadMs);
      return accept(said, elapsed);
    }
    watch();
    return expected;
  }

  return { now, elapsed: clock.elapsed, setTimer: clock.setTimer };
}
