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
