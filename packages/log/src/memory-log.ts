import { invariant } from "@troth/events";
import { flatten, openFollowing } from "./following.ts";
import { LogError } from "./log-error.ts";
import type { Log, LogRecord, ReadOptions } from "./port.ts";

const batchRecordsMax = 1_000;

/** A log that forgets everything when the process ends; otherwise like the one on file. */
export function openMemoryLog(options: { readonly genesis: string }): Log {
  const records: LogRecord[] = [];
  const following = openFollowing();
  let closed = false;

  const checkOpen = (): void => {
    if (closed) throw new LogError("closed", "the log is closed");
  };

  async function* readBatches(from: number, { follow }: ReadOptions = {}) {
    checkOpen();
    if (from > records.length)
      throw new LogError("truncated", `offset ${from} is beyond the end, ${records.length}`);
    let next = from;
    while (true) {
      while (next < records.length) {
        if (follow?.aborted) return;
        const batch = records.slice(next, next + batchRecordsMax);
        next += batch.length;
        yield batch;
      }
      if (follow === undefined || follow.aborted || closed) return;
      await following.wait(follow);
    }
  }

  return {
    genesis: options.genesis,
    append: async (inputs, stamp) => {
      checkOpen();
      invariant(inputs.length > 0, "an append of no records");
      invariant(Number.isSafeInteger(stamp) && stamp >= 0, `a stamp of ${stamp}`);
      const first = records.length;
      const given = Math.max(stamp, records.at(-1)?.stamp ?? 0);
      for (const [index, { bytes }] of inputs.entries())
        records.push({ offset: first + index, stamp: given, bytes: Buffer.from(bytes) });
      following.wake();
      return { first, last: records.length - 1, stamp: given };
    },
    read: (from, reading) => flatten(readBatches(from, reading)),
    readBatches,
    end: async () => records.length,
    close: async () => {
      closed = true;
      following.wake();
    },
  };
}
