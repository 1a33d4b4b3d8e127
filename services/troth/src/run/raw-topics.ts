import { ok } from "@troth/events";
import { type Admission, admitRecord, type RecordOutcome, setAsideOf } from "@troth/intake";
import type { Clock, Logger, Metrics } from "@troth/runtime";
import type { Consumer, EachBatchPayload, Kafka, KafkaMessage } from "kafkajs";
import type { MappingFile } from "../mapping-file.ts";
import { rawOf } from "./raw-record.ts";

export type RawTopicsOptions = {
  readonly client: Kafka;
  readonly mappings: readonly MappingFile[];
  /** Resolves once it is durable; fails when nobody knows, and then the records come again. */
  readonly append: (admission: Admission) => Promise<void>;
  readonly sessionTimeoutMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** A topic can no longer be read, whatever is tried. */
  readonly failed: (why: string) => void;
};

const recordsAtOnce = 500;
/** What one record holds on to while it waits: a broker's answer is one block of memory. */
const fetchBytesMax = 2 << 20;

type Taken = Admission & { readonly outcome: RecordOutcome };

/** One record as what it becomes. Throws only when a registry fails: then it is asked again. */
async function take(
  file: MappingFile,
  { topic, partition }: { readonly topic: string; readonly partition: number },
  message: KafkaMessage,
  at: number,
): Promise<Taken> {
  // An empty value removes a key from a compacted topic; it tells of no event.
  if (message.value === null) return { facts: [], setAside: [], outcome: "passed_over" };
  const bytes = message.value;
  const from = { at, origin: `${topic}/${partition}`, line: Number(message.offset) };
  const decoded = await file.decode(bytes);
  const record = decoded.ok ? ok(rawOf({ topic, partition }, message, decoded.value)) : decoded;
  const { outcome, events, refused } = admitRecord(file.mapping, record);
  return {
    outcome,
    facts: events.map(({ fact }) => fact),
    setAside: refused.map(({ refusal, text }) =>
      setAsideOf(text === null ? bytes : Buffer.from(text), refusal, from),
    ),
  };
}

/**
 * Reads other people's topics by their mappings into the log of facts, each as a member of a group, so
 * that several doors share the partitions. The group's place moves only after the facts are durable;
 * what comes again after a crash has the same ids and counts once.
 */
export async function readRawTopics(options: RawTopicsOptions): Promise<() => Promise<void>> {
  const { client, append, clock, log, metrics, failed } = options;
  const records = metrics.counter({
    name: "troth_raw_records_total",
    help: "Records read from topics by a mapping: read = mapped + passed_over + set_aside.",
    labels: { outcome: ["mapped", "passed_over", "set_aside"] },
  });
  const consumers: Consumer[] = [];

  const follow = async (file: MappingFile, topic: string): Promise<void> => {
    const eachBatch = async (payload: EachBatchPayload): Promise<void> => {
      const { batch, resolveOffset, heartbeat, commitOffsetsIfNecessary } = payload;
      for (let from = 0; from < batch.messages.length; from += recordsAtOnce) {
        if (!payload.isRunning() || payload.isStale()) return;
        const some = batch.messages.slice(from, from + recordsAtOnce);
        const taken: Taken[] = [];
        for (const message of some) taken.push(await take(file, batch, message, clock.now()));
        await append({
          facts: taken.flatMap(({ facts }) => facts),
          setAside: taken.flatMap(({ setAside }) => setAside),
        });
        for (const { outcome } of taken) records.add({ outcome });
        const last = some.at(-1);
        if (last !== undefined) resolveOffset(last.offset);
        await commitOffsetsIfNecessary();
        await heartbeat();
      }
    };
    const consumer = client.consumer({
      groupId: `troth.intake.${file.mapping.name}`,
      sessionTimeout: options.sessionTimeoutMs,
      maxBytesPerPartition: fetchBytesMax,
      maxBytes: 4 * fetchBytesMax,
      retry: { retries: Number.MAX_SAFE_INTEGER, initialRetryTime: 300, maxRetryTime: 10_000 },
    });
    consumers.push(consumer);
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      log.warn("a topic could not be read", { topic, error: payload.error.message });
      if (!payload.restart) failed(`${topic}: ${payload.error.message}`);
    });
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      eachBatch,
      eachBatchAutoResolve: false,
      autoCommitThreshold: recordsAtOnce,
    });
    log.info("a topic is read by its mapping", { topic, mapping: file.mapping.name });
  };

  for (const file of options.mappings) {
    const { topic } = file.mapping.from;
    if (topic !== undefined) await follow(file, topic);
  }
  return async () => {
    await Promise.all(consumers.map((consumer) => consumer.disconnect()));
  };
}
