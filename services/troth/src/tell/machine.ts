import { type RefusalReason, refusalReasons } from "@troth/events";
import type { CounterOf, Metrics } from "@troth/runtime";
import type { Fate } from "../pipeline.ts";
import { openSingle, other } from "./closed.ts";

/** Who reads what the judge wrote. */
export const readerNames = ["desk", "metrics", "notify", "lake"] as const;
export type ReaderName = (typeof readerNames)[number];

export function openEvents(metrics: Metrics) {
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

export function openPlaces(metrics: Metrics) {
  const logs = ["facts", "outputs"] as const;
  const placeOf = (name: string, help: string) => {
    const opened = metrics.gauge({ name, help, labels: { log: logs } });
    for (const log of logs) opened.set({ log }, 0);
    return opened;
  };
  const reader = metrics.gauge({
    name: "troth_reader_position",
    help: "Outputs each reader has folded; one that stands while the log grows is stuck.",
    labels: { reader: readerNames },
  });
  for (const name of readerNames) reader.set({ reader: name }, 0);
  return {
    reader,
    position: placeOf(
      "troth_log_position",
      "Records of the log of facts that are judged, and outputs that are counted here.",
    ),
    end: placeOf("troth_log_end", "Records of the log of facts, and outputs, that there are."),
    logTime: openSingle(
      metrics,
      "troth_log_time_seconds",
      "Log time as Unix time: what is judged is judged as of then.",
    ),
    lake: openSingle(
      metrics,
      "troth_lake_position",
      "Offset of the last fact whose outputs are in the lake for good.",
    ),
    lag: openSingle(
      metrics,
      "troth_event_loop_lag_seconds",
      "How late the process got to a timer: high means it is too busy.",
    ),
  };
}

export type Recoveries = { readonly [Outcome in "made" | "late" | "failed"]: () => void };

export function openRecoveries(metrics: Metrics): Recoveries {
  const recoveries = metrics.counter({
    name: "troth_recovery_promises_total",
    help: "Alerts that opened: recovery promised, left unpromised as it would have been late, or failed to be.",
    labels: { outcome: ["made", "late", "failed"] as const },
  });
  return {
    made: () => recoveries.add({ outcome: "made" }),
    late: () => recoveries.add({ outcome: "late" }),
    failed: () => recoveries.add({ outcome: "failed" }),
  };
}

const channels: readonly string[] = ["log", "webhook", "alertmanager", "pagerduty", "other"];
export type Notified = (channel: string, outcome: "sent" | "failed" | "gave-up") => void;

export function openNotifications(metrics: Metrics): Notified {
  const notifications = metrics.counter({
    name: "troth_notifications_total",
    help: "Messages to the outside, by channel: sent, failed (and tried again) or given up.",
    labels: { channel: channels, outcome: ["sent", "failed", "gave-up"] as const },
  });
  return (channel, outcome) => notifications.add({ channel, outcome });
}
