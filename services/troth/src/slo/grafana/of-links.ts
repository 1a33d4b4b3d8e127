import type { DashboardSpec } from "./panel.ts";
import { half, small, third } from "./sizes.ts";

const shareKept = (labels: string, by: string, span: string): string =>
  `sum by (${by}) (increase(troth_promises_kept_total${labels}[${span}])) / (sum by (${by}) (increase(troth_promises_kept_total${labels}[${span}])) + sum by (${by}) (increase(troth_promises_broken_total${labels}[${span}])))`;

/** Broken promises a link may still afford in its window; below zero it has broken too many. */
const budgetLeft = (labels: string): string =>
  `troth:link_budget:ratio${labels} * on (link) group_left () (sum by (link) (increase(troth_promises_kept_total${labels}[30d])) + sum by (link) (increase(troth_promises_broken_total${labels}[30d]))) - on (link) group_left () sum by (link) (increase(troth_promises_broken_total${labels}[30d]))`;

const quantile = (share: number, histogram: string): string =>
  `histogram_quantile(${share}, sum by (le) (rate(${histogram}_bucket[1d])))`;

export const chain: DashboardSpec = {
  uid: "troth-chain",
  title: "Troth: the chain",
  description: "Which link is breaking promises, for whom, and how fast the budget burns.",
  from: "now-24h",
  panels: [
    {
      ...small,
      title: "Links over budget",
      description:
        "Links that break promises faster than their objective allows, over the last six hours.",
      unit: "short",
      queries: [
        { expr: "count(troth:link_burn:rate6h > 1) or vector(0)", legend: "links", instant: true },
      ],
      runbook: "TrothBudgetBurnsFast",
    },
    {
      ...small,
      title: "Customers at risk, high and critical",
      description:
        "People whose experience is being undermined now. Who they are is on the desk, never here.",
      unit: "short",
      queries: [
        { expr: 'sum(troth_customers_at_risk{level=~"high|critical"})', legend: "customers" },
      ],
      runbook: "TrothManyTouched",
    },
    {
      ...small,
      title: "Silent feeds",
      description:
        "While a feed is silent its promises are source-blind: nobody is alerted, nobody is known to be well.",
      unit: "short",
      queries: [{ expr: "sum(troth_source_silent)", legend: "feeds" }],
      runbook: "TrothSourceSilent",
    },
    {
      ...small,
      title: "Broken promises nobody answers for",
      description: "Orphans come first: a link without an owner, or a ruling that points nowhere.",
      unit: "short",
      queries: [{ expr: "max(troth_charges_orphaned)", legend: "orphans" }],
      runbook: "TrothChargesOrphaned",
    },
    {
      ...half,
      title: "Burn rate by link, one hour",
      description:
        "1 uses up exactly the budget by the end of the window; 14.4 uses two hundredths of it in this hour and pages.",
      unit: "short",
      queries: [{ expr: "troth:link_burn:rate1h", legend: "{{link}}" }],
      runbook: "TrothBudgetBurnsFast",
    },
    {
      ...half,
      title: "Promises broken by link",
      description:
        "Broken promises an hour, by the link that made them. The first in the chain to rise is the one to mend.",
      unit: "short",
      queries: [
        {
          expr: "sum by (link) (rate(troth_promises_broken_total[1h])) * 3600",
          legend: "{{link}}",
        },
      ],
      runbook: "TrothBudgetBurnsFast",
    },
    {
      ...third,
      title: "For whom: broken by segment",
      description: "Broken promises an hour by the customer's segment.",
      unit: "short",
      queries: [
        {
          expr: "sum by (segment) (rate(troth_segment_broken_total[1h])) * 3600",
          legend: "{{segment}}",
        },
      ],
      runbook: "TrothBudgetBurnsSlowly",
    },
    {
      ...third,
      title: "Customers at risk by level",
      description: "How many customers carry which level of risk.",
      unit: "short",
      queries: [{ expr: "sum by (level) (troth_customers_at_risk)", legend: "{{level}}" }],
      runbook: "TrothManyTouched",
    },
    {
      ...third,
      title: "Customers at risk by what weighs most",
      description: "High and critical only, by the link that weighs most on them.",
      unit: "short",
      queries: [
        {
          expr: 'sum by (link) (troth_customers_at_risk{level=~"high|critical"}) > 0',
          legend: "{{link}}",
        },
      ],
      runbook: "TrothManyTouched",
    },
    {
      ...third,
      title: "Waiting for an answer",
      description:
        "Half of the callers, and all but a tenth, waited at most this long over the last day; those who gave up count.",
      unit: "s",
      queries: [
        { expr: quantile(0.5, "troth_queue_wait_seconds"), legend: "half" },
        { expr: quantile(0.9, "troth_queue_wait_seconds"), legend: "nine of ten" },
      ],
      runbook: "TrothBudgetBurnsSlowly",
    },
    {
      ...third,
      title: "How late promises are kept",
      description:
        "Of promises kept at all: nine of ten, and ninety-nine of a hundred, were at most this late.",
      unit: "s",
      queries: [
        { expr: quantile(0.9, "troth_promise_lateness_seconds"), legend: "nine of ten" },
        {
          expr: quantile(0.99, "troth_promise_lateness_seconds"),
          legend: "ninety-nine of a hundred",
        },
      ],
      runbook: "TrothBudgetBurnsSlowly",
    },
    {
      ...third,
      title: "Touched at once",
      description:
        "Customers reached by an outage, a recall, news or a campaign in the last day, by rule.",
      unit: "short",
      queries: [
        { expr: "sum by (rule) (increase(troth_cohort_touched_total[1d]))", legend: "{{rule}}" },
      ],
      runbook: "TrothManyTouched",
    },
  ],
};

