import { joinGroup, type Membership } from "@troth/log";
import type { Wait } from "../partitioned/waits.ts";
import type { Place } from "./place.ts";

export type MemberOptions = {
  readonly group: string;
  readonly topic: string;
  /** Hears of everything owned after each rebalance; must not wait. */
  readonly assigned: (partitions: readonly number[]) => void;
};

export const joining = (member: Membership, group: string): readonly Wait[] =>
  member.isMember() ? [] : [{ for: "group", what: `the group ${group} is being joined` }];

/**
 * Keeps a process in its group for as long as it runs. While the brokers are away it goes on with what
 * it had: should another have taken over meanwhile, both write the same, and readers drop the second.
 */
export function keepMember(place: Place, options: MemberOptions): Membership {
  const { kafka, clock, log, stop } = place;
  const { group, topic, assigned } = options;
  return joinGroup({
    client: kafka.client,
    sessionTimeoutMs: place.sessionTimeoutMs,
    group,
    topic,
    clock,
    assigned: (partitions) => {
      if (stop.signal.aborted) return;
      log.info("the group shared out its partitions", { group, mine: partitions.join(", ") });
      assigned(partitions);
    },
    troubled: (what) => log.warn("the group is troubled", { what }),
  });
}
