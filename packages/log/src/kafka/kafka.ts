import { invariant } from "@troth/events";
import { type Clock, systemClock } from "@troth/runtime";
import kafkajs, { Kafka } from "kafkajs";
import { flatten } from "../following.ts";
import { LogError } from "../log-error.ts";
import type { Log, ReadOptions } from "../port.ts";
import { type Commit, openCommit } from "./commit.ts";
import { isForbidden, openConnection } from "./connection.ts";
import { fileIds, type SchemaIds } from "./fact-codec.ts";
import { genesisRecord, genesisTopic, keptGenesis, placeOf, readGenesis } from "./genesis.ts";
import { plainCodec, type RecordCodec } from "./message.ts";
import { type Patience, patiently } from "./patience.ts";
import { type ForeignRecord, peekTopic } from "./peek.ts";
import { allow, type Permission } from "./permissions.ts";
import { openPool, type Pool } from "./pool.ts";
import { openProducers, type Producers } from "./producers.ts";
import { kafkaOffset, logOffset, readPartition, type Source } from "./reader.ts";
import { clientConfig, deadlineOf, type KafkaSettings } from "./settings.ts";
import { checkSafety, readTopic, type TopicState } from "./topics.ts";

export type KafkaLogOptions = {
  /** How records look to others on Kafka, by the log's genesis; as they are if absent. */
  readonly codec?: (genesis: string, ids: SchemaIds) => RecordCodec;
  /** Compaction removes records: gaps between offsets are no loss. False if absent. */
  readonly isCompacted?: boolean;
  /** Bytes that may wait to be stored; 64 MiB if absent. */
  readonly pendingBytesMax?: number;
};

export type NewTopic = {
  readonly topic: string;
  readonly partitions: number;
  readonly replicas: number;
  readonly settings: Readonly<Record<string, string>>;
};

/** Partitions of Kafka as logs. One per process is enough; everything else is opened from it. */
export type KafkaLogs = {
  /**
   * The log of one partition. Fails with `not-applied` when the topic is not one of troth's, and with
   * `unsafe` when the brokers may lose it. Cheap enough to be done again after a log failed.
   */
  readonly open: (topic: string, partition: number, options?: KafkaLogOptions) => Promise<Log>;
  /** What stands in a topic that is not one of troth's, without leaving a trace there. */
  readonly peek: (topic: string) => AsyncGenerator<ForeignRecord, void, undefined>;
  /** Null when there is no such topic. */
  readonly describe: (topic: string) => Promise<TopicState | null>;
  /** Makes a topic whose partitions are logs, each with a genesis of its own. */
  readonly create: (topic: NewTopic, uuid: () => string) => Promise<"created" | "exists">;
  /** Sets these settings of a topic, and every other one to its default. */
  readonly alter: (topic: string, settings: Readonly<Record<string, string>>) => Promise<void>;
  readonly allow: (permissions: readonly Permission[]) => Promise<void>;
  readonly client: Kafka;
  readonly close: () => Promise<void>;
};

type Connected = {
  readonly settings: KafkaSettings;
  readonly clock: Clock;
  readonly pool: Pool;
  readonly producers: Producers;
  readonly describe: (topic: string) => Promise<TopicState | null>;
};

export async function openKafka(
  settings: KafkaSettings,
  clock: Clock = systemClock,
): Promise<KafkaLogs> {
  const config = clientConfig(settings);
  const kafka = new Kafka(config);
  const deadlineMs = deadlineOf(settings);
  const pool = openPool(() => openConnection(kafka, config), clock, deadlineMs);
  const admin = kafka.admin();
  const patience = { clock, deadlineMs, troubled: settings.troubled };
  const producers = openProducers(pool, patience);
  await patiently("connecting to Kafka", patience, () => admin.connect());
  const describe = (topic: string): Promise<TopicState | null> =>
    patiently(`asking about ${topic}`, patience, () => readTopic(pool, admin, topic));
  const connected = { settings, clock, pool, producers, describe };
  return {
    client: kafka,
    describe,
    peek: (topic) => peekTopic(pool, topic),
    open: (topic, partition, options = {}) => openLog(connected, topic, partition, options),
    alter: async (name, entries) => {
      const configEntries = Object.entries(entries).map(([key, value]) => ({ name: key, value }));
      const type = kafkajs.ConfigResourceTypes.TOPIC;
      const resources = [{ type, name, configEntries }];
      await patiently(`changing ${name}`, patience, () =>
        admin.alterConfigs({ validateOnly: false, resources }),
      );
    },
    allow: (permissions) =>
      patiently("allowing operations", patience, () => allow(admin, permissions)),
    create: async ({ topic, partitions, replicas, settings: entries }, uuid) => {
      const configEntries = Object.entries(entries).map(([name, value]) => ({ name, value }));
      const wanted = { topic, numPartitions: partitions, replicationFactor: replicas };
      const made = await patiently(`making ${topic}`, patience, () =>
        admin.createTopics({ waitForLeaders: true, topics: [{ ...wanted, configEntries }] }),
      );
      if (topic !== genesisTopic)
        for (let partition = 0; partition < partitions; partition++)
          await found(connected, topic, partition, uuid());
      return made ? "created" : "exists";
    },
    close: async () => {
      await Promise.all([pool.close(), admin.disconnect()]);
    },
  };
}

