import { type Clock, confirmationsMin, confirmEveryMs, jumpMs } from "@troth/runtime";

/**
 * The latest log time anybody may believe in: what the clock says, once nothing was done to it for as
 * long as it takes to confirm it; before that, what was believed and the time that passed since.
 */
export type Believable = {
  /** The clock is about to be set, the machine to sleep, or a process begins that remembers no clock. */
  readonly disturbed: () => void;
  /** Holds a log time against it. */
  readonly hold: (stamp: number) => void;
  readonly violations: readonly string[];
};

const confirmedAfterMs = confirmationsMin * confirmEveryMs;

export function openBelievable(clock: Clock): Believable {
  let believed = clock.now();
  let believedAt = clock.elapsed();
  let disturbedAt = Number.NEGATIVE_INFINITY;
  const violations: string[] = [];
  /** Where the log is empty there is nothing a clock could be far ahead of. */
  let isLogEmpty = true;
  const look = (): void => {
    const elapsed = clock.elapsed();
    const expected = believed + (elapsed - believedAt);
    const now = clock.now();
    const isConfirmed = elapsed - disturbedAt >= confirmedAfterMs;
    believed = now <= expected + jumpMs || isConfirmed ? Math.max(expected, now) : expected;
    believedAt = elapsed;
  };
  return {
    disturbed: () => {
      look();
      if (!isLogEmpty) disturbedAt = clock.elapsed();
    },
    hold: (stamp) => {
      isLogEmpty = false;
      look();
      if (stamp > believed + jumpMs)
        violations.push(
          `log time ${stamp} is ahead of ${believed}, and nobody confirmed the clock`,
        );
    },
    violations,
  };
}
