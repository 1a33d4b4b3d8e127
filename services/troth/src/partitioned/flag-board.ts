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
  /** The same, but only as many as are due at that time of the clock: all within `repeatEveryMs`, if they are not too many. */
  readonly repeatSome: (judge: PartitionJudge, inOffset: number, at: number) => void;
  readonly flush: (stamp: number) => Promise<void>;
};

/** How often everybody's flag is shown again. */
const repeatEveryMs = 30_000;
/** Where there are many it takes longer: so many a second, and at a time, are no burden. */
const repeatedPerSecond = 500;
const repeatedAtOnce = 100;

type Round = {
  readonly of: PartitionJudge;
  readonly left: Iterator<Named>;
  readonly perMs: number;
  /** Up to when what was due was shown. */
  at: number;
};

export function openFlagBoard(flags: Log): FlagBoard {
  let round: Round | null = null;
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
      for (const one of before?.standing() ?? []) post(one, inOffset, null);
      for (const one of after.standing()) post(one, inOffset, after.flag(one, now));
    },
    repeat: (judge, inOffset) => {
      for (const one of judge.standing()) post(one, inOffset, judge.flag(one, judge.stamp));
    },
    repeatSome: (judge, inOffset, at) => {
      if (round?.of !== judge || round.perMs === 0) {
        const perSecond = Math.min(
          repeatedPerSecond,
          (judge.standingCount * 1_000) / repeatEveryMs,
        );
        round = { of: judge, left: judge.standing(), perMs: perSecond / 1_000, at };
      }
      const due = Math.min(repeatedAtOnce, Math.floor((at - round.at) * round.perMs));
      if (due === 0) return;
      round.at = due === repeatedAtOnce ? at : round.at + due / round.perMs;
      for (let n = 0; n < due; n += 1) {
        const next = round.left.next();
        if (next.done === true) {
          round = null;
          return;
        }
        post(next.value, inOffset, judge.flag(next.value, judge.stamp));
      }
    },
    flush: async (stamp) => {
      if (waiting.size === 0) return;
      const inputs = [...waiting.values()].map(inputOf);
      waiting.clear();
      await flags.append(inputs, stamp);
    },
  };
}
