import type { Clock } from "@troth/runtime";

/** Saving takes at most this share of a machine's time, however large its state has grown. */
const timesTheCost = 20;

export type SavePace = {
  readonly isTime: (records: number) => boolean;
  /** Saves; how long that takes decides when it is time again. */
  readonly saving: (save: () => Promise<void>) => Promise<void>;
};

/**
 * How often a machine saves its state. What is judged since has to be judged again after a kill, and
 * where kills come every few seconds a machine that saves seldom does little else.
 */
export function openSavePace(options: {
  readonly clock: Clock;
  readonly everyRecords: number;
  /** Not more often than this; a state that takes long to save is saved less often still. */
  readonly everyMs: number;
}): SavePace {
  const { clock, everyRecords, everyMs } = options;
  let savedAt = clock.now();
  let costMs = 0;
  return {
    isTime: (records) =>
      records >= everyRecords || clock.now() - savedAt >= Math.max(everyMs, timesTheCost * costMs),
    saving: async (save) => {
      const began = clock.now();
      await save();
      savedAt = clock.now();
      costMs = Math.max(0, savedAt - began);
    },
  };
}
