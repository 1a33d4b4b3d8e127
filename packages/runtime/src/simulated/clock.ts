import type { Clock } from "../ports.ts";

export type SimulatedClock = Clock & {
  /** Moves time on by `ms`, firing every timer on the way at its own moment, in order. */
  readonly advance: (ms: number) => void;
  /** Sets the time of day without time passing, as an administrator does; timers do not notice. */
  readonly set: (nowMs: number) => void;
};

type Waiting = { readonly at: number; readonly order: number; readonly fire: () => void };

export function openSimulatedClock(startMs = 0): SimulatedClock {
  let elapsed = 0;
  let offset = startMs;
  let order = 0;
  const waiting = new Set<Waiting>();

  const nextDue = (until: number): Waiting | null => {
    let next: Waiting | null = null;
    for (const timer of waiting) {
      if (timer.at > until) continue;
      if (next === null || timer.at < next.at || (timer.at === next.at && timer.order < next.order))
        next = timer;
    }
    return next;
  };

  return {
    now: () => offset + elapsed,
    elapsed: () => elapsed,
    setTimer: (afterMs, fire) => {
      order += 1;
      const timer = { at: elapsed + Math.max(0, afterMs), order, fire };
      waiting.add(timer);
      return { cancel: () => void waiting.delete(timer) };
    },
    advance: (ms) => {
      const until = elapsed + ms;
      for (let due = nextDue(until); due !== null; due = nextDue(until)) {
        waiting.delete(due);
        elapsed = Math.max(elapsed, due.at);
        due.fire();
      }
      elapsed = until;
    },
    set: (nowMs) => {
      offset = nowMs - elapsed;
    },
  };
}