const one = '{link="$link"}';
export const link: DashboardSpec = {
  uid: "troth-link",
  title: "Troth: one link",
  description:
    "One operation the customer meets: what it promised, what it kept, and for whom it did not.",
  perLink: true,
  from: "now-30d",
  panels: [
    {
      ...small,
      title: "Objective",
      description: "The share of its promises this link is to keep, from the policy.",
      unit: "percentunit",
      queries: [{ expr: `max(troth_objective_target${one})`, legend: "target" }],
      runbook: "TrothBudgetBurnsSlowly",
    },
    {
      ...small,
      title: "Kept, thirty days",
      description: "The share it kept of all that came to be kept or broken in thirty days.",
      unit: "percentunit",
      queries: [{ expr: shareKept(one, "link", "30d"), legend: "kept", instant: true }],
      runbook: "TrothBudgetBurnsSlowly",
    },
    {
      ...small,
      title: "Budget left, in broken promises",
      description:
        "How many more promises it may break in this window. Below zero: it has broken too many.",
      unit: "short",
      queries: [{ expr: budgetLeft(one), legend: "promises", instant: true }],
      runbook: "TrothBudgetBurnsSlowly",
    },
    {
      ...small,
      title: "Standing charges",
      description: "Broken promises this link answers for now, after inheritance and rulings.",
      unit: "short",
      queries: [{ expr: `sum(troth_promises_charged${one})`, legend: "charged" }],
      runbook: "TrothChargesOrphaned",
    },
    {
      ...half,
      title: "Burn rates",
      description: "Short and long windows together: an alert needs both.",
      unit: "short",
      queries: [
        { expr: `troth:link_burn:rate1h${one}`, legend: "1 h" },
        { expr: `troth:link_burn:rate6h${one}`, legend: "6 h" },
        { expr: `troth:link_burn:rate3d${one}`, legend: "3 d" },
      ],
      runbook: "TrothBudgetBurnsFast",
    },
    {
      ...half,
      title: "Kept by day against the objective",
      description: "The share kept over each day, with the objective as a line.",
      unit: "percentunit",
      queries: [
        { expr: shareKept(one, "link", "1d"), legend: "kept" },
        { expr: `max(troth_objective_target${one})`, legend: "objective" },
      ],
      runbook: "TrothBudgetBurnsSlowly",
    },
    {
      ...third,
      title: "Made by kind",
      description: "What it promises, a day, by kind of promise.",
      unit: "short",
      queries: [
        {
          expr: `sum by (kind) (increase(troth_promises_made_total${one}[1d]))`,
          legend: "{{kind}}",
        },
      ],
      runbook: "TrothPromisesInflated",
    },
    {
      ...third,
      title: "Broken by kind",
      description:
        "What it breaks, a day, by kind of promise. One kind points at a system, all at the operation.",
      unit: "short",
      queries: [
        {
          expr: `sum by (kind) (increase(troth_promises_broken_total${one}[1d]))`,
          legend: "{{kind}}",
        },
      ],
      runbook: "TrothPromisesInflated",
    },
    {
      ...third,
      title: "Broken by segment",
      description: "For whom it broke them, a day.",
      unit: "short",
      queries: [
        {
          expr: `sum by (segment) (increase(troth_segment_broken_total${one}[1d]))`,
          legend: "{{segment}}",
        },
      ],
      runbook: "TrothBudgetBurnsSlowly",
    },
    {
      ...third,
      title: "Still to be mended",
      description:
        "Promises at risk, overdue or source-blind: somebody can still do something about them.",
      unit: "short",
      queries: [{ expr: `sum by (verdict) (troth_promises${one})`, legend: "{{verdict}}" }],
      runbook: "TrothSourceSilent",
    },
    {
      ...third,
      title: "Charged and inherited",
      description: "What it answers for, and what it broke because an earlier link had failed.",
      unit: "short",
      queries: [
        { expr: `sum(troth_promises_charged${one})`, legend: "charged" },
        { expr: `sum(troth_promises_inherited${one})`, legend: "inherited" },
      ],
      runbook: "TrothChargesOrphaned",
    },
    {
      ...third,
      title: "Enjoyment of those it failed",
      description:
        "Difference in the share that enjoyed it, those it failed against comparable ones it did not: ends of the 99 % interval. An association, not a cause.",
      unit: "percentunit",
      queries: [
        {
          expr: 'max by (end) (troth_enjoyment_difference{link="$link", of="failed"})',
          legend: "{{end}}",
        },
      ],
      runbook: "TrothWatermelon",
    },
  ],
};

