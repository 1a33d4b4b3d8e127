import type { Clock } from "@troth/runtime";
import { CompressionTypes, Kafka, type KafkaConfig, type Message, type Producer } from "kafkajs";
import { LogError } from "../log-error.ts";
import { within } from "./patience.ts";
import { persistently } from "./settings.ts";

/**
 * One idempotent producer for all partitions. It dies of errors it cannot explain (its sequence
 * numbers no longer fit) and may try for ever, so a send has a deadline of its own, and a producer
 * that failed once is never used again.
 */
export type Producers = {
  /** Appends one batch to one partition, which every message names, and gives the offset of its first record. */
  readonly send: (topic: string, partition: number, messages: Message[]) => Promise<number>;
  readonly close: () => Promise<void>;
};

const closesWithinMs = 1_000;

type Line = { readonly producer: Promise<Producer>; underWay: number; retired: boolean };

export function openProducers(config: KafkaConfig, clock: Clock, deadlineMs: number): Producers {
  const retry = persistently(deadlineMs);
  const kafka = new Kafka({ ...config, retry });
  let current: Line | null = null;
  const lines = new Set<Line>();

  const open = (): Line => {
    const producer = kafka.producer({
      idempotent: true,
      allowAutoTopicCreation: false,
      createPartitioner: () => namedPartition,
      metadataMaxAge: 60_000,
      retry,
    });
    const line = { producer: producer.connect().then(() => producer), underWay: 0, retired: false };
    lines.add(line);
    return line;
  };
  const disconnect = async (line: Line): Promise<void> => {
    lines.delete(line);
    // It is not used again; that closing fails too tells nothing new.
    await line.producer.then((one) => one.disconnect()).catch(() => undefined);
  };
  const retire = (line: Line): void => {
    line.retired = true;
    if (current === line) current = null;
    // Closed under a send, kafkajs would connect again and go on; other partitions may still send.
    if (line.underWay === 0) void disconnect(line);
  };
  return {
    send: async (topic, partition, messages) => {
      current ??= open();
      const line = current;
      line.underWay += 1;
      const sending = line.producer.then((producer) =>
        producer.send({
          topic,
          acks: -1,
          timeout: Math.min(10_000, deadlineMs),
          compression: CompressionTypes.None,
          messages,
        }),
      );
      const over = (): void => {
        line.underWay -= 1;
        if (line.retired && line.underWay === 0) void disconnect(line);
      };
      sending.then(over, over);
      try {
        const [answer] = await within(clock, deadlineMs, sending);
        if (answer?.baseOffset === undefined || answer.partition !== partition)
          throw new LogError("failed", "the broker did not say where it stored the records");
        return Number(answer.baseOffset);
      } catch (error) {
        retire(line);
        throw error;
      }
    },
    close: async () => {
      current = null;
      const closing = Promise.all([...lines].map(disconnect));
      await within(clock, closesWithinMs, closing).catch(() => undefined);
    },
  };
}

function namedPartition({ message }: { readonly message: Message }): number {
  if (message.partition === undefined) throw new LogError("failed", "a record names no partition");
  return message.partition;
}
