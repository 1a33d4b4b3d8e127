import {
  type AlertDecision,
  type Decision,
  type Fact,
  type Filed,
  type Kind,
  type Output,
  type Part,
  type PledgeDecision,
  verdicts,
} from "@troth/events";
import type { ObjectStore } from "@troth/runtime";
import type { Closing } from "./chunk.ts";
import { type Lake, openLake } from "./lake.ts";

type Body = Output["body"];

export const genesis = "0b0d0f01-0000-4000-8000-000000000001";
const start = Date.UTC(2024, 0, 30, 12);
const hour = 3_600_000;
const policy = "85974d7d96c8431f";

const factKinds: readonly Kind[] = [
  "order.placed",
  "contact.completed",
  "incident.raised",
  "survey.answered",
];

const amount = (n: number) => ({
  amount: n === 0 ? "0.10" : `${n % 8 === 4 ? "-" : ""}${n}.1234`,
  currency: "EUR",
});

function fact(n: number): Fact {
  const kind = factKinds[n % 4] ?? "order.placed";
  return {
    id: `e${n}`,
    source: "urn:shop:1",
    kind,
    tenant: "default",
    time: start + n * hour - 60_000,
    recordedTime: start + n * hour,
    subject: kind === "incident.raised" ? null : `customer:${n % 7}`,
    data: {
      ...(kind === "order.placed"
        ? { orderNumber: `A-${n}`, expectedArrivalUntil: start, totalAmount: amount(n) }
        : {}),
      ...(kind === "contact.completed" ? { queueWaitSeconds: n, severity: (n % 5) + 1 } : {}),
      ...(kind === "survey.answered"
        ? { invitationId: `r-${n - (n % 5)}`, outcome: "enjoyed" }
        : {}),
      attributes: { note: `naïve “quotes” \u2028 ${n}` },
    },
  };
}

const part = (n: number): Part => ({
  id: `delivery-date/A-${n}#1`,
  rule: "delivery-date",
  link: "delivery",
  owner: "logistics",
  points: 400 + (n % 3),
  severity: 3,
  evidence: [`e${n}`, `e${n % 11 === 0 ? n : n - 1}`],
  says: `Order A-${n} came late.`,
});

function pledge(n: number): PledgeDecision {
  return {
    kind: "pledge",
    at: start + n * hour,
    decidedAt: start + n * hour,
    customer: `customer:${n % 7}`,
    promiseId: `delivery-date/A-${n}`,
    term: 1,
    template: "delivery-date",
    link: "delivery",
    owner: "logistics",
    operatedBy: "outsourced",
    madeBy: "system",
    how: "stated",
    verdict: verdicts[n % verdicts.length] ?? "open",
    was: n % 2 === 0 ? null : "open",
    revision: 1,
    because: "time",
    madeAt: start,
    due: n % 4 === 0 ? null : start + hour,
    keptAt: null,
    severity: n % 6,
    evidence: [`e${n}`],
    policy,
  };
}

function alert(n: number): AlertDecision {
  const lead = part(n);
  return {
    kind: "alert",
    state: "opened",
    at: start + n * hour,
    alertId: `alert-${n}`,
    revision: 1,
    customer: `customer:${n % 7}`,
    rule: "critical",
    level: "high",
    score: lead.points + 5,
    lead,
    operatedBy: "outsourced",
    parts: [lead, { ...part(n), id: "x", points: 5, evidence: [`e${n}`] }],
    says: `Order A-${n} came late.`,
    policy,
  };
}

function others(n: number): readonly Decision[] {
  const customer = `customer:${n % 7}`;
  const at = start + n * hour;
  const common = { at, policy };
  return [
    { ...common, kind: "flag", customer, level: "high", was: "none", score: 405, topLink: null },
    {
      ...common,
      kind: "survey",
      customer,
      subject: customer,
      invitationId: `r-${n}`,
      riskScore: 405.5,
      level: "high",
      alerted: n % 2 === 0,
      topLink: "delivery",
      weight: 6.75,
      rules: ["delivery-date"],
      shadow: ["far-promise"],
      parts: [],
      segment: "vip",
      region: null,
    },
    { ...common, kind: "source", state: "silent", source: "carrier", owner: "it", says: "Silent." },
    {
      ...common,
      kind: "cohort",
      cohort: `e${n}`,
      rule: "outage",
      link: "service",
      owner: "network",
      touched: 3,
      says: "Three were touched.",
    },
  ];
}

function bodies(n: number): readonly Body[] {
  // Ticks and duplicates write nothing, so some offsets have no outputs.
  if (n % 11 === 10) return [];
  const said: Body[] = [
    { kind: "noise", customer: n % 4 === 2 ? null : `customer:${n % 7}`, fact: fact(n) },
    pledge(n),
  ];
  if (n % 5 === 0) said.push(alert(n), ...others(n));
  if (n % 13 === 4) {
    said.push({ kind: "merge", part: "customer:6", whole: "customer:1" });
    said.push({ kind: "split", part: "customer:6", whole: "customer:1" });
    said.push({ kind: "retraction", customer: "customer:1", facts: [`urn:shop:1\u0000e${n}`] });
  }
  return said;
}

/** Outputs of `facts` facts, one an hour of log time from 30 January 2024 on: two months, all kinds. */
export const outputsOf = (facts: number): readonly Output[] =>
  Array.from({ length: facts }, (_, n) =>
    bodies(n).map((body, seq) => ({ inOffset: n, seq, stamp: start + n * hour, body })),
  ).flat();

/** Closes often, so that a short run has several chunks. */
export const often: Partial<Closing> = { records: 40 };

/** The log of facts those outputs were judged from; a tick where nothing was said. */
export const factsOf = (facts: number): readonly Filed[] =>
  Array.from({ length: facts }, (_, n) => ({
    offset: n,
    stamp: start + n * hour,
    fact: n % 11 === 10 ? null : fact(n),
  }));

/** Gives a lake each fact, if there are any, and then its outputs. */
export function* inOrder(
  facts: readonly Filed[],
  outputs: readonly Output[],
): Generator<(lake: Lake) => void> {
  let next = 0;
  for (const output of outputs) {
    for (; (facts[next]?.offset ?? Number.POSITIVE_INFINITY) <= output.inOffset; next += 1) {
      const record = facts[next];
      if (record !== undefined) yield (lake) => lake.file(record);
    }
    yield (lake) => lake.fold(output);
  }
  for (const record of facts.slice(next)) yield (lake) => lake.file(record);
}

/** Writes a whole run. */
export async function writeRun(
  store: ObjectStore,
  outputs: readonly Output[],
  closing: Partial<Closing> = often,
  facts: readonly Filed[] = [],
): Promise<void> {
  const lake = await openLake({ store, genesis, begin: "anew", closing });
  for (const give of inOrder(facts, outputs)) {
    give(lake);
    await lake.drained();
  }
  await lake.finish();
}

/** Every object of a store, by its key. */
export async function contents(store: ObjectStore): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const key of await store.list("")) {
    found.set(key, ((await store.get(key)) ?? Buffer.alloc(0)).toString("base64"));
  }
  return found;
}
