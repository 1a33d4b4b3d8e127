import type { Decision, Fact, Kind } from "@troth/events";
import type { NoiseRule, PledgeTemplate, Policy, Slot, SourceRule, TermsSlot } from "@troth/policy";
import { recompute } from "./recompute.ts";
import type { OracleResult } from "./request.ts";

/** Policies and facts written in code, so that the oracle's tests need neither parser nor file. */

export const hour = 3_600_000;
export const day = 24 * hour;
/** A UTC midnight, and the start of every test's time. */
export const start = Date.UTC(2026, 0, 1);
/** So many days after the start. */
export const d = (days: number): number => start + days * day;

/** A field of text, or null. */
export const text = (fact: Fact, field: string): string | null => {
  const value = fact.data[field];
  return typeof value === "string" ? value : null;
};
const number = (fact: Fact, field: string): number | null => {
  const value = fact.data[field];
  return typeof value === "number" ? value : null;
};

export const fact = (
  kind: Kind,
  id: string,
  time: number,
  data: Record<string, unknown> = {},
  more: Partial<Fact> = {},
): Fact => ({
  id,
  source: "urn:shop",
  kind,
  tenant: "default",
  time,
  recordedTime: time,
  subject: "customer:1",
  data,
  ...more,
});

export type Where = Readonly<Record<string, unknown>>;
const where =
  (condition: Where) =>
  (one: Fact): boolean =>
    Object.entries(condition).every(([field, value]) => one.data[field] === value);

export function made(kind: Kind, key: string, more: Partial<TermsSlot> = {}): TermsSlot {
  return {
    kinds: [kind],
    test: () => true,
    at: (one) => one.time,
    key: (one) => text(one, key),
    tag: (one) => text(one, "tag"),
    stated: (one) => number(one, "dueUntil"),
    value: (one) => number(one, "amount"),
    ...more,
  };
}

export function slot(kind: Kind, by: Slot["by"], field: string, condition: Where = {}): Slot {
  return {
    kinds: [kind],
    test: where(condition),
    at: (one) => one.time,
    value: (one) => number(one, "amount"),
    by,
    name: (one) => text(one, field),
    lookBackMs: 0,
    withinMs: null,
  };
}

const link = {
  id: "delivery",
  says: "delivery",
  owner: "logistics",
  operatedBy: "partner",
} as const;

/** A promised date, judged by delivery; every test changes only what it is about. */
export const pledge = (more: Partial<PledgeTemplate> = {}): PledgeTemplate => ({
  index: 0,
  id: "date",
  link,
  how: "stated",
  madeBy: "system",
  entitlement: false,
  made: [made("order.placed", "orderNumber")],
  needs: null,
  due: ({ stated }) => stated,
  graceMs: 0,
  atRiskBeforeMs: null,
  limit: null,
  kept: [slot("delivery.status", "key", "orderNumber", { deliveryStatus: "Delivered" })],
  keptNeeds: "any",
  keptBySilence: false,
  compare: null,
  broken: [slot("delivery.missed", "key", "orderNumber")],
  withdrawn: [slot("promise.withdrawn", "key", "orderNumber")],
  paused: [slot("promise.paused", "key", "orderNumber")],
  resumed: [slot("promise.resumed", "key", "orderNumber")],
  risk: [slot("supply.problem", "key", "orderNumber")],
  confirm: null,
  verifiable: true,
  source: null,
  shadow: false,
  steps: [
    { over: 0, severity: 3 },
    { over: 3 * day, severity: 4 },
    { over: 7 * day, severity: 5 },
  ],
  brokenSeverity: null,
  points: {
    bySeverity: [0, 100, 200, 400, 600, 1000],
    atRisk: 50,
    overdue: 0,
    renegotiated: 0,
    kept: 0,
  },
  variants: [],
  says: {
    broken: ({ key, lateMs }) => `${key} is ${(lateMs ?? 0) / day} days late.`,
    atRisk: ({ key }) => `${key} may be late.`,
    overdue: ({ key }) => `${key} is overdue.`,
    renegotiated: ({ key }) => `${key} got another date.`,
    kept: ({ key }) => `${key} came in time.`,
  },
  ...more,
});

