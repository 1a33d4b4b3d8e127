import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseDuration } from "@troth/events";
import {
  factCodecBy,
  flagCodec,
  type KafkaLogOptions,
  noiseCodecBy,
  outputCodec,
} from "@troth/log";

export type Role = "intake" | "registrar" | "monitor" | "desk" | "lake" | "notify";

export type Topic = {
  readonly name: string;
  readonly what: string;
  /** `customers`: as many as customers are spread over, fixed at birth. */
  readonly partitions: number | "customers";
  readonly key: string | null;
  readonly value: string;
  readonly cleanup: "delete" | "compact";
  /** ISO 8601; null is for ever. */
  readonly retention: string | null;
  readonly written: readonly Role[];
  readonly read: readonly Role[];
  /** Who only asks how many partitions there are. */
  readonly described: readonly Role[];
  /** The consumer group by which its partitions are shared out. */
  readonly group: string | null;
};

/** schemas/topics.json: all there is to know of the topics, from which everything else follows. */
export type TopicTable = {
  readonly replicas: number;
  readonly settings: Readonly<Record<string, string>>;
  readonly roles: Readonly<Record<Role, string>>;
  readonly topics: readonly Topic[];
};

const path = join(
  dirname(fileURLToPath(import.meta.url)),
  ...["..", "..", "..", "..", "schemas", "topics.json"],
);

/** The table is part of this release; its test checks what the type says of it. */
export const readTopicTable = async (): Promise<TopicTable> =>
  JSON.parse(await readFile(path, "utf8")) as TopicTable;

export type Size = { readonly partitions: number; readonly dev: boolean };

export const partitionsOf = (topic: Topic, size: Size): number =>
  topic.partitions === "customers" ? size.partitions : topic.partitions;

/** On one broker there is nobody to copy to. */
export const replicasOf = (table: TopicTable, { dev }: Size): number => (dev ? 1 : table.replicas);

export function settingsOf(
  table: TopicTable,
  topic: Topic,
  { dev }: Size,
): Readonly<Record<string, string>> {
  const forEver = "-1";
  const kept = topic.retention === null ? null : parseDuration(topic.retention);
  return {
    ...table.settings,
    ...(dev && { "min.insync.replicas": "1" }),
    "cleanup.policy": topic.cleanup,
    ...(topic.cleanup === "delete" && {
      "retention.ms": kept === null ? forEver : String(kept),
      "retention.bytes": forEver,
    }),
  };
}

/** How the records of each topic look on Kafka; those not named are as they are. */
const looks: Readonly<Record<string, KafkaLogOptions>> = {
  "troth.facts": { codec: (_, ids) => factCodecBy(ids) },
  "troth.noise": { codec: (_, ids) => noiseCodecBy(ids) },
  "troth.decisions": { codec: outputCodec },
  "troth.flags": { codec: () => flagCodec, isCompacted: true },
};

export const logOptionsOf = (topic: string): KafkaLogOptions => looks[topic] ?? {};
