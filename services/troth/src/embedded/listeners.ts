import type { Output } from "@troth/events";
import type { LakeOptions } from "@troth/lake";
import type { Log } from "@troth/log";
import { type NotifyOptions, openNotify } from "@troth/notify";
import type { Clock } from "@troth/runtime";
import type { Reader } from "./feed.ts";
import { lakeReader } from "./lake-reader.ts";

export type ListenersOptions = {
  readonly lake: LakeOptions;
  /** The log the outputs were judged from. */
  readonly facts: Log;
  readonly notify: NotifyOptions;
  /** Sees every output before the voice does: what it says rests on it. */
  readonly beforeNotify?: (output: Output) => Promise<void> | undefined;
  readonly clock: Clock;
  /** Aborts when the process is told to stop: then nobody waits for a store that is away. */
  readonly stop: AbortSignal;
  /** Readers that only count or show; they keep nothing of their own. */
  readonly folds: Readonly<Record<string, Reader["fold"]>>;
  readonly tell: {
    /** Offset of the last fact whose outputs are durable in the lake. */
    readonly lakeReached: (inOffset: number) => void;
    /** The lake's store does not answer; it will be tried again. */
    readonly lakeWaits: (error: unknown, againMs: number) => void;
  };
};

export type Listeners = {
  readonly readers: readonly Reader[];
  /** Says that the past is in: from now on the outside hears of what happens, and of what still stands. */
  readonly caughtUp: () => void;
  /** Whom an alert that is not over speaks of. */
  readonly customerOf: (alertId: string) => string | null;
  /** Messages not sent yet. */
  readonly waiting: () => number;
  readonly close: () => Promise<void>;
};

/** Memory and voice over the judge's outputs, beside whoever else listens. */
export async function openListeners(options: ListenersOptions): Promise<Listeners> {
  const { clock, stop, tell } = options;
  const notify = await openNotify(options.notify);
  const { lake, facts } = options;
  const patience = { clock, stop, failed: tell.lakeWaits };
  return {
    readers: [
      ...Object.entries(options.folds).map(([name, fold]) => ({ name, fold })),
      {
        name: "notify",
        fold: (output) => {
          const waiting = options.beforeNotify?.(output);
          if (waiting !== undefined) return waiting.then(() => notify.fold(output));
          notify.fold(output);
          return undefined;
        },
      },
      { name: "lake", fold: lakeReader({ lake, facts, reached: tell.lakeReached }, patience) },
    ],
    caughtUp: notify.caughtUp,
    customerOf: notify.customerOf,
    waiting: notify.waiting,
    close: notify.close,
  };
}