export const owners: DashboardSpec = {
  uid: "troth-owners",
  title: "Troth: who answers for it",
  description:
    "Every link with its owner, its objective, what is charged to it and what answers say of it.",
  from: "now-30d",
  panels: [
    {
      title: "Scoreboard",
      description:
        "One row a link. Charges are broken promises where the chain first failed; inherited ones are charged to another. The interval is an association among customers asked.",
      kind: "table",
      width: 24,
      height: 14,
      unit: "short",
      queries: [
        {
          expr: "max by (link, owner, operated_by) (troth_objective_target)",
          legend: "objective",
          instant: true,
        },
        {
          expr: `1 - max by (link, owner, operated_by) (troth:link_errors:ratio_rate30d * on (link) group_left (owner, operated_by) (troth:link_budget:ratio * 0 + 1))`,
          legend: "kept, 30 d",
          instant: true,
        },
        {
          expr: `max by (link, owner, operated_by) (${budgetLeft("")})`,
          legend: "budget left",
          instant: true,
        },
        { expr: "sum by (link) (troth_promises_charged)", legend: "charged", instant: true },
        { expr: "sum by (link) (troth_promises_inherited)", legend: "inherited", instant: true },
        {
          expr: 'max by (link) (troth_enjoyment_difference{of="failed", end="low"})',
          legend: "enjoyment, at worst",
          instant: true,
        },
        {
          expr: 'max by (link) (troth_enjoyment_difference{of="failed", end="high"})',
          legend: "enjoyment, at best",
          instant: true,
        },
      ],
      runbook: "TrothBudgetBurnsSlowly",
    },
    {
      kind: "bargauge",
      width: 12,
      title: "Charged by owner",
      description: "Broken promises each owner answers for now.",
      unit: "short",
      queries: [
        {
          expr: "sum by (owner) (troth_promises_charged * on (link) group_left (owner) max by (link, owner) (troth_objective_target * 0 + 1))",
          legend: "{{owner}}",
          instant: true,
        },
      ],
      runbook: "TrothChargesOrphaned",
    },
    {
      kind: "bargauge",
      width: 12,
      title: "Charged by who runs it",
      description:
        "In house, outsourced or by a partner: what drives the experience should not be outsourced.",
      unit: "short",
      queries: [
        {
          expr: "sum by (operated_by) (troth_promises_charged * on (link) group_left (operated_by) max by (link, operated_by) (troth_objective_target * 0 + 1))",
          legend: "{{operated_by}}",
          instant: true,
        },
      ],
      runbook: "TrothWatermelon",
    },
    {
      ...half,
      title: "Disputes open",
      description:
        "Charges an owner disputes and nobody has ruled on. The charge stays where it is until then.",
      unit: "short",
      queries: [{ expr: "max(troth_charges_disputed)", legend: "disputed" }],
      runbook: "TrothChargesOrphaned",
    },
    {
      ...half,
      title: "Worst link by enjoyment",
      description:
        "The five links whose failures go with the greatest loss of enjoyment, at best (99 %). Associations, not causes.",
      unit: "percentunit",
      queries: [
        {
          expr: 'bottomk(5, max by (link) (troth_enjoyment_difference{of="failed", end="high"}))',
          legend: "{{link}}",
        },
      ],
      runbook: "TrothWatermelon",
    },
  ],
};
