import type { Clock } from "@troth/runtime";

/** Saving takes at most this share of a machine's time, however large its state has grown. */
const timesTheCost = 20;

export type SavePace = {
  readonly isTime: (records: number) => boolean;
  /**
   * Saves beside the work, unless that is still under way; how long it takes decides when it is time again.
   * `save` is called at once, and takes what it saves before it first waits.
   */
  readonly saveBeside: (save: () => Promise<void>) => void;
  /** While something is being saved, lets others have a turn: what they do is no cost of saving. */
  readonly othersTurn: () => Promise<void>;
  /** Resolves when nothing is being saved: whoever opens the same place next is alone there. */
  readonly idle: () => Promise<void>;
  /** Throws what kept something from being saved. */
  readonly check: () => void;
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
  /** Machines of one process save in turn: by how much of `everyMs` this one is ahead, 0 to 1. */
  readonly ahead?: number;
}): SavePace {
  const { clock, everyRecords, everyMs, ahead = 0 } = options;
  let savedAt = clock.now() - ahead * everyMs;
  let costMs = 0;
  let othersMs = 0;
  let saving: Promise<void> | null = null;
  let failure: { readonly error: unknown } | null = null;
  const check = (): void => {
    if (failure !== null) throw failure.error;
  };
  return {
    isTime: (records) =>
      saving === null &&
      (records >= everyRecords ||
        clock.now() - savedAt >= Math.max(everyMs, timesTheCost * costMs)),
    saveBeside: (save) => {
      if (saving !== null) return;
      const began = clock.now();
      othersMs = 0;
      saving = save().then(
        () => {
          savedAt = clock.now();
          costMs = Math.max(0, savedAt - began - othersMs);
          saving = null;
        },
        (error: unknown) => {
          failure = { error };
          saving = null;
        },
      );
    },
    othersTurn: async () => {
      const left = clock.now();
      await new Promise((resolve) => setImmediate(resolve));
      othersMs += clock.now() - left;
    },
    idle: async () => {
      await saving;
    },
    check,
  };
}
