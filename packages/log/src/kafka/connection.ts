import { createRequire } from "node:module";
import type { IHeaders, Kafka, KafkaConfig, Logger } from "kafkajs";
import { UnknownCodecError } from "./batch.ts";
import { type FetchAnswer, readFetchAnswer } from "./fetch-answer.ts";
import type { Message } from "./message.ts";

export type Fetched = { readonly highWatermark: number; readonly messages: readonly Message[] };

/** A record as kafkajs decodes it; a slice of the whole answer. */
export type ForeignMessage = {
  readonly offset: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: IHeaders;
  readonly timestamp: string;
  readonly isControlRecord: boolean;
};

/** One set of sockets to the brokers, for reading one partition at a time at given offsets. */
export type Connection = {
  /** Fails with kafkajs's errors; `isOutOfRange` tells the one that means lost records. */
  readonly fetch: (
    topic: string,
    partition: number,
    offset: number,
    wait: { readonly ms: number; readonly bytesMax: number },
  ) => Promise<Fetched>;
  /** The same of a topic that is not troth's: whatever format and codec kafkajs reads, with all there is. */
  readonly fetchForeign: (
    topic: string,
    partition: number,
    offset: number,
    bytesMax: number,
  ) => Promise<readonly ForeignMessage[]>;
  /** Stores a batch, acknowledged by all replicas in sync; gives the offset of its first record. */
  readonly produce: (topic: string, partition: number, batch: Buffer) => Promise<number>;
  /** Who an idempotent writer is: brokers store what it sends again once. Any broker may say so. */
  readonly newWriter: (
    topic: string,
    partition: number,
  ) => Promise<{ readonly id: bigint; readonly epoch: number }>;
  /** First offset still there, and the one behind the last that is durable. */
  readonly bounds: (topic: string, partition: number) => Promise<{ start: number; end: number }>;
  /** Number of partitions and the least number of copies any of them has. */
  readonly shape: (topic: string) => Promise<{ partitions: number; replicas: number } | null>;
  readonly close: () => Promise<void>;
};

// kafkajs reads through consumer groups only, and these jump to one end of a partition when an
// offset is not there, without saying so. What lies under them fetches what it is asked for, or
// fails. It is not exported; the version is pinned, and the contract test holds what is used here.
type Cluster = {
  readonly connect: () => Promise<void>;
  readonly disconnect: () => Promise<void>;
  readonly refreshMetadata: () => Promise<void>;
  readonly addTargetTopic: (topic: string) => Promise<void>;
  readonly findTopicPartitionMetadata: (topic: string) => readonly {
    readonly partitionId: number;
    readonly leader: number;
    readonly replicas: readonly number[];
  }[];
  readonly findBroker: (which: { readonly nodeId: number }) => Promise<{
    readonly initProducerId: (request: {
      readonly transactionalId: null;
      readonly transactionTimeout: number;
    }) => Promise<{ readonly producerId: string; readonly producerEpoch: number }>;
    readonly fetch: (request: unknown) => Promise<{
      readonly responses: readonly {
        readonly partitions: readonly { readonly messages: readonly ForeignMessage[] }[];
      }[];
    }>;
    readonly connectionPool: { readonly send: (protocol: unknown) => Promise<unknown> };
  }>;
  readonly fetchTopicsOffset: (
    topics: readonly unknown[],
  ) => Promise<readonly { readonly partitions: readonly { readonly offset: string }[] }[]>;
};

type Produced = {
  readonly topics: readonly { readonly partitions: readonly { readonly baseOffset: string }[] }[];
};
type Encoder = {
  readonly writeString: (text: string | null) => Encoder;
  readonly writeInt16: (number: number) => Encoder;
  readonly writeInt32: (number: number) => Encoder;
  readonly writeBytes: (bytes: Buffer) => Encoder;
};

const load = createRequire(import.meta.url);

type Protocol = {
  readonly Encoder: new () => Encoder;
  readonly producedResponse: unknown;
  readonly fetchRequest: (request: unknown) => unknown;
  readonly fetchedResponse: { readonly parse: (answer: FetchAnswer) => Promise<FetchAnswer> };
};
let protocol: Protocol | null = null;

/** Of the inside of kafkajs; loaded when first needed. */
function protocolOfKafkajs(): Protocol {
  protocol ??= {
    Encoder: load("kafkajs/src/protocol/encoder.js"),
    producedResponse: load("kafkajs/src/protocol/requests/produce/v7/response.js"),
    fetchRequest: load("kafkajs/src/protocol/requests/fetch/v11/request.js"),
    fetchedResponse: load("kafkajs/src/protocol/requests/fetch/v11/response.js"),
  };
  return protocol;
}

/** The newest version of Fetch kafkajs asks by. It would make a dozen objects of every record. */
const fetchProtocol = (request: unknown): unknown => ({
  request: protocolOfKafkajs().fetchRequest(request),
  response: { decode: readFetchAnswer, parse: protocolOfKafkajs().fetchedResponse.parse },
  logResponseError: false,
});

/** Of Kafka's protocol: the newest version of Produce kafkajs reads the answer to. */
const produceRequest = (
  timeoutMs: number,
  topic: string,
  partition: number,
  batch: Buffer,
): unknown => ({
  request: {
    apiKey: 0,
    apiVersion: 7,
    apiName: "Produce",
    encode: async () =>
      new (protocolOfKafkajs().Encoder)()
        .writeString(null)
        .writeInt16(-1)
        .writeInt32(timeoutMs)
        .writeInt32(1)
        .writeString(topic)
        .writeInt32(1)
        .writeInt32(partition)
        .writeBytes(batch),
  },
  response: protocolOfKafkajs().producedResponse,
  logResponseError: false,
});

