import {
  type AlertDecision,
  type Fact,
  type FlagDecision,
  isBeyond,
  levels,
  type Output,
  type PledgeDecision,
  type RefusalReason,
  refusalReasons,
  type SourceDecision,
  type Verdict,
  verdicts,
} from "@troth/events";
import type { Policy } from "@troth/policy";
import type { CounterOf, GaugeOf, Metrics } from "@troth/runtime";
import type { Fate } from "./pipeline.ts";
import { RunningAccuracy } from "./running-accuracy.ts";

export type Tell = {
  /** Durable at the door: so many facts, and one reason for each event set aside. */
  readonly admitted: (facts: number, setAside: readonly RefusalReason[]) => void;
  /** What became of one fact. */
  readonly fate: (fate: Fate) => void;
  /** Facts below `position` are judged; log time is `stamp`, milliseconds. */
  readonly judged: (position: number, stamp: number) => void;
  /** Takes the next thing the judge wrote; what was taken before is dropped. */
  readonly fold: (output: Output) => void;
  /** Offset of the last fact whose outputs are durable in the lake. */
  readonly lakeReached: (inOffset: number) => void;
  readonly eventLoopLagged: (seconds: number) => void;
  /** A message to the outside arrived, failed for now, or was given up. */
  readonly notified: (channel: string, outcome: "sent" | "failed" | "gave-up") => void;
};

const alertRules = ["critical", "compound"] as const;
const alertStates = ["opened", "acknowledged", "amended", "recovered", "withdrawn"] as const;
const risks = levels.filter((level) => level !== "none");
const day = 86_400;

/**
 * More links or templates than these are counted as `other`: a policy is a file anybody may edit, and
 * series cost memory in every system that scrapes them.
 */
const linksMax = 16;
const templatesMax = 24;
const sourcesMax = 16;

const other = "other";
const few = (names: readonly string[], max: number): readonly string[] => [
  ...new Set(names.filter((name) => name !== other).slice(0, max)),
  other,
];

/** Link and template of every kind of pledge; the last row stands for all others. */
function pledgeRows(policy: Policy, links: readonly string[]) {
  const rows = policy.pledges
    .slice(0, templatesMax)
    .filter(({ link }) => links.includes(link.id))
    .map(({ id, link }) => ({ link: link.id, kind: id }));
  return [...rows, { link: other, kind: other }];
}

const isUnknown = (verdict: Verdict): boolean =>
  verdict === "unverifiable" || verdict === "source-blind";

/** A count that goes up and down by key, shown after every change. */
function openNet(): (key: string, by: number) => number {
  const counts = new Map<string, number>();
  return (key, by) => {
    const count = (counts.get(key) ?? 0) + by;
    counts.set(key, count);
    return count;
  };
}

function openEvents(metrics: Metrics) {
  const counter = (name: string, help: string): CounterOf<Record<string, never>> =>
    metrics.counter({ name: `troth_events_${name}_total`, help, labels: {} });
  const admitted = counter("admitted", "Events taken in at the door and durable in the log.");
  const read = counter("read", "Events whose fate is known: applied, duplicate or set aside.");
  const applied = counter("applied", "Events that were judged.");
  const duplicate = counter("duplicate", "Events that had been read before and changed nothing.");
  const setAside = metrics.counter({
    name: "troth_events_set_aside_total",
    help: "Events that could not be read or placed, by reason; troth set-aside lists them.",
    labels: { reason: [...refusalReasons, other] },
  });
  const difference = metrics.gauge({
    name: "troth_conservation_difference",
    help: "Events read minus applied, duplicate and set aside: anything but 0 is a defect.",
    labels: {},
  });
  difference.set({}, 0);
  const sums = { read: 0, applied: 0, duplicate: 0, setAside: 0 };
  const balance = (): void =>
    difference.set({}, sums.read - sums.applied - sums.duplicate - sums.setAside);
  const count = (which: keyof typeof sums, of: CounterOf<Record<string, never>>): void => {
    sums[which] += 1;
    of.add({});
  };
  const putAside = (reason: RefusalReason): void => {
    sums.setAside += 1;
    setAside.add({ reason });
  };
  return {
    admitted: (facts: number, reasons: readonly RefusalReason[]): void => {
      admitted.add({}, facts);
      for (const reason of reasons) {
        count("read", read);
        putAside(reason);
      }
      balance();
    },
    fate: (fate: Fate): void => {
      count("read", read);
      if (fate === "applied") count("applied", applied);
      else if (fate === "duplicate") count("duplicate", duplicate);
      else putAside("waiting-room-full");
      balance();
    },
  };
}

