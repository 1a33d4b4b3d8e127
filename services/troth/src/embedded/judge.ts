import { splitPieces } from "@troth/engine";
import { decodeFact, type Fact, invariant, publicPseudonymKey } from "@troth/events";
import type { LogInput, LogRecord } from "@troth/log";
import type { Judge } from "@troth/monitor";
import type { Policy } from "@troth/policy";
import { type Fate, Pipeline } from "../pipeline.ts";

/** A record that only moves log time. A fact never is one byte: its frame alone is five. */
export const tick: LogInput = { bytes: Uint8Array.of(1) };

export const isTick = (bytes: Uint8Array): boolean => bytes.length === 1 && bytes[0] === 1;

export type LiveJudge = Judge & {
  /** The pipeline under the monitor, for looking up flags; never to be fed by anyone else. */
  readonly pipeline: () => Pipeline;
};

/** The pipeline as the monitor drives it: records in, outputs out, counted by what became of them. */
export function openJudge(
  policy: Policy,
  snapshot: Buffer | null,
  counted: (fate: Fate, fact: Fact, stamp: number) => void,
): LiveJudge {
  const pipeline =
    snapshot === null
      ? new Pipeline(policy, publicPseudonymKey)
      : Pipeline.restore(policy, publicPseudonymKey, splitPieces(snapshot));
  return {
    apply: (record: LogRecord, out) => {
      if (isTick(record.bytes)) {
        pipeline.tick(record.stamp, out);
        return;
      }
      const decoded = decodeFact(record.bytes);
      // Only facts that passed the door are in this log, behind a checksum.
      invariant(decoded.ok, `record ${record.offset} of the facts log is no fact`);
      const fate = pipeline.take(decoded.value, record.stamp, out);
      counted(fate, decoded.value, record.stamp);
    },
    nextMoment: () => pipeline.nextMoment(),
    beginSnapshot: () => pipeline.beginSnapshot(),
    pipeline: () => pipeline,
  };
}
