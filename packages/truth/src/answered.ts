import type { Outcome, TruthLine } from "./truth-line.ts";

/** A line of truth whose question was answered. */
export type AnsweredLine = TruthLine & { readonly outcome: Outcome };

export const answeredOf = (lines: readonly TruthLine[]): readonly AnsweredLine[] =>
  lines.flatMap((line) => (line.outcome === null ? [] : [{ ...line, outcome: line.outcome }]));
