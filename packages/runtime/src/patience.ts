import type { Clock } from "./ports.ts";

/** Whether the error says of itself that the same call may succeed later. */
export const isRetryable = (error: unknown): boolean =>
  error instanceof Error && "retryable" in error && error.retryable === true;

export type Patience = {
  readonly clock: Clock;
  readonly stop: AbortSignal;
  /** Hears of every failed attempt and when the next one will be. */
  readonly failed: (error: unknown, againMs: number) => void;
};

const firstWaitMs = 100;
const waitMsMax = 10_000;

/** Resolves after so long, or at once when told to stop. */
const pause = (ms: number, { clock, stop }: Patience): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      timer.cancel();
      stop.removeEventListener("abort", done);
      resolve();
    };
    const timer = clock.setTimer(ms, done);
    stop.addEventListener("abort", done);
    if (stop.aborted) done();
  });

/**
 * Does `work` again and again while the world fails in a way that may pass: a full disk, a store that
 * does not answer. Null once told to stop; any other failure is thrown at once.
 */
export async function patiently<T>(work: () => Promise<T>, patience: Patience): Promise<T | null> {
  for (let waitMs = firstWaitMs; ; waitMs = Math.min(2 * waitMs, waitMsMax)) {
    try {
      return await work();
    } catch (error) {
      if (!isRetryable(error)) throw error;
      if (patience.stop.aborted) return null;
      patience.failed(error, waitMs);
    }
    await pause(waitMs, patience);
    if (patience.stop.aborted) return null;
  }
}
