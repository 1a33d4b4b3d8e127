import type { Clock } from "./ports.ts";

type SignalName = "SIGTERM" | "SIGINT";

/** The part of `process` that is needed: who tells us to stop, and how to go when we cannot. */
export type StopHost = {
  readonly on: (signal: SignalName, listener: () => void) => unknown;
  readonly off: (signal: SignalName, listener: () => void) => unknown;
  readonly exit: (code: number) => void;
};

export type Stop = {
  /** Aborts when the process was told to stop, or `request` was called. */
  readonly signal: AbortSignal;
  /** Registers what to close; run in reverse order, one after another. */
  readonly defer: (name: string, close: () => Promise<void> | void) => void;
  readonly request: (why: string) => void;
  /** Waits for the request, then closes everything; resolves with the exit code, 0 or 1. */
  readonly finish: () => Promise<number>;
};

export type StopOptions = {
  readonly host: StopHost;
  readonly clock: Clock;
  /** The whole teardown may take this long before the process goes without it. */
  readonly graceMs?: number;
  readonly tell?: (event: StopEvent) => void;
};

/** `name` is what asked for the stop, what was closed, or what was still closing when time was over. */
export type StopEvent = {
  readonly stop: "requested" | "closed" | "failed" | "overran";
  readonly name: string;
  /** How long it took to close, or (overran) how long all of it was given. */
  readonly ms: number;
  readonly error?: unknown;
};

/**
 * Reverse teardown on SIGTERM or SIGINT. A second signal, or an overrun of the grace time, ends
 * the process at once: everything here is written to survive that.
 */
export function openStop(options: StopOptions): Stop {
  const { host, clock, graceMs = 5_000, tell = () => undefined } = options;
  const abort = new AbortController();
  let closing = "nothing";
  const closers: { readonly name: string; readonly close: () => Promise<void> | void }[] = [];

  const request = (why: string): void => {
    if (abort.signal.aborted) return;
    tell({ stop: "requested", name: why, ms: 0 });
    abort.abort(why);
  };
  const onSignal = (name: SignalName) => (): void => {
    if (abort.signal.aborted) host.exit(1);
    request(name);
  };
  const listeners = (["SIGTERM", "SIGINT"] as const).map((name) => [name, onSignal(name)] as const);
  for (const [name, listener] of listeners) host.on(name, listener);

  const teardown = async (): Promise<number> => {
    let code = 0;
    for (let next = closers.pop(); next !== undefined; next = closers.pop()) {
      const { name } = next;
      closing = name;
      const began = clock.now();
      try {
        await next.close();
        tell({ stop: "closed", name, ms: clock.now() - began });
      } catch (error) {
        code = 1;
        tell({ stop: "failed", name, ms: clock.now() - began, error });
      }
    }
    return code;
  };

  return {
    signal: abort.signal,
    defer: (name, close) => void closers.push({ name, close }),
    request,
    finish: async () => {
      if (!abort.signal.aborted)
        await new Promise((resolve) =>
          abort.signal.addEventListener("abort", resolve, { once: true }),
        );
      const overrun = clock.setTimer(graceMs, () => {
        tell({ stop: "overran", name: closing, ms: graceMs });
        host.exit(1);
      });
      try {
        return await teardown();
      } finally {
        overrun.cancel();
        for (const [name, listener] of listeners) host.off(name, listener);
      }
    },
  };
}
