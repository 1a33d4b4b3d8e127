import {
  type AlertDecision,
  type CohortDecision,
  type Fact,
  type FlagDecision,
  levels,
  type SourceDecision,
} from "@troth/events";
import type { Policy } from "@troth/policy";
import type { Metrics } from "@troth/runtime";
import { RunningAccuracy } from "../running-accuracy.ts";
import { cohortRulesMax, few, linksMax, openNet, openSingle, other, sourcesMax } from "./closed.ts";

/** Chosen from real waits, so that quantiles can be read off: infra/prometheus/README.md. */
export const queueWaitBuckets = [0, 20, 60, 120, 180, 300, 420, 600, 1_800, 3_600] as const;

const alertRules = ["critical", "compound"] as const;
const alertStates = ["opened", "acknowledged", "amended", "recovered", "withdrawn"] as const;
const risks = levels.filter((level) => level !== "none");

export function openCustomers(metrics: Metrics, policy: Policy) {
  const alerts = metrics.counter({
    name: "troth_alerts_total",
    help: "Alert revisions, by rule (one broken link, or the sum of many) and what happened.",
    labels: { rule: alertRules, state: alertStates },
  });
  const links = few(
    policy.links.map(({ id }) => id),
    linksMax,
  );
  const atRisk = metrics.gauge({
    name: "troth_customers_at_risk",
    help: "Customers whose promised experience is being undermined, by level and by what weighs most.",
    labels: { level: risks, link: links },
  });
  for (const level of risks) for (const link of links) atRisk.set({ level, link }, 0);
  const net = openNet();
  const flags = new Map<
    string,
    { readonly level: (typeof risks)[number]; readonly link: string }
  >();
  const count = (customer: string, by: number): void => {
    const flag = flags.get(customer);
    if (flag !== undefined) atRisk.set(flag, net(`${flag.level} ${flag.link}`, by));
  };
  return {
    alert: ({ rule, state }: AlertDecision): void => alerts.add({ rule, state }),
    flag: ({ customer, level, topLink }: FlagDecision): void => {
      count(customer, -1);
      if (level === "none") flags.delete(customer);
      else {
        const link = topLink !== null && links.includes(topLink) ? topLink : other;
        flags.set(customer, { level, link });
      }
      count(customer, 1);
    },
  };
}

export function openTouchPoints(metrics: Metrics, policy: Policy) {
  const queueWait = metrics.histogram({
    name: "troth_queue_wait_seconds",
    help: "How long customers waited for an answer, contacts given up included.",
    labels: {},
    buckets: queueWaitBuckets,
  });
  const rules = policy.sources.slice(0, sourcesMax);
  const sources = few(
    rules.map(({ id }) => id),
    sourcesMax,
  );
  const silence = [
    ...rules.map(({ id, owner }) => ({ source: id, owner })),
    { source: other, owner: other },
  ];
  const silent = metrics.gauge({
    name: "troth_source_silent",
    help: "1 while a feed is silent and its promises are not judged, else 0.",
    labels: { source: sources, owner: [...new Set(rules.map(({ owner }) => owner)), other] },
    rows: silence,
  });
  const lag = metrics.gauge({
    name: "troth_source_lag_seconds",
    help: "How far behind log time the newest thing is that a feed told of; NaN before it told anything.",
    labels: { source: sources },
  });
  for (const row of silence) silent.set(row, 0);
  for (const source of sources) lag.set({ source }, Number.NaN);
  const touching = few(
    policy.noises.filter(({ touches }) => touches !== null).map(({ id }) => id),
    cohortRulesMax,
  );
  const touched = metrics.counter({
    name: "troth_cohort_touched_total",
    help: "Customers touched by what reaches many at once (an outage, a recall, news), by rule.",
    labels: { rule: touching },
  });
  const newest = new Map<string, number>();
  return {
    fact: ({ kind, data }: Fact): void => {
      const seconds = data["queueWaitSeconds"];
      if (kind.startsWith("contact.") && typeof seconds === "number")
        queueWait.observe({}, seconds);
    },
    source: ({ source, owner, state }: SourceDecision): void =>
      silent.set({ source, owner }, state === "silent" ? 1 : 0),
    cohort: ({ rule, touched: count }: CohortDecision): void => touched.add({ rule }, count),
    heard: ({ source, time }: Pick<Fact, "source" | "time">): void => {
      const rule = rules.find(({ matches }) => matches(source));
      if (rule !== undefined) newest.set(rule.id, Math.max(newest.get(rule.id) ?? 0, time));
    },
    clock: (stamp: number): void => {
      for (const [source, time] of newest) lag.set({ source }, Math.max(0, stamp - time) / 1_000);
    },
  };
}

export function openTruth(metrics: Metrics) {
  const precision = openSingle(
    metrics,
    "troth_alert_precision",
    "Share of alerted customers who answered that they did not enjoy it; NaN before any answer.",
    Number.NaN,
  );
  const recall = openSingle(
    metrics,
    "troth_alert_recall",
    "Share of customers who did not enjoy it that were alerted; NaN before any such answer.",
    Number.NaN,
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