/** Writes the genesis record of a partition that holds nothing; leaves any other alone. */
async function found(
  { pool, producers, clock, settings }: Connected,
  topic: string,
  partition: number,
  genesis: string,
): Promise<void> {
  const patience = { clock, deadlineMs: deadlineOf(settings), troubled: settings.troubled };
  const place = placeOf(topic, partition);
  const there = await patiently(`reading ${place}`, patience, () =>
    pool.use((connection) => readGenesis(connection, topic, partition)),
  );
  if (there !== null) return;
  const record = genesisRecord(topic, partition, genesis);
  await patiently(`recording ${place}`, patience, () => producers.send(genesisTopic, 0, [record]));
  const at = await producers.send(topic, partition, [record]);
  if (at !== 0)
    throw new LogError(
      "recreated",
      `${place} was made by two at once: delete the topic and apply again, by one`,
    );
}

async function openLog(
  connected: Connected,
  topic: string,
  partition: number,
  options: KafkaLogOptions,
): Promise<Log> {
  const { settings, clock, pool, producers, describe } = connected;
  const place = placeOf(topic, partition);
  const state = await describe(topic);
  if (state === null || partition >= state.partitions)
    throw new LogError("not-applied", `${place} does not exist: run troth topics apply`);
  if (!settings.dev) checkSafety(topic, state);
  const patience = { clock, deadlineMs: deadlineOf(settings), troubled: settings.troubled };
  const { genesis, isReadable, end } = await patiently(`opening ${place}`, patience, async () => ({
    ...(await genesisOf(pool, topic, partition)),
    end: (await pool.use((connection) => connection.bounds(topic, partition))).end,
  }));
  if (genesis === null)
    throw new LogError("not-applied", `${place} has no genesis record: run troth topics apply`);
  const source: Source = {
    topic,
    partition,
    genesis,
    pool,
    codec: options.codec?.(genesis, settings.schemaIds ?? fileIds) ?? plainCodec,
    isCompacted: options.isCompacted ?? false,
    clock,
    deadlineMs: deadlineOf(settings),
    troubled: settings.troubled,
  };
  const commit = openCommit({
    place,
    codec: source.codec,
    send: (lists) => producers.send(topic, partition, lists),
    // The batch's own header is part of what the topic counts.
    batchBytesMax: Number(state.settings.get("max.message.bytes") ?? "1048588") - 512,
    pendingBytesMax: options.pendingBytesMax ?? 64 * 1024 * 1024,
    stamp: isReadable ? await latestStamp(source, end) : 0,
    end,
  });
  return asLog(source, commit, patience);
}

/** Who may write a partition but not read it learns its genesis from the topic of all of them. */
async function genesisOf(pool: Pool, topic: string, partition: number) {
  try {
    const genesis = await pool.use((one) => readGenesis(one, topic, partition));
    return { genesis, isReadable: true };
  } catch (error) {
    if (!isForbidden(error)) throw error;
    const genesis = await pool.use((one) => keptGenesis(one, placeOf(topic, partition)));
    return { genesis, isReadable: false };
  }
}

async function latestStamp(source: Source, end: number): Promise<number> {
  if (end <= kafkaOffset(0)) return 0;
  for await (const records of readPartition(source, logOffset(end) - 1, null))
    return records[0]?.stamp ?? 0;
  return 0;
}

function asLog(source: Source, commit: Commit, patience: Patience): Log {
  const { topic, partition, pool } = source;
  const closing = new AbortController();
  const checkOpen = (): void => {
    if (closing.signal.aborted) throw new LogError("closed", "the log is closed");
  };
  async function* readBatches(from: number, { follow }: ReadOptions = {}) {
    checkOpen();
    const until = follow === undefined ? null : AbortSignal.any([follow, closing.signal]);
    yield* readPartition(source, from, until);
  }
  return {
    genesis: source.genesis,
    append: async (records, stamp) => {
      checkOpen();
      invariant(records.length > 0, "an append of no records");
      invariant(Number.isSafeInteger(stamp) && stamp >= 0, `a stamp of ${stamp}`);
      return commit.append(records, stamp);
    },
    read: (from, reading) => flatten(readBatches(from, reading)),
    readBatches,
    end: async () => {
      const { end } = await patiently(`asking for the end of ${topic}`, patience, () =>
        pool.use((connection) => connection.bounds(topic, partition)),
      );
      return logOffset(end);
    },
    close: async () => {
      const draining = commit.drain();
      closing.abort();
      await draining;
    },
  };
}
