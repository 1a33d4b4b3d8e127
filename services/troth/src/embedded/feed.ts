import { decodeOutput, type Output } from "@troth/events";
import type { Log, LogRecord } from "@troth/log";
import type { Clock } from "@troth/runtime";

/** Somebody who reads what the judge wrote, in order, and drops what they have seen. */
export type Reader = {
  readonly name: string;
  readonly fold: (output: Output) => void | Promise<void>;
};

export type Feed = {
  /** Resolves once every reader, but for those named, has taken all below `offset`, or has failed. */
  readonly caughtUp: (offset: number, but: readonly string[]) => Promise<void>;
  /** Outputs each reader has taken; one that failed stands where it did. */
  readonly positions: () => ReadonlyMap<string, number>;
  readonly close: () => Promise<void>;
};

const outputsPerTurn = 500;
/** Told to close, readers may finish the batch they are at, but not for longer than this. */
const lastTurnMs = 1_000;
/** Outputs kept decoded for the next reader; a power of two. More than a batch of the log. */
const recentMax = 4_096;

/** Decodes each output once for all readers that are near each other; the last lets go of it. */
function decodedOnce(readers: number): (record: LogRecord) => Output {
  const recent: ({ readonly offset: number; readonly output: Output; left: number } | null)[] = [];
  return ({ offset, bytes }) => {
    const place = offset % recentMax;
    const known = recent[place];
    if (known?.offset === offset) {
      known.left -= 1;
      if (known.left === 0) recent[place] = null;
      return known.output;
    }
    const output = decodeOutput(bytes);
    if (readers > 1) recent[place] = { offset, output, left: readers - 1 };
    return output;
  };
}

/**
 * Gives each reader every output from the beginning, each at its own pace: alerts do not wait for the
 * lake. A reader that fails stops alone; `failed` hears of it once.
 */
export function openFeed(
  outputs: Log,
  readers: readonly Reader[],
  failed: (reader: string, error: unknown) => void,
  clock: Clock,
): Feed {
  const stop = new AbortController();
  let isOver = false;
  const outputOf = decodedOnce(readers.length);
  const positions = new Map(readers.map((reader) => [reader.name, 0]));
  const taken = new Map(positions);
  const waiters = new Set<{
    readonly offset: number;
    readonly but: readonly string[];
    readonly done: () => void;
  }>();
  const wake = (): void => {
    for (const waiter of waiters) {
      const waits = [...positions].some(
        ([name, position]) => position < waiter.offset && !waiter.but.includes(name),
      );
      if (waits) continue;
      waiters.delete(waiter);
      waiter.done();
    }
  };
  const run = async (reader: Reader): Promise<void> => {
    let turn = 0;
    for await (const batch of outputs.readBatches(0, { follow: stop.signal })) {
      for (const record of batch) {
        // What is left undone the next start reads again.
        if (isOver) return;
        const folded = reader.fold(outputOf(record));
        if (folded !== undefined) await folded;
        positions.set(reader.name, record.offset + 1);
        taken.set(reader.name, record.offset + 1);
        turn += 1;
        if (turn % outputsPerTurn === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      wake();
    }
  };
  const running = readers.map((reader) =>
    run(reader)
      .catch((error: unknown) => failed(reader.name, error))
      .finally(() => {
        // A reader that is gone holds nobody up.
        positions.set(reader.name, Number.POSITIVE_INFINITY);
        wake();
      }),
  );
  return {
    caughtUp: (offset, but) =>
      new Promise((resolve) => {
        waiters.add({ offset, but, done: resolve });
        wake();
      }),
    positions: () => taken,
    close: async () => {
      stop.abort();
      const enough = clock.setTimer(lastTurnMs, () => {
        isOver = true;
      });
      await Promise.all(running);
      enough.cancel();
    },
  };
}
