import { joinGroup, type Membership } from "@troth/log";
import type { Place } from "./place.ts";

export type MemberOptions = {
  readonly group: string;
  readonly topic: string;
  /** Hears of everything owned after each rebalance; must not wait. */
  readonly assigned: (partitions: readonly number[]) => void;
};

export type Member = {
  readonly isMember: () => boolean;
  readonly leave: () => Promise<void>;
};

const firstWaitMs = 500;
const waitMsMax = 10_000;

/**
 * Keeps a process in its group for as long as it runs. While the brokers are away it goes on with what
 * it had: should another have taken over meanwhile, both write the same, and readers drop the second.
 */
export function keepMember(place: Place, options: MemberOptions): Member {
  const { kafka, clock, log, stop } = place;
  let membership: Membership | null = null;
  let waitMs = firstWaitMs;
  let left = false;

  const lost = (error: unknown): void => {
    membership = null;
    if (left) return;
    log.warn("the group is joined again", { error: String(error), waitMs });
    clock.setTimer(waitMs, () => void join());
    waitMs = Math.min(2 * waitMs, waitMsMax);
  };
  const join = async (): Promise<void> => {
    try {
      const joined = await joinGroup({
        client: kafka.client,
        sessionTimeoutMs: place.sessionTimeoutMs,
        group: options.group,
        topic: options.topic,
        assigned: (partitions) => {
          waitMs = firstWaitMs;
          if (!stop.signal.aborted) options.assigned(partitions);
        },
        failed: lost,
        troubled: (what) => log.warn("the group is troubled", { what }),
      });
      if (left) await joined.leave();
      else membership = joined;
    } catch (error) {
      lost(error);
    }
  };
  const joining = join();
  return {
    isMember: () => membership !== null,
    leave: async () => {
      left = true;
      await joining;
      await membership?.leave();
    },
  };
}
