import { type Decision, type Flag, parseLine, publicPseudonymKey } from "@troth/events";
import type { Policy } from "@troth/policy";
import { replay, type SetAside } from "./replay.ts";
import type { ReadLine } from "./source.ts";
import type { Summary, Verdicts } from "./verdicts.ts";

export type ReplayedLines = {
  readonly decisions: readonly Decision[];
  readonly flags: readonly Flag[];
  readonly refused: readonly SetAside[];
  readonly summary: Summary;
  readonly verdicts: Verdicts;
};

async function* once(lines: readonly string[]): AsyncGenerator<readonly ReadLine[]> {
  yield lines.map((raw, i) => ({ line: i + 1, result: parseLine(raw), raw }));
}

/** Judges lines that are at hand, all results in memory: for tests and small questions. */
export async function replayLines(
  lines: readonly string[],
  policy: Policy,
  until: number | null = null,
): Promise<ReplayedLines> {
  const decisions: Decision[] = [];
  const refused: SetAside[] = [];
  const { flags, summary, verdicts } = await replay(
    once(lines),
    policy,
    publicPseudonymKey,
    until,
    {
      decision: (decision) => decisions.push(decision),
      output: null,
      setAside: (one) => refused.push(one),
      drained: () => Promise.resolve(),
    },
  );
  return { decisions, flags, refused, summary, verdicts };
}