function newCluster(kafka: Kafka, config: KafkaConfig): Cluster {
  type Make = new (options: unknown) => Cluster;
  const ClusterOfKafkajs = load("kafkajs/src/cluster/index.js") as Make;
  const socketFactory = load("kafkajs/src/network/socketFactory.js") as () => unknown;
  const logger: Logger = kafka.logger();
  return new ClusterOfKafkajs({
    ...config,
    logger,
    socketFactory: socketFactory(),
    enforceRequestTimeout: true,
    metadataMaxAge: 60_000,
    allowAutoTopicCreation: false,
    // Troth writes no transactions, so every durable record is one to be read.
    isolationLevel: readUncommitted,
  });
}

const readUncommitted = 0;
const readCommitted = 1;
const notAReplica = -1;

const typeOf = (error: unknown): unknown =>
  typeof error === "object" && error !== null && "type" in error ? error.type : null;

export const isOutOfRange = (error: unknown): boolean =>
  (error instanceof Error && error.name === "KafkaJSOffsetOutOfRange") ||
  typeOf(error) === "OFFSET_OUT_OF_RANGE";
export const isUnknownTopic = (error: unknown): boolean =>
  typeOf(error) === "UNKNOWN_TOPIC_OR_PARTITION";
/** What a broker answered that it will answer again; a network or a broker that is away may come back. */
export const isRefusal = (error: unknown): boolean =>
  isForbidden(error) ||
  (error instanceof Error &&
    error.name === "KafkaJSProtocolError" &&
    "retriable" in error &&
    error.retriable === false);
/** A batch in a compression this process has no codec for. */
export const isUnknownCodec = (error: unknown): boolean => error instanceof UnknownCodecError;
export const isForbidden = (error: unknown): boolean =>
  String(typeOf(error)).endsWith("AUTHORIZATION_FAILED") ||
  (error instanceof Error && error.name === "KafkaJSSASLAuthenticationError");

export async function openConnection(kafka: Kafka, config: KafkaConfig): Promise<Connection> {
  const cluster = newCluster(kafka, config);
  await cluster.connect();

  const leaderOf = async (topic: string, partition: number): Promise<number> => {
    await cluster.addTargetTopic(topic);
    const found = cluster
      .findTopicPartitionMetadata(topic)
      .find(({ partitionId }) => partitionId === partition);
    if (found === undefined) throw new Error(`${topic} has no partition ${partition}`);
    return found.leader;
  };

  const offsetOf = async (topic: string, partition: number, fromBeginning: boolean) => {
    const partitions = [{ partition }];
    const [found] = await cluster.fetchTopicsOffset([{ topic, partitions, fromBeginning }]);
    const offset = found?.partitions[0]?.offset;
    if (offset === undefined) throw new Error(`no offset of ${topic}-${partition}`);
    return Number(offset);
  };

  return {
    fetch: async (topic, partition, offset, { ms, bytesMax }) => {
      const nodeId = await leaderOf(topic, partition);
      const broker = await cluster.findBroker({ nodeId });
      const wanted = { partition, fetchOffset: String(offset), maxBytes: bytesMax };
      const asked = fetchProtocol({
        replicaId: notAReplica,
        isolationLevel: readUncommitted,
        maxWaitTime: ms,
        minBytes: ms === 0 ? 0 : 1,
        maxBytes: bytesMax,
        topics: [{ topic, partitions: [wanted] }],
      });
      const answer = (await broker.connectionPool.send(asked)) as FetchAnswer;
      const found = answer.responses[0]?.partitions[0];
      if (found === undefined) throw new Error(`the broker said nothing of ${topic}-${partition}`);
      return found;
    },
    fetchForeign: async (topic, partition, offset, bytesMax) => {
      const broker = await cluster.findBroker({ nodeId: await leaderOf(topic, partition) });
      const wanted = { partition, fetchOffset: String(offset), maxBytes: bytesMax };
      const { responses } = await broker.fetch({
        isolationLevel: readCommitted,
        maxWaitTime: 0,
        minBytes: 0,
        maxBytes: bytesMax,
        topics: [{ topic, partitions: [wanted] }],
      });
      return responses[0]?.partitions[0]?.messages ?? [];
    },
    produce: async (topic, partition, batch) => {
      const nodeId = await leaderOf(topic, partition);
      const broker = await cluster.findBroker({ nodeId });
      const timeoutMs = config.requestTimeout ?? 10_000;
      const asked = produceRequest(timeoutMs, topic, partition, batch);
      const { topics } = (await broker.connectionPool.send(asked)) as Produced;
      const offset = topics[0]?.partitions[0]?.baseOffset;
      if (offset === undefined) throw new Error(`the broker did not say where it stored ${topic}`);
      return Number(offset);
    },
    newWriter: async (topic, partition) => {
      const broker = await cluster.findBroker({ nodeId: await leaderOf(topic, partition) });
      const wanted = { transactionalId: null, transactionTimeout: 60_000 };
      const { producerId, producerEpoch } = await broker.initProducerId(wanted);
      return { id: BigInt(producerId), epoch: producerEpoch };
    },
    bounds: async (topic, partition) => {
      await leaderOf(topic, partition);
      const start = await offsetOf(topic, partition, true);
      return { start, end: await offsetOf(topic, partition, false) };
    },
    shape: async (topic) => {
      try {
        await cluster.addTargetTopic(topic);
      } catch (error) {
        if (isUnknownTopic(error)) return null;
        throw error;
      }
      const partitions = cluster.findTopicPartitionMetadata(topic);
      const replicas = Math.min(...partitions.map((one) => one.replicas.length));
      return { partitions: partitions.length, replicas };
    },
    close: () => cluster.disconnect(),
  };
}
