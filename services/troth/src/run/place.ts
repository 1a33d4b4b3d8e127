import { join } from "node:path";
import { type KafkaLogs, type Log, LogError, openSnapshots, type Snapshots } from "@troth/log";
import {
  type Clock,
  type HealthServerOptions,
  type Logger,
  type Metrics,
  type ObjectStore,
  type Stop,
  systemDisk,
  type Traces,
} from "@troth/runtime";
import type { Keys } from "../keys/keys.ts";
import type { Policies } from "../partitioned/policies.ts";
import { openSharedSnapshots } from "../partitioned/shared-snapshots.ts";
import { StoppedError } from "../partitioned/stopped.ts";
import type { Wait } from "../partitioned/waits.ts";
import type { Notified, Recoveries } from "../tell/machine.ts";
import { logOptionsOf } from "../topics/table.ts";

/** The topics of the fleet; what they hold stands in schemas/topics.json. */
export const topics = {
  facts: "troth.facts",
  setAside: "troth.set-aside",
  noise: "troth.noise",
  transfers: "troth.transfers",
  decisions: "troth.decisions",
  flags: "troth.flags",
  goodwill: "troth.goodwill",
} as const;

/** What every service of the fleet stands on. */
export type Place = {
  readonly kafka: KafkaLogs;
  readonly policies: Policies;
  /** Policy of a log of facts that is empty. */
  readonly begins: string;
  /** Key of the pseudonyms the judge knows customers by. */
  readonly key: string;
  /** Null: facts are kept as they come, with every name in them. */
  readonly keys: Keys | null;
  readonly data: string;
  /** Where snapshots are shared; null: every machine keeps its own. */
  readonly shared: ObjectStore | null;
  readonly isLive: boolean;
  /** How long a process may be silent before others take over its partitions. */
  readonly sessionTimeoutMs: number;
  readonly host: string;
  readonly port: number;
  readonly stop: Stop;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Counts messages to the outside; named as a metric once somebody asks for it. */
  readonly notified: () => Notified;
  /** Counts promises alerts open; named as a metric once somebody asks for it. */
  readonly recoveries: () => Recoveries;
  readonly traces: Traces;
};

/** A service that runs: what is wrong with it, and whether it can do its work yet. */
export type Service = {
  readonly health: () => string | null;
  readonly ready: () => string | null;
  /** What it waits for at the moment, beyond work to come in. */
  readonly waits: () => readonly Wait[];
  /** Takes what is posted to `/v1/alertmanager` beside the metrics: the status to answer with. */
  readonly receive?: HealthServerOptions["receive"];
  /** Where people or senders come to it, beside the port of its metrics. */
  readonly port?: number;
  /** Line said once it is up, beside that of the metrics. */
  readonly says?: string;
};

export const openTopic = (
  kafka: KafkaLogs,
  topic: (typeof topics)[keyof typeof topics],
  partition: number,
): Promise<Log> => kafka.open(topic, partition, logOptionsOf(topic));

/** How many partitions of customers there are: fixed when the topics were made. */
export async function partitionsOf(kafka: KafkaLogs): Promise<number> {
  const state = await kafka.describe(topics.noise);
  if (state === null) throw new Error(`${topics.noise} does not exist: run troth topics apply`);
  return state.partitions;
}

/** So long a monitor may be away without its snapshot being passed by what is deleted. */
const retentionMsMin = 86_400_000;

/**
 * What forgets the noise makes a change of policy impossible, as whoever takes over is judged from the
 * beginning, and leaves snapshots as the only way back. It is allowed, and said; but not so short that
 * the place of the newest snapshot would be gone before anybody was called.
 */
export async function checkRetention({ kafka, log }: Pick<Place, "kafka" | "log">): Promise<void> {
  const settings = (await kafka.describe(topics.noise))?.settings;
  const of = (name: string): string => settings?.get(name) ?? "-1";
  const ms = Number(of("retention.ms"));
  if (ms >= 0 && ms < retentionMsMin) {
    throw new StoppedError(
      "retention",
      `${topics.noise} deletes records after ${ms} ms (retention.ms): a monitor that is away for longer would ` +
        "find the place of its snapshot gone. Keep them for a day at least; troth topics apply keeps them for ever",
    );
  }
  for (const name of ["retention.ms", "retention.bytes"]) {
    const limit = of(name);
    if (limit === "-1") continue;
    log.warn(
      "records of noise are deleted: no other policy can take over, and who loses its snapshots stops; " +
        "troth topics apply keeps them",
      { topic: topics.noise, setting: name, limit },
    );
  }
}

/** Whether every record of noise that was ever written is there; the first partition where it is not. */
export async function partitionCutOff(kafka: KafkaLogs): Promise<number | null> {
  for (const partition of numbered(await partitionsOf(kafka))) {
    const noise = await openTopic(kafka, topics.noise, partition);
    try {
      for await (const _ of noise.read(0)) break;
    } catch (error) {
      if (error instanceof LogError && error.code === "truncated") return partition;
      throw error;
    } finally {
      await noise.close();
    }
  }
  return null;
}

export const numbered = (count: number): readonly number[] =>
  Array.from({ length: count }, (_, number) => number);

/** By time alone: what was judged in five seconds is judged again in less. */
export const snapshotEvery = {
  snapshotEveryRecords: Number.POSITIVE_INFINITY,
  snapshotEveryMs: 5_000,
} as const;
const shareEveryMs = 10_000;

/** Snapshots of one machine over the log with that genesis. */
export async function snapshotsOf(place: Place, name: string, genesis: string): Promise<Snapshots> {
  const local = await openSnapshots(join(place.data, name), systemDisk, {
    genesis,
    skipped: (file, why) => place.log.warn("a snapshot could not be used", { file, why }),
  });
  if (place.shared === null) return local;
  return openSharedSnapshots({
    local,
    store: place.shared,
    prefix: `${name}/${genesis}`,
    clock: place.clock,
    everyMs: shareEveryMs,
    skipped: (key, why) =>
      place.log.warn("a shared snapshot could not be used", { key, why: String(why) }),
  });
}
