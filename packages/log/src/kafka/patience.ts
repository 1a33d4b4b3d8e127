import type { Clock } from "@troth/runtime";
import { LogError } from "../log-error.ts";
import { isForbidden, isUnknownCodec } from "./connection.ts";

const firstPauseMs = 50;
const longestPauseMs = 2_000;

export const pause = (clock: Clock, ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = (): void => {
      timer.cancel();
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = clock.setTimer(ms, done);
    signal?.addEventListener("abort", done);
  });

/** What kafkajs promised is left to itself when it is late: it may come to no end. */
export function within<T>(clock: Clock, ms: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = (): void => reject(new Error(`no answer from Kafka in ${ms} ms`));
    const timer = clock.setTimer(ms, late);
    work.then(resolve, reject).finally(() => timer.cancel());
  });
}

type Inner = { readonly message?: string; readonly retriable?: boolean };

/** What kafkajs packs into one error when it asked for several things. */
const innerOf = (error: unknown): readonly Inner[] =>
  error instanceof Error && "errors" in error && Array.isArray(error.errors) ? error.errors : [];

/** What no waiting mends. */
export function isFinal(error: unknown): boolean {
  if (error instanceof LogError) return !error.retryable;
  const inner = innerOf(error);
  if (inner.length > 0) return inner.some(({ retriable }) => retriable === false);
  return isForbidden(error) || isUnknownCodec(error);
}

export function why(error: unknown): string {
  const said = error instanceof Error ? error.message : String(error);
  return [said, ...innerOf(error).map(({ message }) => message)].join(": ");
}

export type Patience = {
  readonly clock: Clock;
  readonly deadlineMs: number;
  readonly troubled?: ((what: string) => void) | undefined;
};

/** Network and brokers come and go: tries again with growing pauses until `deadlineMs` is over. */
export async function patiently<T>(
  what: string,
  options: Patience,
  attempt: () => Promise<T>,
): Promise<T> {
  const { clock, deadlineMs, troubled } = options;
  const until = clock.now() + deadlineMs;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
    try {
      return await within(clock, Math.max(1, until - clock.now()), attempt());
    } catch (error) {
      if (error instanceof LogError && isFinal(error)) throw error;
      if (isFinal(error)) throw new LogError("refused", `${what}: ${why(error)}`, { cause: error });
      troubled?.(`${what}: ${why(error)}`);
      if (clock.now() + pauseMs > until)
        throw new LogError("unreachable", `${what}: ${why(error)}`, { cause: error });
    }
    await pause(clock, pauseMs);
  }
}
