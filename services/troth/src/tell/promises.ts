import type { Fact, PledgeDecision, Verdict } from "@troth/events";
import type { PledgeTemplate, Policy } from "@troth/policy";
import type { Metrics } from "@troth/runtime";
import { outcomeOf, outcomes } from "@troth/truth";
import { linksOf, openNet, other, templatesMax } from "./closed.ts";

/**
 * Upper bounds chosen from real waits and delays, so that quantiles can be read off: see
 * infra/prometheus/README.md, and `buckets.test.ts` which holds them against the data.
 */
const day = 86_400;
export const latenessBuckets = [0, day, 3 * day, 7 * day, 14 * day, 30 * day, 60 * day] as const;

const dueNever = { madeAt: 0, stated: 0, needed: 0 };

type Row = { readonly link: string; readonly kind: string };
const otherRow: Row = { link: other, kind: other };

/** Link and template of the kinds of pledge that satisfy `can`; the last row stands for all others. */
const pledgeRows = (
  { pledges }: Policy,
  links: readonly string[],
  can: (template: PledgeTemplate) => boolean,
): readonly Row[] => [
  ...pledges
    .slice(0, templatesMax)
    .filter((template) => links.includes(template.link.id) && can(template))
    .map(({ id, link }) => ({ link: link.id, kind: id })),
  otherRow,
];

const isUnknown = (verdict: Verdict): boolean =>
  verdict === "unverifiable" || verdict === "source-blind";

/** Verdicts somebody may still do something about. */
const standingVerdicts = ["at-risk", "overdue", "source-blind"] as const;

/** Whether a promise of this kind can ever stand so. */
function canStand(template: PledgeTemplate, verdict: (typeof standingVerdicts)[number]): boolean {
  switch (verdict) {
    case "at-risk":
      return template.atRiskBeforeMs !== null || template.risk.length > 0;
    case "overdue":
      return template.limit === null && template.due(dueNever) !== null;
    case "source-blind":
      return template.source !== null;
  }
}

export function openPromises(metrics: Metrics, policy: Policy) {
  const links = linksOf(policy);
  const counter = (name: string, help: string, can: (template: PledgeTemplate) => boolean) => {
    const rows = pledgeRows(policy, links, can);
    const labels = { link: links, kind: rows.map(({ kind }) => kind) };
    return metrics.counter({ name: `troth_promises_${name}_total`, help, labels, rows });
  };
  const always = (): boolean => true;
  const made = counter(
    "made",
    "Promises made, and dates given anew, by link and template.",
    always,
  );
  const kept = counter(
    "kept",
    "Times a promise came to be kept; late evidence may count it again.",
    always,
  );
  const broken = counter(
    "broken",
    "Times a promise came to be broken, or was found to be.",
    always,
  );
  const unknown = counter(
    "unknown",
    "Times nobody could say whether a promise was kept: its feed was silent, or nobody would know.",
    ({ source, verifiable }) => source !== null || !verifiable,
  );
  const possible = links.flatMap((link) =>
    standingVerdicts
      .filter((verdict) =>
        policy.pledges.some((one) => one.link.id === link && canStand(one, verdict)),
      )
      .map((verdict) => ({ link, verdict })),
  );
  const rows = [...possible, ...standingVerdicts.map((verdict) => ({ link: other, verdict }))];
  const standing = metrics.gauge({
    name: "troth_promises",
    help: "Promises somebody may still do something about, by link, as they stand now.",
    labels: { link: links, verdict: standingVerdicts },
    rows,
  });
  for (const row of rows) standing.set(row, 0);
  const lateness = metrics.histogram({
    name: "troth_promise_lateness_seconds",
    help: "How long after its date a promise was kept; 0 when in time.",
    labels: {},
    buckets: latenessBuckets,
  });
  const net = openNet();
  const stand = (of: string, verdict: Verdict, by: number): void => {
    const known = standingVerdicts.find((one) => one === verdict);
    if (known === undefined) return;
    const link = links.includes(of) ? of : other;
    standing.set({ link, verdict: known }, net(`${link} ${verdict}`, by));
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
      lateness.observe({}, Math.max(0, keptAt - due) / 1_000);
    }
  };
}

/** For whom: the same by segment, never by customer. */
export function openSegments(
  metrics: Metrics,
  policy: Policy,
  segmentOf: (customer: string) => string,
) {
  const links = linksOf(policy);
  const segments = [...policy.segments, other];
  const broken = metrics.counter({
    name: "troth_segment_broken_total",
    help: "Promises that came to be broken, by link and by the customer's segment.",
    labels: { link: links, segment: segments },
  });
  const outcome = metrics.counter({
    name: "troth_segment_promises_total",
    help: "Promises made, kept and unknown by the customer's segment.",
    labels: { segment: segments, outcome: ["made", "kept", "unknown"] },
  });
  const answers = metrics.counter({
    name: "troth_answers_total",
    help: "Answers to whether they enjoyed it, by segment.",
    labels: { segment: segments, outcome: outcomes },
  });
  return {
    pledge: ({ customer, link, verdict, was }: PledgeDecision): void => {
      if (verdict === was) return;
      const segment = segmentOf(customer);
      if (was === null) outcome.add({ segment, outcome: "made" });
      if (verdict === "kept") outcome.add({ segment, outcome: "kept" });
      if (verdict === "broken") broken.add({ link, segment });
      if (isUnknown(verdict)) outcome.add({ segment, outcome: "unknown" });
    },
    answer: (customer: string, fact: Fact): void => {
      const said = outcomeOf(fact.data);
      if (said !== null) answers.add({ segment: segmentOf(customer), outcome: said });
    },
  };
}
