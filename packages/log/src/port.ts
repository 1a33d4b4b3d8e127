/** One record of a log as it is read. */
export type LogRecord = {
  /** Counts records from 0 without gaps. */
  readonly offset: number;
  /**
   * Log time, UTC milliseconds; never less than that of the record read before. Where several write
   * to one partition of Kafka, a reader that begins in the middle keeps the log time it had reached.
   */
  readonly stamp: number;
  /**
   * A view of a larger read buffer: copy it to keep it for long. Some logs make it of what they hold
   * whenever it is asked for: ask once.
   */
  readonly bytes: Buffer;
  /** What the bytes say, where the log has that at hand sooner than the bytes; made as these are. */
  readonly value?: unknown;
  /** W3C trace context it was written with, where the log carries it (Kafka's do). */
  readonly trace?: string | undefined;
};

export type LogInput = {
  readonly bytes: Uint8Array;
  /** W3C trace context to be carried along, where the log can; no part of what is stored. */
  readonly trace?: string | undefined;
};

export type Appended = {
  readonly first: number;
  readonly last: number;
  /** The stamp the records got: the one asked for, or the log's latest if that is greater. */
  readonly stamp: number;
};

export type ReadOptions = {
  /** Keep waiting for records at the end until this aborts or the log closes. */
  readonly follow?: AbortSignal;
};

/**
 * An ordered, append-only log of byte records. Every failure is a `LogError`.
 *
 * Only durable records are ever read, so nothing that was acted upon can vanish in a crash.
 */
export type Log = {
  /** UUID given at creation: two logs with the same offsets are told apart by it. */
  readonly genesis: string;
  /**
   * Adds records behind each other, all or none of them, and resolves only once they are durable.
   * Calls made while another is under way share one sync. `stamp` is log time, UTC ms >= 0. The
   * bytes must not be changed before the call resolves. A rejected append was not stored, except
   * after `failed` (the disk's state is unknown until the log is opened again).
   */
  readonly append: (records: readonly LogInput[], stamp: number) => Promise<Appended>;
  /** Records from `from` (at most `end`, else `truncated`) to the end, one at a time. */
  readonly read: (from: number, options?: ReadOptions) => AsyncIterable<LogRecord>;
  /** The same in arrays as large as one disk read: several times faster. */
  readonly readBatches: (
    from: number,
    options?: ReadOptions,
  ) => AsyncIterable<readonly LogRecord[]>;
  /** The offset the next record will get; everything below is durable. */
  readonly end: () => Promise<number>;
  /** Finishes appends under way, then releases everything. Readers that follow come to their end. */
  readonly close: () => Promise<void>;
};
