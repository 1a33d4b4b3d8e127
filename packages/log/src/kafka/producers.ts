import { countOf, encodeBatch } from "./batch.ts";
import { isRefusal } from "./connection.ts";
import { type Patience, pause, why, within } from "./patience.ts";
import type { Pool } from "./pool.ts";
import type { Records } from "./record-pen.ts";

/**
 * One idempotent writer for all partitions: of a batch that is sent again, because nobody knows whether
 * it was stored, the broker keeps one. kafkajs's own producer is not used: it sends one batch at a time
 * a broker, dies of errors for good, and takes longer to encode a batch than a judge to fill it.
 */
export type Producers = {
  /**
   * Appends one batch to one partition and gives the offset of its first record; in the order of the
   * calls, whoever calls. Of one that failed nobody knows whether it is stored, or will be.
   */
  readonly send: (topic: string, partition: number, lists: readonly Records[]) => Promise<number>;
};

type Writer = {
  readonly id: bigint;
  readonly epoch: number;
  /** By partition, how many records were sent. */
  readonly sequences: Map<string, number>;
};

/** A writer's numbers have 31 bits: it is another one's turn long before they run out. */
const sequenceMax = 2 ** 30;
const firstPauseMs = 50;
const longestPauseMs = 1_000;

export function openProducers(pool: Pool, { clock, deadlineMs, troubled }: Patience): Producers {
  let current: Promise<Writer> | null = null;
  /** By partition, the end of what is under way. */
  const lines = new Map<string, Promise<void>>();

  const open = async (topic: string, partition: number): Promise<Writer> => {
    const { id, epoch } = await persist("becoming a writer", () =>
      pool.use((connection) => connection.newWriter(topic, partition)),
    );
    return { id, epoch, sequences: new Map() };
  };
  /** Again and again until the deadline, as long as the same may help. */
  const persist = async <T>(what: string, attempt: () => Promise<T>): Promise<T> => {
    const until = clock.now() + deadlineMs;
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
      try {
        return await within(clock, Math.max(1, until - clock.now()), attempt());
      } catch (error) {
        troubled?.(`${what}: ${why(error)}`);
        if (isRefusal(error) || clock.now() + pauseMs > until) throw error;
      }
      await pause(clock, pauseMs);
    }
  };

  const sendNow = async (
    topic: string,
    partition: number,
    lists: readonly Records[],
  ): Promise<number> => {
    current ??= open(topic, partition);
    const mine = current;
    try {
      const writer = await mine;
      const place = `${topic}-${partition}`;
      const sequence = writer.sequences.get(place) ?? 0;
      const batch = encodeBatch(lists, { ...writer, sequence }, clock.now());
      const stored = await persist(`storing in ${place}`, () =>
        pool.use((connection) => connection.produce(topic, partition, batch)),
      );
      const next = sequence + countOf(lists);
      writer.sequences.set(place, next);
      if (next > sequenceMax && current === mine) current = null;
      return stored;
    } catch (error) {
      // What the brokers have of it is unknown, so its numbers no longer fit. Others, who are sending
      // under them, end what they have begun.
      if (current === mine) current = null;
      throw error;
    }
  };

  return {
    send: (topic, partition, lists) => {
      const place = `${topic}-${partition}`;
      // Two batches under one number would be one to the broker, and the second lost without a word.
      const before = lines.get(place) ?? Promise.resolve();
      const sending = before.then(() => sendNow(topic, partition, lists));
      const ended = sending.then(ignore, ignore);
      lines.set(place, ended);
      return sending;
    },
  };
}

const ignore = (): void => undefined;