function openPromises(metrics: Metrics, policy: Policy) {
  const links = few(
    policy.pledges.map(({ link }) => link.id),
    linksMax,
  );
  const rows = pledgeRows(policy, links);
  const labels = { link: links, kind: rows.map(({ kind }) => kind) };
  const counter = (name: string, help: string) =>
    metrics.counter({ name: `troth_promises_${name}_total`, help, labels, rows });
  const made = counter("made", "Promises made, and dates given anew, by link and template.");
  const kept = counter(
    "kept",
    "Times a promise came to be kept; late evidence may count it again.",
  );
  const broken = counter("broken", "Times a promise came to be broken, or was found to be.");
  const unknown = counter(
    "unknown",
    "Times nobody could say whether a promise was kept: its feed was silent, or nobody would know.",
  );
  const standing = metrics.gauge({
    name: "troth_promises",
    help: "Promises by link as they stand now, amendments included.",
    labels: { link: links, verdict: verdicts },
  });
  for (const link of links) for (const verdict of verdicts) standing.set({ link, verdict }, 0);
  const lateness = metrics.histogram({
    name: "troth_promise_lateness_seconds",
    help: "How long after its date a promise was kept; 0 when in time.",
    labels: { link: links },
    buckets: [0, 3_600, day, 3 * day, 7 * day, 30 * day],
  });
  const net = openNet();
  const stand = (of: string, verdict: Verdict, by: number): void => {
    const link = links.includes(of) ? of : other;
    standing.set({ link, verdict }, net(`${link} ${verdict}`, by));
  };
  return (pledge: PledgeDecision): void => {
    const { link, verdict, was, due, keptAt } = pledge;
    const row = { link, kind: pledge.template };
    if (was === null) made.add(row);
    else stand(link, was, -1);
    stand(link, verdict, 1);
    if (verdict === was) return;
    if (verdict === "kept") kept.add(row);
    if (verdict === "broken") broken.add(row);
    if (isUnknown(verdict)) unknown.add(row);
    if (due !== null && keptAt !== null && (verdict === "kept" || verdict === "broken")) {
      lateness.observe({ link }, Math.max(0, keptAt - due) / 1_000);
    }
  };
}

function openCustomers(metrics: Metrics) {
  const alerts = metrics.counter({
    name: "troth_alerts_total",
    help: "Alert revisions, by rule (one broken link, or the sum of many) and what happened.",
    labels: { rule: alertRules, state: alertStates },
  });
  const atRisk = metrics.gauge({
    name: "troth_customers_at_risk",
    help: "Customers whose promised experience is being undermined, by level.",
    labels: { level: risks },
  });
  for (const level of risks) atRisk.set({ level }, 0);
  const net = openNet();
  const count = (level: FlagDecision["level"], by: number): void => {
    if (level !== "none") atRisk.set({ level }, net(level, by));
  };
  return {
    alert: ({ rule, state }: AlertDecision): void => alerts.add({ rule, state }),
    flag: ({ level, was }: FlagDecision): void => {
      count(was, -1);
      count(level, 1);
    },
  };
}

function openTouchPoints(metrics: Metrics, policy: Policy) {
  const queueWait = metrics.histogram({
    name: "troth_queue_wait_seconds",
    help: "How long customers waited for an answer, contacts given up included.",
    labels: {},
    buckets: [15, 30, 60, 120, 300, 600, 1_800, 3_600],
  });
  const sources = few(
    policy.sources.map(({ id }) => id),
    sourcesMax,
  );
  const silent = metrics.gauge({
    name: "troth_source_silent",
    help: "1 while a feed is silent and its promises are not judged, else 0.",
    labels: { source: sources },
  });
  for (const source of sources) silent.set({ source }, 0);
  return {
    fact: ({ kind, data }: Fact): void => {
      const seconds = data["queueWaitSeconds"];
      if (kind.startsWith("contact.") && typeof seconds === "number")
        queueWait.observe({}, seconds);
    },
    source: ({ source, state }: SourceDecision): void =>
      silent.set({ source }, state === "silent" ? 1 : 0),
  };
}

