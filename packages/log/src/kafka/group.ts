import { type Clock, systemClock, type Timer } from "@troth/runtime";
import {
  type Assigner,
  AssignerProtocol,
  type Consumer,
  type Kafka,
  type PartitionAssigner,
} from "kafkajs";
import { LogError } from "../log-error.ts";
import { why } from "./patience.ts";
import { kafkaOffset } from "./reader.ts";
import { shareSticky } from "./sticky.ts";

/** One process's place in a consumer group: which partitions of a topic are its to work on. */
export type Membership = {
  readonly owned: () => readonly number[];
  /**
   * Tells Kafka how far a partition is worked off, so that its tools show the lag. Never read back:
   * anybody may commit anything for any partition.
   */
  readonly showPosition: (partition: number, position: number) => Promise<void>;
  /** Leaves the group, so that others take over at once. */
  readonly leave: () => Promise<void>;
};

export type GroupOptions = {
  readonly client: Kafka;
  readonly group: string;
  readonly topic: string;
  /**
   * Called with everything owned after each rebalance, before anything else can happen. It must not
   * wait: what is new is restored afterwards, what is gone is dropped here.
   */
  readonly assigned: (partitions: readonly number[]) => void;
  /** The group could not be kept up by trying again; the process had better end. */
  readonly failed: (error: LogError) => void;
  readonly troubled?: (what: string) => void;
  /** How long a member may be silent before others get its partitions; 10 s if absent. */
  readonly sessionTimeoutMs?: number;
  readonly clock?: Clock;
};

const heartbeatMs = 1_000;
const silentAtMostMs = 30_000;
/** Times in a row that joining anew may not help. */
const revivalsMax = 3;

const holdsIn = (userData: Buffer): readonly number[] => {
  try {
    const holds: unknown = JSON.parse(userData.toString("utf8"));
    return Array.isArray(holds) ? holds.filter((one) => Number.isInteger(one)) : [];
  } catch {
    // Another version's or nobody's: it then holds nothing, and gets a share like a new member.
    return [];
  }
};

const stickyAssigner =
  (held: () => readonly number[]): PartitionAssigner =>
  ({ cluster }): Assigner => ({
    name: "troth-sticky",
    version: 1,
    protocol: ({ topics }) => ({
      name: "troth-sticky",
      metadata: AssignerProtocol.MemberMetadata.encode({
        version: 1,
        topics,
        userData: Buffer.from(JSON.stringify(held())),
      }),
    }),
    assign: async ({ members, topics }) => {
      const claims = members.map(({ memberId, memberMetadata }) => {
        const metadata = AssignerProtocol.MemberMetadata.decode(memberMetadata);
        return { id: memberId, holds: metadata === null ? [] : holdsIn(metadata.userData) };
      });
      const shares = topics.map((topic) => {
        const partitions = cluster.findTopicPartitionMetadata(topic).map((one) => one.partitionId);
        return { topic, shares: shareSticky(partitions, claims) };
      });
      return claims.map(({ id }) => ({
        memberId: id,
        memberAssignment: AssignerProtocol.MemberAssignment.encode({
          version: 1,
          assignment: Object.fromEntries(
            shares.map((one) => [one.topic, [...(one.shares.get(id) ?? [])]]),
          ),
          userData: Buffer.alloc(0),
        }),
      }));
    },
  });

/**
 * Joins a group for its assignment only. Records are read through the logs: kafkajs's own reading is
 * paused for good, so nothing of it can be early, be skipped, hold up a heartbeat or crash on a
 * record; heartbeats go on as long as the process's own work leaves the event loop alone.
 */
export async function joinGroup(options: GroupOptions): Promise<Membership> {
  const { client, group, topic, clock = systemClock, sessionTimeoutMs = 10_000 } = options;
  let owned: readonly number[] = [];
  let consumer: Consumer | null = null;
  let left = false;
  let revivals = 0;
  let heard = clock.now();
  let watchdog: Timer | null = null;

  const open = async (): Promise<void> => {
    const fresh = client.consumer({
      groupId: group,
      partitionAssigners: [stickyAssigner(() => owned)],
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: sessionTimeoutMs,
      heartbeatInterval: heartbeatMs,
      maxWaitTimeInMs: heartbeatMs / 2,
      allowAutoTopicCreation: false,
      // One place decides on starting again: `revive`.
      retry: { retries: 5, restartOnFailure: async () => false },
    });
    consumer = fresh;
    fresh.on("consumer.group_join", ({ payload }) => {
      if (consumer !== fresh || left) return;
      // Inside the joining, so before the first fetch.
      fresh.pause([{ topic }]);
      heard = clock.now();
      revivals = 0;
      owned = [...(payload.memberAssignment[topic] ?? [])].sort((a, b) => a - b);
      options.assigned(owned);
    });
    fresh.on("consumer.heartbeat", () => {
      heard = clock.now();
    });
    fresh.on("consumer.crash", ({ payload }) => {
      if (consumer === fresh) void revive(payload.error);
    });
    await fresh.connect();
    await fresh.subscribe({ topics: [topic], fromBeginning: true });
    await fresh.run({
      autoCommit: false,
      eachBatch: async ({ batch }) => {
        options.troubled?.(
          `a paused partition, ${batch.partition}, gave records; they are dropped`,
        );
      },
    });
  };

  const revive = async (error: unknown): Promise<void> => {
    if (left) return;
    options.troubled?.(`the group ${group} was lost: ${why(error)}`);
    const old = consumer;
    consumer = null;
    revivals += 1;
    if (revivals > revivalsMax) {
      left = true;
      const message = `the group ${group} could not be joined again: ${why(error)}`;
      return options.failed(new LogError("unreachable", message, { cause: error }));
    }
    heard = clock.now();
    await old?.disconnect().catch(() => undefined);
    await new Promise<void>((resolve) => clock.setTimer(250 * 2 ** revivals, resolve));
    if (!left) await open().catch(revive);
  };

  const watch = (): void => {
    if (left) return;
    if (clock.now() - heard > silentAtMostMs) void revive(new Error("no heartbeat for 30 s"));
    watchdog = clock.setTimer(heartbeatMs, watch);
  };

  await open();
  watch();
  return {
    owned: () => owned,
    showPosition: async (partition, position) => {
      const offset = String(kafkaOffset(position));
      // Only looked at by people; a rebalance under it is no trouble.
      await consumer?.commitOffsets([{ topic, partition, offset }]).catch(() => undefined);
    },
    leave: async () => {
      left = true;
      watchdog?.cancel();
      await consumer?.disconnect();
    },
  };
}
