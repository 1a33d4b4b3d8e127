import type { Clock } from "@troth/runtime";
import { LogError } from "../log-error.ts";
import type { LogRecord } from "../port.ts";
import {
  type Fetched,
  isForbidden,
  isOutOfRange,
  isUnknownCodec,
  isUnknownTopic,
} from "./connection.ts";
import { checkGenesis, placeOf, readGenesis } from "./genesis.ts";
import { type Message, type RecordCodec, stampOf, traceHeader } from "./message.ts";
import { pause, why } from "./patience.ts";
import type { Pool } from "./pool.ts";

/** Everything needed to read one partition. */
export type Source = {
  readonly topic: string;
  readonly partition: number;
  readonly genesis: string;
  readonly pool: Pool;
  readonly codec: RecordCodec;
  readonly isCompacted: boolean;
  readonly clock: Clock;
  readonly deadlineMs: number;
  readonly troubled: ((what: string) => void) | undefined;
};

/** Kafka's offset 0 is the genesis record. */
export const kafkaOffset = (offset: number): number => offset + 1;
export const logOffset = (offset: number): number => offset - 1;

/** One fetch; two are held at a time, the one being read and the next. */
const fetchBytesMax = 512 * 1024;
const waitMs = 500;
/** A topic that is away longer is gone, not moving. */
const goneAfterMs = 5_000;

/** Offsets that were there are not, or were never: nothing is skipped, the reader stops. */
async function lostRecords(source: Source, next: number): Promise<LogError> {
  const { topic, partition, pool, genesis } = source;
  const place = placeOf(topic, partition);
  const { found, start, end } = await pool.use(async (connection) => ({
    found: await readGenesis(connection, topic, partition),
    ...(await connection.bounds(topic, partition)),
  }));
  checkGenesis(place, genesis, found);
  return new LogError(
    "truncated",
    `LOG TRUNCATED: ${place} holds offsets ${Math.max(0, logOffset(start))} to ${logOffset(end) - 1}, ` +
      `and ${logOffset(next)} is to be read. Records between were deleted before they were read: ` +
      "restore them, or begin from a snapshot that lies behind them",
  );
}

/** Fetches until there is an answer, whatever the network does, or the reader stops. */
async function fetchFrom(source: Source, next: number, follow: AbortSignal | null) {
  const { topic, partition, pool, clock } = source;
  const place = placeOf(topic, partition);
  const began = clock.now();
  let goneSince: number | null = null;
  let troubles = 0;
  while (true) {
    try {
      const fetched = await pool.use(async (connection) => {
        // After a trouble another topic may stand under the old name.
        if (troubles > 0)
          checkGenesis(place, source.genesis, await readGenesis(connection, topic, partition));
        const wait = { ms: follow === null ? 0 : waitMs, bytesMax: fetchBytesMax };
        return connection.fetch(topic, partition, next, wait);
      });
      return fetched;
    } catch (error) {
      if (error instanceof LogError) throw error;
      if (isOutOfRange(error)) throw await lostRecords(source, next);
      if (isUnknownCodec(error)) throw unreadable(place, next, error);
      if (isForbidden(error))
        throw new LogError("refused", `${place}: ${why(error)}`, { cause: error });
      goneSince = isUnknownTopic(error) ? (goneSince ?? clock.now()) : null;
      if (goneSince !== null && clock.now() - goneSince > goneAfterMs)
        checkGenesis(place, source.genesis, null);
      source.troubled?.(`${place}: ${why(error)}`);
      if (follow === null && clock.now() - began > source.deadlineMs)
        throw new LogError("unreachable", `${place}: ${why(error)}`, { cause: error });
    }
    if (follow?.aborted) return null;
    troubles += 1;
    await pause(clock, Math.min(2_000, 50 * 2 ** troubles), follow ?? undefined);
  }
}

const unreadable = (place: string, next: number, cause: unknown): LogError =>
  new LogError(
    "unknown-format",
    `${place}, offset ${logOffset(next)}: a batch is compressed in a way this process cannot read ` +
      `(${why(cause)}); only gzip or none may be written to troth's topics`,
    { cause },
  );

/** Made into bytes, or into what they say, when asked: a reader wants one of the two. */
class KafkaRecord implements LogRecord {
  readonly offset: number;
  readonly stamp: number;
  readonly #message: Message;
  readonly #codec: RecordCodec;

  constructor(message: Message, codec: RecordCodec, stamp: number) {
    this.offset = logOffset(message.offset);
    this.stamp = stamp;
    this.#message = message;
    this.#codec = codec;
  }

  get bytes(): Buffer {
    return this.#codec.toBytes(this.#message);
  }

  get value(): unknown {
    return this.#codec.toValue?.(this.#message);
  }

  get trace(): string | undefined {
    return this.#message.text(traceHeader) ?? undefined;
  }
}

/** The records of one fetch from `next` on, with log time that does not go back. */
function decode(
  source: Source,
  messages: readonly Message[],
  next: number,
  reached: number,
): LogRecord[] {
  const place = placeOf(source.topic, source.partition);
  const records: LogRecord[] = [];
  let expected = next;
  let stamp = reached;
  for (const message of messages) {
    const { offset } = message;
    // A batch is delivered whole, also when only its end was asked for.
    if (offset < expected) continue;
    if (offset !== expected && !source.isCompacted)
      throw new LogError(
        "truncated",
        `LOG TRUNCATED: ${place} goes on at offset ${logOffset(offset)} where ${logOffset(expected)} should be`,
      );
    const given = stampOf(message);
    if (message.isControlRecord || given === null)
      throw new LogError(
        "corrupt",
        `${place}, offset ${logOffset(offset)}: a record that troth did not write; ` +
          "its topics are for troth alone (see the ACLs of troth topics apply)",
      );
    stamp = Math.max(stamp, given);
    records.push(new KafkaRecord(message, source.codec, stamp));
    expected = offset + 1;
  }
  return records;
}

/** `from` is an offset of the log; with `follow` it goes on at the end until that aborts. */
export async function* readPartition(
  source: Source,
  from: number,
  follow: AbortSignal | null,
): AsyncGenerator<readonly LogRecord[], void, undefined> {
  let next = kafkaOffset(from);
  let stamp = 0;
  const ask = (offset: number): Promise<Fetched | null> => {
    const asked = unlessAborted(fetchFrom(source, offset, follow), follow);
    // Asked ahead of need: its failure is told when its turn comes.
    asked.catch(() => undefined);
    return asked;
  };
  let coming = ask(next);
  while (true) {
    const fetched = await coming;
    if (fetched === null || follow?.aborted) return;
    const records = decode(source, fetched.messages, next, stamp);
    const last = records.at(-1);
    if (last !== undefined) {
      next = kafkaOffset(last.offset) + 1;
      stamp = last.stamp;
    }
    // Compaction may have removed what stood last.
    const isBare = source.isCompacted && fetched.messages.length === 0;
    const atEnd = isBare || next >= fetched.highWatermark;
    if (follow !== null || !atEnd) coming = ask(next);
    if (records.length > 0) yield records;
    if (follow === null && atEnd) return;
  }
}

/** Null as soon as the signal aborts; the work goes on alone, as a fetch cannot be called back. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | null): Promise<T | null> {
  if (signal === null) return work;
  return new Promise((resolve, reject) => {
    const stop = (): void => resolve(null);
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop);
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}
