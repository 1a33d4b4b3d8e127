import { InvariantError } from "@troth/events";
import { LogError, type LogErrorCode } from "@troth/log";
import { type Clock, isRetryable, type Logger } from "@troth/runtime";
import { StoppedError } from "./stopped.ts";
import type { Wait } from "./waits.ts";

/** What is kept running: it comes to its end only by failing or by being closed. */
export type Kept = {
  readonly running: Promise<void>;
  readonly close: () => Promise<void>;
  /** What it waits for at the moment, beyond the next record. */
  readonly waits?: () => readonly Wait[];
};

export type Supervised<K extends Kept> = {
  /** What runs at the moment; null while it is being started again, and after it stopped for good. */
  readonly current: () => K | null;
  /** Why it stopped for good; null while it has not. */
  readonly stopped: () => string | null;
  readonly waits: () => readonly Wait[];
  readonly close: () => Promise<void>;
};

export type Supervision<K extends Kept> = {
  readonly name: string;
  readonly open: () => Promise<K>;
  readonly clock: Clock;
  readonly log: Logger;
};

/** Going on would skip or repeat something, however often it is tried. */
const finalCodes: ReadonlySet<LogErrorCode> = new Set<LogErrorCode>([
  "corrupt",
  "segment-missing",
  "truncated",
  "unknown-format",
  "recreated",
  "unsafe",
]);
const isFinal = (error: unknown): boolean =>
  error instanceof StoppedError ||
  error instanceof InvariantError ||
  (error instanceof LogError && !isRetryable(error) && finalCodes.has(error.code));

const firstWaitMs = 200;
const waitMsMax = 5_000;

/**
 * Keeps a machine running: what the world breaks is opened again, from the last snapshot, with fresh
 * logs. What would only break again stops, with one message; nothing of it is skipped.
 */
export function supervise<K extends Kept>(supervision: Supervision<K>): Supervised<K> {
  const { name, open, clock, log } = supervision;
  const stop = new AbortController();
  let current: K | null = null;
  let stopped: string | null = null;
  let failed: string | null = null;
  let waitMs = firstWaitMs;

  const once = async (): Promise<void> => {
    const opened = await open();
    const openedAt = clock.now();
    current = opened;
    failed = null;
    try {
      if (!stop.signal.aborted) await opened.running;
    } finally {
      current = null;
      if (clock.now() - openedAt > waitMsMax) waitMs = firstWaitMs;
      await opened.close().catch(() => undefined);
    }
  };
  const pause = (): Promise<void> =>
    new Promise((resolve) => {
      const timer = clock.setTimer(waitMs, resolve);
      stop.signal.addEventListener("abort", () => {
        timer.cancel();
        resolve();
      });
    });
  const loop = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      try {
        await once();
      } catch (error) {
        if (stop.signal.aborted) return;
        const said = error instanceof Error ? error.message : String(error);
        if (isFinal(error)) {
          stopped = `${name}: ${said}`;
          log.error("stopped for good", { name, error: said });
          return;
        }
        failed = said;
        log.warn("started again", { name, error: said, waitMs });
        await pause();
        waitMs = Math.min(2 * waitMs, waitMsMax);
      }
    }
  };
  const running = loop();
  return {
    current: () => current,
    stopped: () => stopped,
    waits: () => {
      if (stopped !== null) return [];
      if (current !== null) return current.waits?.() ?? [];
      return failed === null
        ? [{ for: "restore", what: `${name} is being opened` }]
        : [{ for: "again", what: `${name} is opened again, as it failed: ${failed}` }];
    },
    close: async () => {
      stop.abort();
      await current?.close().catch(() => undefined);
      await running;
    },
  };
}
