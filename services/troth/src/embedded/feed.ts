import { decodeOutput, type Output } from "@troth/events";
import type { Log } from "@troth/log";

/** Somebody who reads what the judge wrote, in order, and drops what they have seen. */
export type Reader = {
  readonly name: string;
  readonly fold: (output: Output) => void | Promise<void>;
};

export type Feed = {
  /** Offset of the next output the slowest reader has not taken. */
  readonly position: () => number;
  readonly close: () => Promise<void>;
};

const outputsPerTurn = 500;

/**
 * Gives each reader every output from the beginning, each at its own pace: alerts do not wait for the
 * lake. A reader that fails stops alone; `failed` hears of it once.
 */
export function openFeed(
  outputs: Log,
  readers: readonly Reader[],
  failed: (reader: string, error: unknown) => void,
): Feed {
  const stop = new AbortController();
  const positions = new Map(readers.map((reader) => [reader.name, 0]));
  const run = async (reader: Reader): Promise<void> => {
    let turn = 0;
    for await (const batch of outputs.readBatches(0, { follow: stop.signal })) {
      for (const record of batch) {
        const folded = reader.fold(decodeOutput(record.bytes));
        if (folded !== undefined) await folded;
        positions.set(reader.name, record.offset + 1);
        turn += 1;
        if (turn % outputsPerTurn === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    }
  };
  const running = readers.map((reader) =>
    run(reader).catch((error: unknown) => failed(reader.name, error)),
  );
  return {
    position: () => Math.min(...positions.values()),
    close: async () => {
      stop.abort();
      await Promise.all(running);
    },
  };
}
