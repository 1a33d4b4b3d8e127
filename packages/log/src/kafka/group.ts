import { type Clock, systemClock } from "@troth/runtime";
import {
  type Assigner,
  AssignerProtocol,
  type Consumer,
  type Kafka,
  type PartitionAssigner,
} from "kafkajs";
import { pause, why, within } from "./patience.ts";
import { kafkaOffset } from "./reader.ts";
import { shareSticky } from "./sticky.ts";

/** One process's place in a consumer group: which partitions of a topic are its to work on. */
export type Membership = {
  readonly owned: () => readonly number[];
  /** False until the group took it in, and while it has to be joined again. */
  readonly isMember: () => boolean;
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
  readonly troubled?: (what: string) => void;
  /** How long a member may be silent before others get its partitions; 10 s if absent. */
  readonly sessionTimeoutMs?: number;
  readonly clock?: Clock;
};

const heartbeatMs = 1_000;
const leavesWithinMs = 2_000;
const firstWaitMs = 250;
const waitMsMax = 10_000;

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

type Seat = { readonly consumer: Consumer; readonly lost: Promise<unknown> };

/**
 * Joins a group for its assignment only. Records are read through the logs: kafkajs's own reading is
 * paused for good, so nothing of it can be early, be skipped, hold up a heartbeat or crash on a
 * record; heartbeats go on as long as the process's own work leaves the event loop alone. A group that
 * is lost is joined again for as long as the process runs, in this one place, by a fresh consumer.
 */
export function joinGroup(options: GroupOptions): Membership {
  const { client, group, topic, clock = systemClock, sessionTimeoutMs = 10_000 } = options;
  // Joining may take a session, when somebody else of the group is silent.
  const silentAtMostMs = 2 * sessionTimeoutMs + 10_000;
  const leaving = new AbortController();
  let owned: readonly number[] = [];
  let current: Consumer | null = null;
  let isMember = false;
  let waitMs = firstWaitMs;

  const sit = (): Seat => {
    let heard = clock.now();
    let lose: (why: unknown) => void = () => undefined;
    const lost = new Promise<unknown>((resolve) => {
      lose = resolve;
    });
    const consumer = client.consumer({
      groupId: group,
      partitionAssigners: [stickyAssigner(() => owned)],
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: sessionTimeoutMs,
      heartbeatInterval: heartbeatMs,
      maxWaitTimeInMs: heartbeatMs / 2,
      allowAutoTopicCreation: false,
      // One place decides on starting again: the loop below.
      retry: { retries: 5, restartOnFailure: async () => false },
    });
    consumer.on("consumer.group_join", ({ payload }) => {
      // One that was given up may still be let in: it is on its way out.
      if (current !== consumer || leaving.signal.aborted) return;
      // Inside the joining, so before the first fetch.
      consumer.pause([{ topic }]);
      heard = clock.now();
      waitMs = firstWaitMs;
      isMember = true;
      owned = [...(payload.memberAssignment[topic] ?? [])].sort((a, b) => a - b);
      options.assigned(owned);
    });
    consumer.on("consumer.heartbeat", () => {
      heard = clock.now();
    });
    consumer.on("consumer.crash", ({ payload }) => lose(payload.error));
    const watch = (): void => {
      if (current !== consumer) return;
      const silentMs = clock.now() - heard;
      if (silentMs > silentAtMostMs) lose(new Error(`no heartbeat for ${silentMs} ms`));
      clock.setTimer(heartbeatMs, watch);
    };
    const run = async (): Promise<void> => {
      await consumer.connect();
      await consumer.subscribe({ topics: [topic], fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        eachBatch: async ({ batch }) => {
          options.troubled?.(
            `a paused partition, ${batch.partition}, gave records; they are dropped`,
          );
        },
      });
      // Given up while it was joining: kafkajs would stay in the group, and nobody do its work.
      if (current !== consumer) await consumer.disconnect();
    };
    current = consumer;
    run().catch(lose);
    watch();
    return { consumer, lost };
  };

  /** Not waited for: kafkajs may wait for ever for the answer of a socket that is gone. */
  const giveUp = (consumer: Consumer): Promise<void> => {
    if (current === consumer) current = null;
    isMember = false;
    return consumer.disconnect().catch(() => undefined);
  };

  const keep = async (): Promise<void> => {
    while (!leaving.signal.aborted) {
      const { consumer, lost } = sit();
      const error = await lost;
      if (leaving.signal.aborted) return;
      void giveUp(consumer);
      options.troubled?.(
        `the group ${group} was lost: ${why(error)}; joined again in ${waitMs} ms`,
      );
      await pause(clock, waitMs, leaving.signal);
      waitMs = Math.min(2 * waitMs, waitMsMax);
    }
  };

  void keep();
  return {
    owned: () => owned,
    isMember: () => isMember,
    showPosition: async (partition, position) => {
      const offset = String(kafkaOffset(position));
      // Only looked at by people; a rebalance under it is no trouble.
      await current?.commitOffsets([{ topic, partition, offset }]).catch(() => undefined);
    },
    leave: async () => {
      leaving.abort();
      const last = current;
      if (last !== null) await within(clock, leavesWithinMs, giveUp(last)).catch(() => undefined);
    },
  };
}
