import {
  type Decision,
  type Fact,
  type Filed,
  type Flag,
  isDecision,
  isoTime,
  type Output,
  type Refusal,
  toCloudEvent,
} from "@troth/events";
import type { Policy } from "@troth/policy";
import { outcomeOf } from "@troth/truth";
import { Pipeline } from "../pipeline.ts";
import type { ReadLine, ReadRecord, ToJudge } from "./source.ts";
import { flagCounts, type Summary, Verdicts } from "./verdicts.ts";

/** What was set aside, with enough to put it right: the line's number, reason, field and text. */
export type SetAside = Refusal & { readonly line: number; readonly raw: string | null };

/** Where a replay's results go, in the order they arise. */
export type ReplaySink = {
  readonly decision: (decision: Decision) => void;
  /** Everything the judge wrote, decisions too, each with its place; null when nobody wants it. */
  readonly output: ((output: Output) => void) | null;
  /** Every fact with its place, before what it leads to; the final tick last. */
  readonly fact?: (record: Filed) => void;
  readonly setAside: (one: SetAside) => void;
  /** Awaited between batches, so that a slow disk slows reading instead of filling memory. */
  readonly drained: () => Promise<void>;
};

export type ReplayResult = {
  readonly summary: Summary;
  readonly flags: readonly Flag[];
  readonly verdicts: Verdicts;
};

/**
 * Judges events: batch and deterministic. Log time is the running maximum of `recordedtime`, or what
 * a log says it was; a final tick runs to `until`, or stands at the last stamp. Facts recorded after
 * `until` are not read.
 */
export async function replay(
  lines: ToJudge,
  policy: Policy,
  key: string,
  until: number | null,
  sink: ReplaySink,
): Promise<ReplayResult> {
  const pipeline = new Pipeline(policy, key);
  const verdicts = new Verdicts(policy.score.probability);
  let read = 0;
  let refused = 0;
  let stamp = 0;
  let position = 0;
  let out: Output["body"][] = [];
  const say = (): void => {
    for (let seq = 0; seq < out.length; seq += 1) {
      const body = out[seq];
      if (body === undefined) continue;
      if (isDecision(body)) {
        verdicts.fold(body);
        sink.decision(body);
      }
      sink.output?.({ inOffset: position, seq, stamp, body });
    }
    out = [];
    position += 1;
  };
  const take = (fact: Fact, at: number, one: ReadLine | ReadRecord): void => {
    read += 1;
    stamp = Math.max(stamp, at);
    sink.fact?.({ offset: position, stamp, fact });
    const full: Fact[] = [];
    const fate = pipeline.take(fact, stamp, out, full);
    for (const turned of full) {
      const itself =
        turned === fact && "raw" in one ? one.raw : JSON.stringify(toCloudEvent(turned));
      sink.setAside({ line: "line" in one ? one.line : position, raw: itself, ...noRoom });
    }
    if (fate === "applied") noteAnswer(verdicts, fact);
    say();
  };
  for await (const batch of lines) {
    for (const one of batch) {
      if ("stamp" in one) {
        if (until !== null && one.stamp > until) continue;
        if (one.fact !== null) take(one.fact, one.stamp, one);
        else {
          stamp = one.stamp;
          sink.fact?.({ offset: position, stamp, fact: null });
          pipeline.tick(stamp, out);
          say();
        }
      } else if (!one.result.ok) {
        read += 1;
        refused += 1;
        sink.setAside({ line: one.line, raw: one.raw, ...one.result.error });
      } else {
        const fact = one.result.value;
        if (until === null || fact.recordedTime <= until) take(fact, fact.recordedTime, one);
      }
    }
    await sink.drained();
  }
  const end = Math.max(stamp, until ?? stamp);
  sink.fact?.({ offset: position, stamp: end, fact: null });
  pipeline.tick(end, out);
  stamp = end;
  say();
  await sink.drained();
  const flags = pipeline.flags(end).filter((flag) => flag.level !== "none");
  const summary: Summary = {
    read,
    applied: pipeline.tally.applied,
    duplicates: pipeline.tally.duplicates,
    setAside: refused + pipeline.tally.turnedAway,
    waiting: pipeline.waiting,
    policy: policy.hash,
    until: read === 0 && until === null ? null : isoTime(end),
    pledges: verdicts.pledgeCounts(),
    alerts: verdicts.alerts,
    flags: flagCounts(flags),
    truth: verdicts.accuracy(),
  };
  return { summary, flags, verdicts };
}

const noRoom: Refusal = {
  reason: "waiting-room-full",
  field: "subject",
  message:
    "too many events already wait for this reference to be linked to a customer: send an identity.linked event for it, then replay this line",
};

/** Answers are kept beside the decisions: they are labels, and never touch a score. */
export function noteAnswer(verdicts: Verdicts, fact: Fact): void {
  if (fact.kind !== "survey.answered") return;
  const invitation = fact.data["invitationId"];
  const outcome = outcomeOf(fact.data);
  if (typeof invitation === "string" && outcome !== null) verdicts.answer(invitation, outcome);
}
