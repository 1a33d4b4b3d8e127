import { decodeOutput, isBeyond, type Output } from "@troth/events";
import type { Log } from "@troth/log";
import type { Kept } from "../partitioned/supervise.ts";

const nowhere = { inOffset: -1, seq: -1 };
const outputsPerTurn = 500;

export type Following = Kept & {
  /** Resolves once everything that was there when it began is folded. */
  readonly caughtUp: Promise<void>;
};

export type FollowOptions = {
  /** Offset to begin at; the log's beginning if absent. */
  readonly from?: number;
  /** Everything of a batch, up to this offset, is folded; the highest was caused by that record. */
  readonly batchEnded?: (offset: number, highest: number) => void | Promise<void>;
};

/**
 * Reads the decisions of one partition, dropping every copy: only what lies beyond the highest place
 * seen is handed on.
 */
export async function follow(
  decisions: Log,
  fold: (output: Output, trace?: string) => void | Promise<void>,
  { from = 0, batchEnded = () => undefined }: FollowOptions = {},
): Promise<Following> {
  const stop = new AbortController();
  const begunAt = await decisions.end();
  let there: () => void = () => undefined;
  const caughtUp = new Promise<void>((resolve) => {
    there = resolve;
  });
  if (begunAt <= from) there();
  let seen = nowhere;
  let turn = 0;
  const run = async (): Promise<void> => {
    for await (const batch of decisions.readBatches(from, { follow: stop.signal })) {
      for (const { bytes, offset, trace } of batch) {
        const output = decodeOutput(bytes);
        if (isBeyond(output, seen)) {
          seen = { inOffset: output.inOffset, seq: output.seq };
          await fold(output, trace);
        }
        if (offset + 1 === begunAt) there();
        turn += 1;
        if (turn % outputsPerTurn === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      const last = batch.at(-1);
      if (last !== undefined) await batchEnded(last.offset + 1, seen.inOffset);
    }
  };
  const running = run();
  running.catch(() => undefined);
  return {
    running,
    caughtUp,
    close: async () => {
      stop.abort();
      await running.catch(() => undefined);
      await decisions.close();
    },
  };
}
