import { canonicalJson, type Flag, flagJson, isoTime, registerJson } from "@troth/events";
import type { TruthLine } from "@troth/truth";
import type { Outputs } from "./outputs.ts";
import type { Summary, Verdicts } from "./verdicts.ts";

const truthJson = (line: TruthLine): string => canonicalJson({ ...line, at: isoTime(line.at) });

/** Writes what a run amounts to, besides the decisions it wrote on the way. */
export async function writeReport(
  outputs: Outputs,
  verdicts: Verdicts,
  flags: readonly Flag[],
  summary: Summary,
): Promise<void> {
  const pledges = outputs.file("pledges.jsonl");
  for (const row of verdicts.pledges()) {
    pledges.line(registerJson(row));
    await outputs.drained();
  }
  const flagFile = outputs.file("flags.jsonl");
  for (const flag of flags) flagFile.line(flagJson(flag));
  const truth = outputs.file("truth.jsonl");
  for (const line of verdicts.truth()) truth.line(truthJson(line));
  outputs.file("summary.json").line(canonicalJson(summary));
  // Always there, so that a reader need not ask whether nothing went wrong or nothing was written.
  outputs.file("set-aside.jsonl");
  outputs.file("decisions.jsonl");
  await outputs.finish();
}
