import { type Filed, invariant } from "@troth/events";
import type { Log, LogRecord } from "@troth/log";
import { readFactRecord } from "../partitioned/fact-log.ts";

export function filedOf(record: LogRecord): Filed {
  const { offset, stamp, bytes } = record;
  const read = readFactRecord(bytes, offset);
  return { offset, stamp, fact: read.kind === "fact" ? read.fact : null };
}

/** The facts of a log in order, some at a time: what was read beyond is kept for the next call. */
export function factsFrom(facts: Log, from: number) {
  let next = from;
  let read: readonly LogRecord[] = [];
  let at = 0;
  const giveRead = (upTo: number, give: (record: Filed) => void): boolean => {
    for (let record = read[at]; record !== undefined && next <= upTo; record = read[at]) {
      at += 1;
      if (record.offset < next) continue;
      give(filedOf(record));
      next = record.offset + 1;
    }
    return next > upTo;
  };
  let batches: AsyncIterator<readonly LogRecord[]> | null = null;
  const readOn = async (upTo: number, give: (record: Filed) => void): Promise<void> => {
    while (!giveRead(upTo, give)) {
      read = [];
      at = 0;
      const isNew = batches === null;
      batches ??= facts.readBatches(next)[Symbol.asyncIterator]();
      const step = await batches.next();
      if (step.done !== true) read = step.value;
      else {
        // It ended at what was then the end of the log; what came since needs another.
        batches = null;
        invariant(!isNew, `fact ${next} is gone, yet something was said of ${upTo}`);
      }
    }
  };
  /** Gives all facts up to this offset; undefined when they were at hand. */
  return (upTo: number, give: (record: Filed) => void): Promise<void> | undefined =>
    giveRead(upTo, give) ? undefined : readOn(upTo, give);
}
