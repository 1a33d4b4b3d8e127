import type { Clock, Logger, Metrics } from "@troth/runtime";
import { type Wait, type WaitKind, waitKinds } from "../partitioned/waits.ts";

export type WaitTelling = {
  /** One line for each wait that lasts, for the readiness page. */
  readonly lines: () => readonly string[];
  readonly close: () => void;
};

const lookEveryMs = 1_000;
/** Shorter waits are part of the work. */
const toldAfterMs = 5_000;
const toldAgainAfterMs = 60_000;

type Lasting = { readonly wait: Wait; readonly sinceMs: number; toldAtMs: number | null };

/**
 * Looks each second at what a service waits for: a wait that lasts is a line of its log, a line of its
 * readiness page and a metric, so that nobody waits without a word.
 */
export function tellWaits(options: {
  readonly waits: () => readonly Wait[];
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
}): WaitTelling {
  const { waits, clock, log, metrics } = options;
  const seconds = metrics.gauge({
    name: "troth_waits_seconds",
    help: "How long it has waited by now, by what for; 0: it does not.",
    labels: { for: waitKinds },
  });
  let lasting = new Map<string, Lasting>();
  let timer = clock.setTimer(lookEveryMs, look);

  function look(): void {
    const now = clock.now();
    const seen = new Map<string, Lasting>();
    for (const wait of waits()) {
      const name = `${wait.for} ${wait.what}`;
      seen.set(name, lasting.get(name) ?? { wait, sinceMs: now, toldAtMs: null });
    }
    for (const [name, one] of lasting) {
      if (seen.has(name) || one.toldAtMs === null) continue;
      log.info("waits no longer", { what: one.wait.what, seconds: secondsOf(one, now) });
    }
    lasting = seen;
    const longest = new Map<WaitKind, number>(waitKinds.map((kind) => [kind, 0]));
    for (const one of lasting.values()) {
      const so = secondsOf(one, now);
      longest.set(one.wait.for, Math.max(longest.get(one.wait.for) ?? 0, so));
      const isDue =
        one.toldAtMs === null
          ? now - one.sinceMs >= toldAfterMs
          : now - one.toldAtMs >= toldAgainAfterMs;
      if (!isDue) continue;
      one.toldAtMs = now;
      log.warn("waits", { for: one.wait.for, what: one.wait.what, seconds: so });
    }
    for (const [kind, so] of longest) seconds.set({ for: kind }, so);
    timer = clock.setTimer(lookEveryMs, look);
  }

  return {
    lines: () => {
      const now = clock.now();
      return [...lasting.values()].map(
        (one) => `waits for ${secondsOf(one, now)} s: ${one.wait.what}`,
      );
    },
    close: () => timer.cancel(),
  };
}

const secondsOf = ({ sinceMs }: Lasting, now: number): number =>
  Math.floor((now - sinceMs) / 1_000);