/** A noise of severity 1 whenever the kind occurs. */
export const noise = (kind: Kind, more: Partial<NoiseRule> = {}): NoiseRule => ({
  index: 0,
  id: `noise-${kind}`,
  link: { ...link, id: "contact", owner: "service", operatedBy: "inhouse" },
  kinds: [kind],
  test: () => true,
  at: (one) => one.time,
  value: (one) => number(one, "amount"),
  shadow: false,
  steps: [{ over: 0, severity: 1 }],
  bySeverity: [0, 100, 200, 400, 600, 1000],
  credit: null,
  given: null,
  touches: null,
  variants: [],
  says: ({ key }) => `Noise ${key}.`,
  ...more,
});

export const carrier: SourceRule = {
  index: 0,
  id: "carrier",
  matches: (source) => source === "urn:carrier",
  owner: "logistics",
  silentAfterMs: 2 * hour,
  match: ["urn:carrier"],
  settleMs: hour,
};

/** Half-life ten days; an alert at 600, over below 300; reviews at every UTC midnight. */
export const policy = (more: Partial<Policy> = {}): Policy => ({
  name: "test",
  hash: "0123456789abcdef",
  links: [link],
  sources: [],
  objectives: [],
  resolutions: null,
  segments: [],
  pledges: [pledge()],
  noises: [],
  score: {
    halfLifeMs: 10 * day,
    bySeverity: [0, 100, 200, 400, 600, 1000],
    levels: { low: 100, medium: 250, high: 600 },
    alertAt: 600,
    recoverBelow: 300,
    criticalSeverity: 5,
    ongoingForMs: 90 * day,
    reviewEveryMs: day,
    probability: [],
  },
  advice: [],
  limits: {
    pledgesPerCustomer: 100,
    termsPerPledge: 8,
    marksPerSlot: 8,
    looseMarksPerSlot: 32,
    noisesPerCustomer: 100,
    profileFactsPerCustomer: 32,
    cohortsPerPartition: 16,
    waitingPerReference: 4,
    factsKeptPerReference: 16,
    dedupeMs: 7 * day,
  },
  readers: new Map(),
  ...more,
});

export const judged = (
  facts: readonly Fact[],
  by: Policy = policy(),
  until: number | null = null,
): OracleResult => recompute({ facts, policy: by, pseudonymKey: "test", until });

/** Days after the start, for expectations that read like a diary. */
export const dayOf = (at: number): number => (at - start) / day;

/** Every decision in a few words: when it was made, and what it says. */
export const diary = (decisions: readonly Decision[]): string[] =>
  decisions.map((decision) => {
    if (decision.kind === "pledge") {
      const { decidedAt, promiseId, term, verdict, at, severity, keptAt } = decision;
      const kept = keptAt === null ? "" : ` kept ${dayOf(keptAt)}`;
      const weight = severity === 0 ? "" : ` severity ${severity}`;
      return `${dayOf(decidedAt)}: ${promiseId}#${term} ${verdict} at ${dayOf(at)}${weight}${kept}`;
    }
    const when = `${dayOf(decision.at)}:`;
    if (decision.kind === "flag") return `${when} flag ${decision.level} ${decision.score}`;
    if (decision.kind === "alert")
      return `${when} alert ${decision.state} ${decision.rule} ${decision.score}`;
    if (decision.kind === "source") return `${when} source ${decision.state}`;
    if (decision.kind === "cohort") return `${when} cohort ${decision.rule} ${decision.touched}`;
    return `${when} survey ${decision.riskScore} ${decision.level}`;
  });

export const placed = (id: string, time: number, due: number | null, order = "A"): Fact =>
  fact("order.placed", id, time, { orderNumber: order, dueUntil: due });
export const delivered = (id: string, time: number, order = "A"): Fact =>
  fact("delivery.status", id, time, { orderNumber: order, deliveryStatus: "Delivered" });
