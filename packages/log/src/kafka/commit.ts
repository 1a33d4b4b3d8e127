import { LogError } from "../log-error.ts";
import type { Appended, LogInput } from "../port.ts";
import { countOf } from "./batch.ts";
import { type RecordCodec, stampHeader, traceHeader } from "./message.ts";
import { why } from "./patience.ts";
import { logOffset } from "./reader.ts";
import { RecordPen, type Records } from "./record-pen.ts";

/** Appends to one partition: one batch under way at a time, those that wait become the next. */
export type Commit = {
  readonly append: (records: readonly LogInput[], stamp: number) => Promise<Appended>;
  /** Resolves when nothing waits any more. */
  readonly drain: () => Promise<void>;
};

export type CommitOptions = {
  readonly place: string;
  readonly codec: RecordCodec;
  readonly send: (lists: readonly Records[]) => Promise<number>;
  /** Largest batch the topic takes. */
  readonly batchBytesMax: number;
  readonly pendingBytesMax: number;
  /** Log time and Kafka's offset reached when the log was opened. */
  readonly stamp: number;
  readonly end: number;
};

type Waiting = {
  readonly records: Records;
  readonly bytes: number;
  readonly stamp: number;
  readonly done: (appended: Appended) => void;
  readonly failed: (error: LogError) => void;
};

/** What waits is joined up to here; one append alone may be as large as the topic allows. */
const joinedBytesMax = 1024 * 1024;
/** More than Kafka's framing takes of each record. */
const overheadBytes = 16;

/** One for all logs, as nothing is waited for while it writes. */
const pen = new RecordPen();

function written(codec: RecordCodec, records: readonly LogInput[], stamp: number): Records {
  const text = String(stamp);
  try {
    for (const record of records) {
      codec.write(pen, record);
      pen.header(stampHeader, text);
      if (record.trace !== undefined) pen.header(traceHeader, record.trace);
      pen.end();
    }
    return pen.take();
  } finally {
    pen.drop();
  }
}

export function openCommit(options: CommitOptions): Commit {
  const { place, codec, batchBytesMax } = options;
  const waiting: Waiting[] = [];
  let pendingBytes = 0;
  let stamp = options.stamp;
  let end = options.end;
  let failure: LogError | null = null;
  let pumping: Promise<void> | null = null;

  const takeSome = (): Waiting[] => {
    const taken: Waiting[] = [];
    let bytes = 0;
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      if (taken.length > 0 && bytes + next.bytes > Math.min(joinedBytesMax, batchBytesMax)) break;
      waiting.shift();
      taken.push(next);
      bytes += next.bytes;
    }
    return taken;
  };

  const store = async (appends: readonly Waiting[]): Promise<void> => {
    const lists = appends.map(({ records }) => records);
    const base = await options.send(lists);
    if (base < end)
      throw new LogError(
        "recreated",
        `${place} stored records at offset ${logOffset(base)}, but had come to ${logOffset(end)} before`,
      );
    end = base + countOf(lists);
    let first = base;
    for (const one of appends) {
      const last = first + one.records.ends.length - 1;
      one.done({ first: logOffset(first), last: logOffset(last), stamp: one.stamp });
      first = last + 1;
    }
  };

  const fail = (appends: readonly Waiting[], error: unknown): void => {
    // Whether the batch is stored is unknown, so nothing may follow it: were it not, readers would
    // take what comes after for all there was. Opened again, the log tells how far it came.
    failure ??=
      error instanceof LogError
        ? error
        : new LogError("failed", `${place}: ${why(error)}; open the log again`, { cause: error });
    for (const one of [...appends, ...waiting.splice(0)]) {
      pendingBytes -= one.bytes;
      one.failed(failure);
    }
  };

  const pump = async (): Promise<void> => {
    // Calls made in the same turn go together.
    await Promise.resolve();
    while (waiting.length > 0 && failure === null) {
      const appends = takeSome();
      try {
        await store(appends);
        for (const one of appends) pendingBytes -= one.bytes;
      } catch (error) {
        fail(appends, error);
      }
    }
    pumping = null;
  };

  return {
    append: (records, asked) =>
      new Promise((done, failed) => {
        if (failure !== null) return failed(failure);
        const reached = Math.max(stamp, asked);
        const list = written(codec, records, reached);
        const bytes = list.bytes.length + records.length * overheadBytes;
        if (bytes > batchBytesMax)
          return failed(
            new LogError(
              "too-large",
              `${place}: an append of ${bytes} bytes is more than a batch may have, ${batchBytesMax}`,
            ),
          );
        if (pendingBytes + bytes > options.pendingBytesMax)
          return failed(
            new LogError("overloaded", `${place}: ${pendingBytes} bytes wait for Kafka already`),
          );
        pendingBytes += bytes;
        stamp = reached;
        waiting.push({ records: list, bytes, stamp: reached, done, failed });
        pumping ??= pump();
      }),
    drain: async () => {
      while (pumping !== null) await pumping;
    },
  };
}
