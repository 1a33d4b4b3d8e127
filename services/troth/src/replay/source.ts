import type { Fact, Refusal, Result } from "@troth/events";

/** One line of an event file, read and checked; `line` counts from 1. */
export type ReadLine = {
  readonly line: number;
  readonly result: Result<Fact, Refusal>;
  /** The line as it came, for what is set aside; null when it was too large or no text to keep. */
  readonly raw: string | null;
};

/** Lines in arrays, as large as the reader finds handy. */
export type ReadLines = AsyncIterable<readonly ReadLine[]>;

/** A record of a log of facts, which was stamped when it came; without a fact only time went on. */
export type ReadRecord = { readonly stamp: number; readonly fact: Fact | null };

/** What can be judged: lines that follow their own times, or records that are stamped already. */
export type ToJudge = AsyncIterable<readonly (ReadLine | ReadRecord)[]>;