function openTruth(metrics: Metrics) {
  const gauge = (name: string, help: string) => {
    const opened = metrics.gauge({ name, help, labels: {} });
    opened.set({}, Number.NaN);
    return opened;
  };
  const precision = gauge(
    "troth_alert_precision",
    "Share of alerted customers who answered that they did not enjoy it; NaN before any answer.",
  );
  const recall = gauge(
    "troth_alert_recall",
    "Share of customers who did not enjoy it that were alerted; NaN before any such answer.",
  );
  const accuracy = new RunningAccuracy();
  return {
    accuracy,
    fact: (fact: Fact): void => {
      if (fact.kind !== "survey.answered" || !accuracy.answered(fact)) return;
      precision.set({}, accuracy.precision);
      recall.set({}, accuracy.recall);
    },
  };
}

function openPlaces(metrics: Metrics) {
  const gauge = (name: string, help: string): GaugeOf<Record<string, never>> => {
    const opened = metrics.gauge({ name, help, labels: {} });
    opened.set({}, 0);
    return opened;
  };
  const position = metrics.gauge({
    name: "troth_log_position",
    help: "Records of the log of facts that are judged, and outputs that are counted here.",
    labels: { log: ["facts", "outputs"] },
  });
  position.set({ log: "facts" }, 0);
  position.set({ log: "outputs" }, 0);
  return {
    position,
    logTime: gauge(
      "troth_log_time_seconds",
      "Log time as Unix time: what is judged is judged as of then.",
    ),
    lake: gauge(
      "troth_lake_position",
      "Offset of the last fact whose outputs are in the lake for good.",
    ),
    lag: gauge(
      "troth_event_loop_lag_seconds",
      "How late the process got to a timer: high means it is too busy.",
    ),
  };
}

/**
 * Names every metric there is. Labels come from closed lists and the policy, never from events, so the
 * number of series does not depend on how many customers there are. Counters of outputs count the
 * whole log: after a start they climb back to where they were while the log is read again. One file,
 * though a long one: who asks what a metric means looks here and nowhere else.
 */
export function openTell(metrics: Metrics, policy: Policy): Tell {
  const events = openEvents(metrics);
  const promise = openPromises(metrics, policy);
  const customers = openCustomers(metrics);
  const touchPoints = openTouchPoints(metrics, policy);
  const truth = openTruth(metrics);
  const places = openPlaces(metrics);
  const notifications = metrics.counter({
    name: "troth_notifications_total",
    help: "Messages to the outside, by channel: sent, failed (and tried again) or given up.",
    labels: { channel: ["log", "webhook", other], outcome: ["sent", "failed", "gave-up"] },
  });
  let seen = { inOffset: -1, seq: -1 };
  let outputs = 0;
  return {
    admitted: events.admitted,
    fate: events.fate,
    judged: (position, stamp) => {
      places.position.set({ log: "facts" }, position);
      places.logTime.set({}, stamp / 1_000);
    },
    fold: (output) => {
      if (!isBeyond(output, seen)) return;
      seen = { inOffset: output.inOffset, seq: output.seq };
      outputs += 1;
      places.position.set({ log: "outputs" }, outputs);
      const { body } = output;
      switch (body.kind) {
        case "noise":
          touchPoints.fact(body.fact);
          truth.fact(body.fact);
          return;
        case "pledge":
          return promise(body);
        case "alert":
          return customers.alert(body);
        case "flag":
          return customers.flag(body);
        case "survey":
          return truth.accuracy.invited(body);
        case "source":
          return touchPoints.source(body);
        case "cohort":
        case "retraction":
        case "merge":
        case "split":
          return;
      }
    },
    lakeReached: (inOffset) => places.lake.set({}, inOffset),
    eventLoopLagged: (seconds) => places.lag.set({}, seconds),
    notified: (channel, outcome) => notifications.add({ channel, outcome }),
  };
}
