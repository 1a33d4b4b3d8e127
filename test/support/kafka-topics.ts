import type { Kafka } from "kafkajs";
import type { KafkaLogs } from "../../packages/log/src/index.ts";
import { systemRng } from "../../packages/runtime/src/index.ts";

/** Makes a topic that is not troth's: whoever writes to it has never heard of us. */
export async function makeForeignTopic(
  client: Kafka,
  topic: string,
  partitions: number,
  settings: Readonly<Record<string, string>> = {},
): Promise<void> {
  const admin = client.admin();
  await admin.connect();
  const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }));
  const shape = { numPartitions: partitions, replicationFactor: 1, configEntries };
  await admin.createTopics({ topics: [{ topic, ...shape }] });
  await admin.disconnect();
}

/** Makes a topic for a test, beside the topic of geneses that every Kafka of troth's has. */
export async function makeTopic(
  kafka: KafkaLogs,
  topic: string,
  options: {
    readonly partitions?: number;
    readonly replicas?: number;
    readonly settings?: Readonly<Record<string, string>>;
    /** The same for every partition; a fresh one each if absent. */
    readonly genesis?: string;
  } = {},
): Promise<void> {
  const { partitions = 1, replicas = 1, settings = {}, genesis } = options;
  const uuid = (): string => genesis ?? systemRng.uuid();
  const compacted = { "cleanup.policy": "compact" };
  const geneses = { topic: "troth.genesis", partitions: 1, replicas, settings: compacted };
  await kafka.create(geneses, uuid);
  const large = { "max.message.bytes": "8388608", ...settings };
  await kafka.create({ topic, partitions, replicas, settings: large }, uuid);
}
