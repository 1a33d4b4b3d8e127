import { canonicalJson, type Flag, flagJson, type Named } from "@troth/events";
import { FlagInput, type Log } from "@troth/log";
import type { PartitionJudge } from "@troth/monitor";

/** A flag as the compacted topic holds it: under its customer's key, with the place it was said at. */
export type Posted = {
  readonly key: string;
  readonly customer: string;
  /** Number of the record it was said at: an older one behind a newer one is a late copy. */
  readonly inOffset: number;
  /** Null: nothing stands against the customer any more. */
  readonly flag: Flag | null;
};

const inputOf = ({ flag, ...at }: Posted): FlagInput =>
  new FlagInput(at.key, canonicalJson(at), flag === null ? null : flagJson(flag));

/** Shows in the flags log how each customer stands. */
export type FlagBoard = {
  /** After records were judged, the last of them `inOffset`: whoever was flagged or alerted anew is shown as they are now. */
  readonly note: (judge: PartitionJudge, inOffset: number, now: number) => void;
  /** Another policy took over: whoever it sees otherwise is shown so. */
  readonly restate: (
    before: PartitionJudge | null,
    after: PartitionJudge,
    inOffset: number,
    now: number,
  ) => void;
  /**
   * Shows everybody again. Who owned the partition before and wakes up late may write an older flag
   * behind a newer one, and compaction then keeps the older; so it never stays for long.
   */
  readonly repeat: (judge: PartitionJudge, inOffset: number) => void;
  readonly flush: (stamp: number) => Promise<void>;
};

export function openFlagBoard(flags: Log): FlagBoard {
  const waiting = new Map<string, Posted>();
  const post = (customer: Named, inOffset: number, flag: Flag | null): void => {
    waiting.set(customer.key, {
      key: customer.key,
      customer: customer.reference,
      inOffset,
      flag: flag !== null && flag.level !== "none" ? flag : null,
    });
  };
  return {
    note: (judge, inOffset, now) => {
      for (const one of judge.takeFlagged()) post(one, inOffset, judge.flag(one, now));
    },
    restate: (before, after, inOffset, now) => {
      for (const { customer } of before?.standing(now) ?? []) post(customer, inOffset, null);
      for (const { customer, flag } of after.standing(now)) post(customer, inOffset, flag);
    },
    repeat: (judge, inOffset) => {
      for (const { customer, flag } of judge.standing(judge.stamp)) post(customer, inOffset, flag);
    },
    flush: async (stamp) => {
      if (waiting.size === 0) return;
      const inputs = [...waiting.values()].map(inputOf);
      waiting.clear();
      await flags.append(inputs, stamp);
    },
  };
}
