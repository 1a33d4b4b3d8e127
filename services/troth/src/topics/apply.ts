import type { KafkaLogs, TopicState } from "@troth/log";
import { InputError } from "../exit.ts";
import {
  partitionsOf,
  replicasOf,
  type Size,
  settingsOf,
  type Topic,
  type TopicTable,
} from "./table.ts";

export type Step = {
  readonly topic: string;
  readonly does: "create" | "alter" | "keep";
  readonly says: string;
};

type Planned = Step & {
  readonly partitions: number;
  readonly replicas: number;
  readonly settings: Readonly<Record<string, string>>;
};

function compare(table: TopicTable, topic: Topic, state: TopicState | null, size: Size): Planned {
  const partitions = partitionsOf(topic, size);
  const replicas = replicasOf(table, size);
  const settings = settingsOf(table, topic, size);
  const planned = { topic: topic.name, partitions, replicas, settings };
  if (state === null)
    return { ...planned, does: "create", says: `${partitions} partitions, ${replicas} replicas` };
  if (state.partitions !== partitions)
    throw new InputError(
      `${topic.name} has ${state.partitions} partitions, not ${partitions}: their number is fixed at ` +
        `birth, as it says which customer is where. Say --partitions ${state.partitions}, or begin ` +
        "anew on other brokers and load the facts there (troth migrate)",
    );
  if (state.replicas < replicas)
    throw new InputError(
      `${topic.name} has ${state.replicas} replicas, ${replicas} are needed: move its partitions with ` +
        "kafka-reassign-partitions.sh first",
    );
  const changes = Object.entries(settings)
    .filter(([name, value]) => state.settings.get(name) !== value)
    .map(([name, value]) => `${name} ${state.settings.get(name) ?? "unset"} -> ${value}`);
  return changes.length === 0
    ? { ...planned, does: "keep", says: `${partitions} partitions, as it should be` }
    : { ...planned, does: "alter", says: changes.join(", ") };
}

/**
 * Makes the topics of the table where they are missing and puts their settings right; the number of
 * partitions never changes. Nothing is done when one of them cannot be as it should, or on a dry run.
 */
export async function applyTopics(
  kafka: KafkaLogs,
  table: TopicTable,
  options: Size & { readonly dryRun: boolean; readonly uuid: () => string },
): Promise<readonly Step[]> {
  const plan: Planned[] = [];
  for (const topic of table.topics)
    plan.push(compare(table, topic, await kafka.describe(topic.name), options));
  if (!options.dryRun)
    for (const { topic, does, partitions, replicas, settings } of plan) {
      if (does === "alter") await kafka.alter(topic, settings);
      // A topic that is there may still lack geneses, if making it was cut short.
      await kafka.create({ topic, partitions, replicas, settings }, options.uuid);
    }
  return plan.map(({ topic, does, says }) => ({ topic, does, says }));
}
