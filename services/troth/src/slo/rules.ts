import type { Policy } from "@troth/policy";
import { type BurnWindow, burnFactor, burnWindows } from "./windows.ts";

export type Recording = { readonly record: string; readonly expr: string };

/** One thing that may go wrong, as Prometheus and Grafana are both told it. */
export type Alert = {
  /** Also the name of its runbook. */
  readonly name: string;
  readonly severity: "page" | "ticket";
  readonly expr: string;
  readonly holdFor: string;
  /** Grafana and Prometheus fill in `{{ $labels.link }}`. */
  readonly summary: string;
  readonly description: string;
};

export type Definition = {
  readonly recordings: readonly Recording[];
  readonly alerts: readonly Alert[];
};

const spans = ["5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d"] as const;
const dayMs = 86_400_000;

/**
 * Only what is known as of now pages: while a file from last year is loaded, its log time is last
 * year's, and what broke then is no news.
 */
const isLive = "on () (time() - max(troth_log_time_seconds) < 3600)";

const perLink = (name: string, span: string): string =>
  `sum by (link) (rate(troth_promises_${name}_total[${span}]))`;

/** Burn rates per link, by the windows that the policy's objectives have. */
function recordingsOf(windows: readonly string[]): readonly Recording[] {
  const spansWanted = [...new Set([...spans, ...windows])];
  return [
    ...spansWanted.map((span) => ({
      record: `troth:link_errors:ratio_rate${span}`,
      expr: `${perLink("broken", span)} / (${perLink("broken", span)} + ${perLink("kept", span)})`,
    })),
    ...[...new Set(burnWindows.map(({ long }) => long))].map((span) => ({
      record: `troth:link_broken:increase${span}`,
      expr: `sum by (link) (increase(troth_promises_broken_total[${span}]))`,
    })),
    {
      record: "troth:link_budget:ratio",
      expr: "max by (link, owner, operated_by, window) (1 - troth_objective_target)",
    },
    // A link that may break a fifth cannot burn fourteen times that: three quarters broken will do.
    { record: "troth:link_burn_cap:ratio", expr: "0.75 / troth:link_budget:ratio" },
    ...spansWanted.map((span) => ({
      record: `troth:link_burn:rate${span}`,
      expr: `troth:link_errors:ratio_rate${span} / on (link) group_left (owner, operated_by, window) troth:link_budget:ratio`,
    })),
  ];
}

/** One pair of windows for the objectives of one window; `and` keeps the long window's burn rate. */
function burning(one: BurnWindow, window: string): string {
  const factor = burnFactor(one, Number.parseInt(window, 10) * 24);
  const threshold = `clamp_max(troth:link_burn_cap:ratio{window="${window}"}, ${factor})`;
  return [
    `troth:link_burn:rate${one.long}{window="${window}"} > ${threshold}`,
    `troth:link_burn:rate${one.short}{window="${window}"} > ${threshold}`,
    `on (link) troth:link_broken:increase${one.long} >= ${one.brokenMin}`,
    isLive,
  ].join("\n  and ");
}

const burnAlert = (severity: "page" | "ticket", windows: readonly string[]): string =>
  windows
    .flatMap((window) =>
      burnWindows
        .filter((one) => one.severity === severity)
        .map((one) => `(${burning(one, window)})`),
    )
    .join("\nor\n");

const linkAlerts = (windows: readonly string[]): readonly Alert[] => [
  {
    name: "TrothBudgetBurnsFast",
    severity: "page",
    expr: burnAlert("page", windows),
    holdFor: "2m",
    summary: "{{ $labels.link }} breaks promises so fast that its budget will not last",
    description:
      '{{ $labels.link }} ({{ $labels.owner }}, {{ $labels.operated_by }}) burns its budget of broken promises {{ $value | printf "%.1f" }} times faster than its objective allows.',
  },
  {
    name: "TrothBudgetBurnsSlowly",
    severity: "ticket",
    expr: burnAlert("ticket", windows),
    holdFor: "15m",
    summary: "{{ $labels.link }} will not keep its objective at this rate",
    description:
      '{{ $labels.link }} ({{ $labels.owner }}) has burned a tenth of its budget in one or three days: {{ $value | printf "%.1f" }} times the rate its objective allows.',
  },
  {
    name: "TrothWatermelon",
    severity: "ticket",
    expr: [
      'max by (link) (troth_enjoyment_difference{of="met", end="high"}) < 0',
      `on (link) (${windows.map((window) => `troth:link_burn:rate${window}{window="${window}"} <= 1`).join(" or ")})`,
      isLive,
    ].join("\n  and "),
    holdFor: "30m",
    summary: "{{ $labels.link }} is green outside and red inside",
    description:
      '{{ $labels.link }} keeps its objective, yet customers who met it enjoy it less than comparable ones who did not: at best {{ $value | printf "%.2f" }} of them. An association, not a cause.',
  },
  {
    name: "TrothPromisesInflated",
    severity: "ticket",
    expr: [
      "sum by (link, kind) (increase(troth_promises_broken_total[3d])) / (sum by (link, kind) (increase(troth_promises_broken_total[3d])) + sum by (link, kind) (increase(troth_promises_kept_total[3d]))) > 0.25",
      "sum by (link, kind) (increase(troth_promises_broken_total[3d])) >= 10",
      "sum by (link, kind) (increase(troth_promises_made_total[1d])) >= 20",
      isLive,
    ].join("\n  and "),
    holdFor: "30m",
    summary: "{{ $labels.kind }} is still being promised while it is not being kept",
    description:
      "Over three days {{ $value | humanizePercentage }} of {{ $labels.kind }} ({{ $labels.link }}) was broken, and it is promised on. Whoever promises should stop, or promise less.",
  },
  {
    name: "TrothChargesOrphaned",
    severity: "ticket",
    expr: "max(troth_charges_orphaned) > 0",
    holdFor: "15m",
    summary: "{{ $value }} broken promises have nobody who answers for them",
    description:
      "A link without an owner, or a ruling that moved a charge to one that does not exist.",
  },
  {
    name: "TrothManyTouched",
    severity: "ticket",
    expr: "sum by (rule) (increase(troth_cohort_touched_total[10m])) >= 25",
    holdFor: "0s",
    summary: '{{ $labels.rule }} touches about {{ $value | printf "%.0f" }} customers at once',
    description:
      "An outage, a recall, news or a campaign reached customers who did nothing. The desk has the list; representatives are told on each customer's page.",
  },
];

