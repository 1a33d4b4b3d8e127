import type { Output } from "@troth/events";
import { type Lake, type LakeOptions, openLake } from "@troth/lake";
import type { Log } from "@troth/log";
import { type Patience, patiently } from "@troth/runtime";
import { factsFrom } from "./facts-from.ts";
import type { Reader } from "./feed.ts";

export type LakeReaderOptions = {
  readonly lake: LakeOptions;
  /** The log the outputs were judged from: the lake holds each fact before what was said of it. */
  readonly facts: Log;
  /** Offset of the last fact whose outputs are durable in the lake. */
  readonly reached: (inOffset: number) => void;
};

/** What is being written may still be finished; a lake only being opened holds nothing half done. */
const graceMs = { opening: 1_000, writing: 2_000 } as const;

/**
 * Waits for work, but not longer than `withinMs` after the process was told to stop: the next start does
 * it again. True when it was not waited for.
 */
function untilStopped(
  work: Promise<void>,
  { clock, stop }: Patience,
  withinMs: number,
): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const over = (isLeft: boolean): void => {
      stop.removeEventListener("abort", told);
      resolve(isLeft);
    };
    const told = (): void => void clock.setTimer(withinMs, () => over(true));
    stop.addEventListener("abort", told);
    if (stop.aborted) told();
    work.then(
      () => over(false),
      (error: unknown) => {
        stop.removeEventListener("abort", told);
        reject(error);
      },
    );
  });
}

/** The lake as a reader: opened when there is something to write, patient while its store is away. */
export function lakeReader(options: LakeReaderOptions, patience: Patience): Reader["fold"] {
  const { facts, reached } = options;
  let open: { readonly lake: Lake; readonly before: ReturnType<typeof factsFrom> } | null = null;
  /** Told to stop with something left undone: what comes now would follow upon a hole. */
  let isTooLate = false;
  /** Takes up the write under way: asked for twice, its failure would be nobody's. */
  const settle = async (lake: Lake, writing = lake.drained()): Promise<void> => {
    let first: typeof writing | null = writing;
    await patiently(async () => {
      const now = first === null ? lake.drained() : first;
      first = null;
      await now;
    }, patience);
    reached(lake.reached());
  };
  const slowly = async (output: Output): Promise<void> => {
    if (open === null) {
      const lake = await patiently(() => openLake(options.lake), patience);
      if (lake === null || isTooLate) {
        isTooLate = true;
        return;
      }
      open = { lake, before: factsFrom(facts, lake.reached() + 1) };
    }
    const { lake, before } = open;
    if (output.inOffset <= lake.reached()) return;
    await before(output.inOffset, lake.file);
    lake.fold(output);
    await settle(lake, lake.drained());
  };
  const unlessStopped = async (work: Promise<void>): Promise<void> => {
    const grace = open === null ? graceMs.opening : graceMs.writing;
    if (await untilStopped(work, patience, grace)) isTooLate = true;
  };
  return (output) => {
    if (isTooLate) return;
    if (open === null) return unlessStopped(slowly(output));
    const { lake, before } = open;
    if (output.inOffset <= lake.reached()) return;
    const reading = before(output.inOffset, lake.file);
    if (reading !== undefined) {
      return unlessStopped(reading.then(() => slowly(output)));
    }
    lake.fold(output);
    const writing = lake.drained();
    return writing === undefined ? undefined : unlessStopped(settle(lake, writing));
  };
}
