import { type Fact, isBeyond, type Output, type RefusalReason } from "@troth/events";
import type { Policy } from "@troth/policy";
import type { Metrics } from "@troth/runtime";
import { Influence } from "./accountability/influence.ts";
import type { Fate } from "./pipeline.ts";
import { openAccountability } from "./tell/accountability.ts";
import { openCustomers, openTouchPoints, openTruth } from "./tell/customers.ts";
import {
  type Notified,
  openEvents,
  openNotifications,
  openPlaces,
  openRecoveries,
  type ReaderName,
  type Recoveries,
} from "./tell/machine.ts";
import { openPromises, openSegments } from "./tell/promises.ts";

export { type ReaderName, readerNames } from "./tell/machine.ts";

export type Tell = {
  /** Durable at the door: so many facts, and one reason for each event set aside. */
  readonly admitted: (facts: number, setAside: readonly RefusalReason[]) => void;
  /** What became of one fact, at log time `stamp`. */
  readonly fate: (fate: Fate, fact: Pick<Fact, "source" | "time">, stamp: number) => void;
  /** Facts below `position` are judged; log time is `stamp`, milliseconds. */
  readonly judged: (position: number, stamp: number) => void;
  /** Takes the next thing the judge wrote; what was taken before is dropped. */
  readonly fold: (output: Output) => void;
  /** Offset of the last fact whose outputs are durable in the lake. */
  readonly lakeReached: (inOffset: number) => void;
  /** Records of the log of facts, and outputs, that there are. */
  readonly logEnded: (facts: number, outputs: number) => void;
  /** Outputs a reader has folded. */
  readonly readerReached: (reader: ReaderName, outputs: number) => void;
  readonly eventLoopLagged: (seconds: number) => void;
  /** A message to the outside arrived, failed for now, or was given up. */
  readonly notified: Notified;
  /** What became of the promise an alert opens. */
  readonly recovery: Recoveries;
};

/**
 * Names every metric there is. Labels come from closed lists and the policy, never from events, so the
 * number of series does not depend on how many customers there are. Counters of outputs count the
 * whole log: after a start they climb back to where they were while the log is read again, and until
 * then nothing is exposed. Metrics are named here and in the files of tell/, and nowhere else.
 */
export function openTell(metrics: Metrics, policy: Policy): Tell {
  const influence = new Influence(policy);
  const events = openEvents(metrics);
  const promise = openPromises(metrics, policy);
  const segments = openSegments(metrics, policy, (customer) => influence.segmentOf(customer));
  const customers = openCustomers(metrics, policy);
  const touchPoints = openTouchPoints(metrics, policy);
  const truth = openTruth(metrics);
  const account = openAccountability(metrics, policy, influence);
  const places = openPlaces(metrics);
  const notified = openNotifications(metrics);
  const recovery = openRecoveries(metrics);
  let seen = { inOffset: -1, seq: -1 };
  let outputs = 0;
  const count = (body: Output["body"]): void => {
    switch (body.kind) {
      case "noise":
        touchPoints.fact(body.fact);
        truth.fact(body.fact);
        if (body.fact.kind === "survey.answered" && body.customer !== null)
          segments.answer(body.customer, body.fact);
        return;
      case "pledge":
        promise(body);
        segments.pledge(body);
        return;
      case "alert":
        customers.alert(body);
        return;
      case "flag":
        customers.flag(body);
        return;
      case "survey":
        truth.accuracy.invited(body);
        return;
      case "source":
        touchPoints.source(body);
        return;
      case "cohort":
        touchPoints.cohort(body);
        return;
      case "retraction":
      case "merge":
      case "split":
        return;
    }
  };
  return {
    admitted: events.admitted,
    fate: (fate, fact, stamp) => {
      events.fate(fate);
      touchPoints.heard(fact);
      touchPoints.clock(stamp);
    },
    judged: (position, stamp) => {
      places.position.set({ log: "facts" }, position);
      places.logTime.set({}, stamp / 1_000);
      touchPoints.clock(stamp);
    },
    fold: (output) => {
      if (!isBeyond(output, seen)) return;
      seen = { inOffset: output.inOffset, seq: output.seq };
      outputs += 1;
      places.position.set({ log: "outputs" }, outputs);
      // A customer's segment is known before what is said of them is counted.
      account(output.body);
      count(output.body);
    },
    lakeReached: (inOffset) => places.lake.set({}, inOffset),
    logEnded: (facts, written) => {
      places.end.set({ log: "facts" }, facts);
      places.end.set({ log: "outputs" }, written);
    },
    readerReached: (reader, position) => places.reader.set({ reader }, position),
    eventLoopLagged: (seconds) => places.lag.set({}, seconds),
    notified,
    recovery,
  };
}