const machineAlerts: readonly Alert[] = [
  {
    name: "TrothSourceSilent",
    severity: "page",
    expr: "max by (source, owner) (troth_source_silent) == 1",
    holdFor: "1m",
    summary: "Nothing is heard from {{ $labels.source }}",
    description:
      "The feed {{ $labels.source }} ({{ $labels.owner }}) is silent. Promises that wait for it are source-blind: no customer is alerted, and none is known to be fine.",
  },
  {
    name: "TrothConservationBroken",
    severity: "page",
    expr: "max by (job) (abs(troth_conservation_difference)) > 0",
    holdFor: "1m",
    summary: "Events were lost or counted twice",
    description:
      "Events read are not applied + duplicate + set aside; the difference is {{ $value }}. This is a defect of troth.",
  },
  {
    name: "TrothConsumerStuck",
    severity: "page",
    expr: [
      '(max by (job) (troth_log_end{log="outputs"}) - on (job) group_right max by (job, reader) (troth_reader_position) > 0\n  and max by (job, reader) (changes(troth_reader_position[10m])) == 0)',
      'label_replace(max by (job) (troth_log_end{log="facts"}) - on (job) max by (job) (troth_log_position{log="facts"}) > 0\n  and max by (job) (changes(troth_log_position{log="facts"}[10m])) == 0, "reader", "judge", "", "")',
    ].join("\nor\n"),
    holdFor: "5m",
    summary: "{{ $labels.reader }} reads no further",
    description:
      "{{ $labels.reader }} is {{ $value }} records behind and has not moved for ten minutes.",
  },
  {
    name: "TrothDeadLetters",
    severity: "ticket",
    expr: "sum by (job) (increase(troth_events_set_aside_total[1h])) > 10\n  and sum by (job) (increase(troth_events_set_aside_total[1h])) > 0.01 * sum by (job) (increase(troth_events_read_total[1h]))",
    holdFor: "5m",
    summary: '{{ $value | printf "%.0f" }} events of the last hour could not be read',
    description: "More than one in a hundred was set aside. They are kept, with reason and remedy.",
  },
  {
    name: "TrothNotificationsFail",
    severity: "page",
    expr: [
      'sum by (channel) (increase(troth_notifications_total{outcome="gave-up"}[1h])) > 0',
      '(sum by (channel) (increase(troth_notifications_total{outcome="failed"}[15m])) > 3\n  unless on (channel) sum by (channel) (increase(troth_notifications_total{outcome="sent"}[15m])) > 0)',
    ].join("\nor\n"),
    holdFor: "1m",
    summary: "Alerts do not arrive by {{ $labels.channel }}",
    description:
      "Messages by {{ $labels.channel }} fail or were given up. People are not hearing of alerts.",
  },
  {
    name: "TrothNoiseBudget",
    severity: "ticket",
    expr: "max(troth_alert_precision) < 0.3\n  and on () (sum(troth_answers_total) >= 100)",
    holdFor: "1h",
    summary: "Troth itself makes too much noise",
    description:
      "Of the customers alerted on, only {{ $value | humanizePercentage }} answered that they did not enjoy it. Alerts like these teach people to look away.",
  },
  {
    name: "TrothBusy",
    severity: "ticket",
    expr: "max by (job) (avg_over_time(troth_event_loop_lag_seconds[5m])) > 1",
    holdFor: "5m",
    summary: "The process is too busy to be on time",
    description:
      "Timers fire {{ $value | humanizeDuration }} late; verdicts and alerts come late with them.",
  },
  {
    name: "TrothDown",
    severity: "page",
    expr: 'up{job="troth"} == 0',
    holdFor: "5m",
    summary: "Troth is not being scraped",
    description:
      "No metrics from {{ $labels.instance }} for five minutes: it is down, or still reading its log back.",
  },
];

/** Everything Prometheus records and anybody is told, for the objectives of one policy. */
export function definitionOf({ objectives }: Pick<Policy, "objectives">): Definition {
  const windows = [
    ...new Set(objectives.map(({ windowMs }) => `${Math.round(windowMs / dayMs)}d`)),
  ];
  return {
    recordings: recordingsOf(windows),
    alerts: [...(windows.length === 0 ? [] : linkAlerts(windows)), ...machineAlerts],
  };
}
