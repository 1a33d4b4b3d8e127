import type { Message as Outgoing } from "kafkajs";
import { LogError } from "../log-error.ts";
import type { Appended, LogInput } from "../port.ts";
import { type RecordCodec, stampHeader, traceHeader } from "./message.ts";
import { why } from "./patience.ts";
import { logOffset } from "./reader.ts";

/** Appends to one partition: one batch under way at a time, those that wait become the next. */
export type Commit = {
  readonly append: (records: readonly LogInput[], stamp: number) => Promise<Appended>;
  /** Resolves when nothing waits any more. */
  readonly drain: () => Promise<void>;
};

export type CommitOptions = {
  readonly place: string;
  readonly partition: number;
  readonly codec: RecordCodec;
  readonly send: (messages: Outgoing[]) => Promise<number>;
  /** Largest batch the topic takes. */
  readonly batchBytesMax: number;
  readonly pendingBytesMax: number;
  /** Log time and Kafka's offset reached when the log was opened. */
  readonly stamp: number;
  readonly end: number;
};

type Waiting = {
  readonly messages: Outgoing[];
  readonly bytes: number;
  readonly stamp: number;
  readonly done: (appended: Appended) => void;
  readonly failed: (error: LogError) => void;
};

/** What waits is joined up to here; one append alone may be as large as the topic allows. */
const joinedBytesMax = 1024 * 1024;
/** More than Kafka's framing, the stamp's header and the lengths take of each record. */
const overheadBytes = 64;

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
    const stamps = appends.map((one) => {
      stamp = Math.max(stamp, one.stamp);
      return stamp;
    });
    const messages: Outgoing[] = [];
    for (const [n, one] of appends.entries()) {
      const text = Buffer.from(String(stamps[n]));
      for (const message of one.messages) {
        // Codecs make a message for one append only, so it can be finished in place.
        message.headers = { ...message.headers, [stampHeader]: text };
        message.partition = options.partition;
        messages.push(message);
      }
    }
    const base = await options.send(messages);
    if (base < end)
      throw new LogError(
        "recreated",
        `${place} stored records at offset ${logOffset(base)}, but had come to ${logOffset(end)} before`,
      );
    end = base + messages.length;
    let first = base;
    for (const [n, one] of appends.entries()) {
      const last = first + one.messages.length - 1;
      one.done({ first: logOffset(first), last: logOffset(last), stamp: stamps[n] ?? stamp });
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
        const messages = records.map(({ bytes, value, trace }) => {
          const message = codec.toMessage(bytes, value);
          if (trace !== undefined) message.headers = { ...message.headers, [traceHeader]: trace };
          return message;
        });
        const bytes = messages.reduce((sum, one) => sum + sizeOf(one), 0);
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
        waiting.push({ messages, bytes, stamp: asked, done, failed });
        pumping ??= pump();
      }),
    drain: async () => {
      while (pumping !== null) await pumping;
    },
  };
}

const lengthOf = (part: Buffer | string | null | undefined): number =>
  part === null || part === undefined
    ? 0
    : typeof part === "string"
      ? Buffer.byteLength(part)
      : part.length;

function sizeOf({ key, value, headers = {} }: Outgoing): number {
  let bytes = overheadBytes + lengthOf(key) + lengthOf(value);
  for (const [name, text] of Object.entries(headers))
    bytes += 8 + name.length + (Array.isArray(text) ? 0 : lengthOf(text));
  return bytes;
}
