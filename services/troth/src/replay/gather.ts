import { type Fact, isoTime } from "@troth/events";
import { type Outcome, outcomeOf } from "@troth/truth";
import type { SetAside } from "./replay.ts";
import type { ReadLines } from "./source.ts";

export type Gathered = {
  readonly facts: readonly Fact[];
  readonly answers: readonly { readonly invitationId: string; readonly outcome: Outcome }[];
  readonly read: number;
  readonly refused: number;
  /** ISO time of the final tick; null when nothing was read and no end was given. */
  readonly endsAt: string | null;
};

/** Reads a whole event file into memory, as the naive second opinion wants it. */
export async function gather(
  lines: ReadLines,
  until: number | null,
  setAside: (one: SetAside) => void,
): Promise<Gathered> {
  const facts: Fact[] = [];
  const answers: { invitationId: string; outcome: Outcome }[] = [];
  let refused = 0;
  let latest = until ?? 0;
  for await (const batch of lines) {
    for (const { line, result, raw } of batch) {
      if (!result.ok) {
        refused += 1;
        setAside({ line, raw, ...result.error });
        continue;
      }
      const fact = result.value;
      if (until !== null && fact.recordedTime > until) continue;
      facts.push(fact);
      latest = Math.max(latest, fact.recordedTime);
      const invitationId = fact.data["invitationId"];
      const outcome = fact.kind === "survey.answered" ? outcomeOf(fact.data) : null;
      if (typeof invitationId === "string" && outcome !== null) {
        answers.push({ invitationId, outcome });
      }
    }
  }
  const read = facts.length + refused;
  const endsAt = read === 0 && until === null ? null : isoTime(latest);
  return { facts, answers, read, refused, endsAt };
}
