import kafkajs, { type Admin } from "kafkajs";
import { LogError } from "../log-error.ts";
import type { Pool } from "./pool.ts";

/** What the brokers hold a topic to be. */
export type TopicState = {
  readonly partitions: number;
  readonly replicas: number;
  /** Every setting in force, the brokers' defaults included. */
  readonly settings: ReadonlyMap<string, string>;
};

/** Null when there is no such topic. */
export async function readTopic(
  pool: Pool,
  admin: Admin,
  topic: string,
): Promise<TopicState | null> {
  const shape = await pool.use((connection) => connection.shape(topic));
  if (shape === null) return null;
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic }],
  });
  const entries = resources[0]?.configEntries ?? [];
  const settings = new Map(entries.map((one) => [one.configName, one.configValue]));
  return { ...shape, settings };
}

/** A broker that may forget what it acknowledged would make every promise of troth's void. */
export function unsafeSettings({ replicas, settings }: TopicState): readonly string[] {
  const inSync = Number(settings.get("min.insync.replicas") ?? "1");
  const wrong: string[] = [];
  if (replicas < 3) wrong.push(`${replicas} replicas, 3 are needed`);
  if (inSync < 2) wrong.push(`min.insync.replicas is ${inSync}, 2 are needed`);
  if (settings.get("unclean.leader.election.enable") === "true")
    wrong.push("unclean.leader.election.enable is true and loses acknowledged records");
  return wrong;
}

export function checkSafety(topic: string, state: TopicState): void {
  const wrong = unsafeSettings(state);
  if (wrong.length === 0) return;
  throw new LogError(
    "unsafe",
    `${topic} may lose what was acknowledged: ${wrong.join("; ")}. Change the topic ` +
      "(troth topics apply), or say --dev on a developer's machine",
  );
}
