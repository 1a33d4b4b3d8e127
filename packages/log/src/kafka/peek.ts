import type { IHeaders } from "kafkajs";
import { LogError } from "../log-error.ts";
import { isForbidden, isUnknownCodec } from "./connection.ts";
import { placeOf } from "./genesis.ts";
import { why } from "./patience.ts";
import type { Pool } from "./pool.ts";

/** A record of a topic that is not troth's. */
export type ForeignRecord = {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: IHeaders;
  readonly timestamp: string;
};

const fetchBytesMax = 512 * 1024;

async function* peekPartition(
  pool: Pool,
  topic: string,
  partition: number,
): AsyncGenerator<ForeignRecord, void, undefined> {
  const { start, end } = await pool.use((connection) => connection.bounds(topic, partition));
  for (let next = start; next < end; ) {
    const messages = await pool.use((connection) =>
      connection.fetchForeign(topic, partition, next, fetchBytesMax),
    );
    const fresh = messages.filter(({ offset }) => Number(offset) >= next);
    for (const { offset, key, value, headers, timestamp, isControlRecord } of fresh) {
      if (Number(offset) >= end) return;
      if (isControlRecord) continue;
      yield { topic, partition, offset, key, value, headers, timestamp };
    }
    // What compaction took from the end is not there to be read.
    const last = fresh.at(-1);
    if (last === undefined) return;
    next = Number(last.offset) + 1;
  }
}

/**
 * What stands in somebody else's topic at the moment, a record of each partition in turn. No group is
 * joined and no place kept: to those who read the topic it is as if nobody had looked.
 */
export async function* peekTopic(
  pool: Pool,
  topic: string,
): AsyncGenerator<ForeignRecord, void, undefined> {
  const shape = await pool.use((connection) => connection.shape(topic));
  if (shape === null) throw new LogError("not-applied", `${topic}: there is no such topic`);
  let readers = Array.from({ length: shape.partitions }, (_, one) =>
    peekPartition(pool, topic, one),
  );
  try {
    while (readers.length > 0) {
      const over = new Set<(typeof readers)[number]>();
      for (const reader of readers) {
        const next = await reader.next();
        if (next.done === true) over.add(reader);
        else yield next.value;
      }
      readers = readers.filter((reader) => !over.has(reader));
    }
  } catch (error) {
    if (error instanceof LogError) throw error;
    const code = isForbidden(error) ? "refused" : isUnknownCodec(error) ? "unknown-format" : null;
    throw new LogError(code ?? "unreachable", `${placeOf(topic, 0)}: ${why(error)}`, {
      cause: error,
    });
  }
}
