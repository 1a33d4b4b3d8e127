import type { DashboardSpec, PanelSpec } from "./panel.ts";
import { half } from "./sizes.ts";

const bySegment = (name: string, outcome: string): string =>
  `sum by (segment) (increase(${name}{outcome="${outcome}"}[7d])) / sum by (segment) (increase(${name}[7d]))`;
export const relationship: DashboardSpec = {
  uid: "troth-relationship",
  title: "Troth: the relationship",
  description: "Whether they enjoyed their personal service experience, by segment, over time.",
  from: "now-30d",
  panels: [
    {
      ...half,
      title: "Enjoyed it, by segment",
      description:
        "Share of answers of the last seven days that say so. The lead question is the truth everything else is held against.",
      unit: "percentunit",
      queries: [{ expr: bySegment("troth_answers_total", "enjoyed"), legend: "{{segment}}" }],
      runbook: "TrothWatermelon",
    },
    {
      ...half,
      title: "Did not enjoy it, by segment",
      description:
        "Share of answers of the last seven days. What is left over is indifference, which is the usual state.",
      unit: "percentunit",
      queries: [{ expr: bySegment("troth_answers_total", "not_enjoyed"), legend: "{{segment}}" }],
      runbook: "TrothWatermelon",
    },
    {
      ...half,
      title: "Promises kept, by segment",
      description: "Of promises that came to be kept or broken in seven days, the share kept.",
      unit: "percentunit",
      queries: [
        {
          expr: 'sum by (segment) (increase(troth_segment_promises_total{outcome="kept"}[7d])) / (sum by (segment) (increase(troth_segment_promises_total{outcome="kept"}[7d])) + sum by (segment) (increase(troth_segment_broken_total[7d])))',
          legend: "{{segment}}",
        },
      ],
      runbook: "TrothBudgetBurnsSlowly",
    },
    {
      ...half,
      title: "Answers, by segment",
      description: "How many answered in seven days: below thirty, read nothing into a share.",
      unit: "short",
      queries: [
        { expr: "sum by (segment) (increase(troth_answers_total[7d]))", legend: "{{segment}}" },
      ],
      runbook: "TrothNoiseBudget",
    },
  ],
};

const rates: Pick<PanelSpec, "kind" | "width" | "unit"> = {
  kind: "timeseries",
  width: 8,
  unit: "short",
};
export const pipeline: DashboardSpec = {
  uid: "troth-pipeline",
  title: "Troth: the pipeline",
  description:
    "Whether troth itself is well: what comes in, what is judged, who reads it, what is told.",
  from: "now-6h",
  panels: [
    {
      ...rates,
      title: "Events",
      description: "A second: taken in at the door, judged, and known already.",
      queries: [
        { expr: "sum(rate(troth_events_admitted_total[5m]))", legend: "admitted" },
        { expr: "sum(rate(troth_events_applied_total[5m]))", legend: "applied" },
        { expr: "sum(rate(troth_events_duplicate_total[5m]))", legend: "duplicate" },
      ],
      runbook: "TrothConsumerStuck",
    },
    {
      ...rates,
      title: "Set aside, by reason",
      description: "Events of the last hour that could not be read. They are kept, with a remedy.",
      queries: [
        {
          expr: "sum by (reason) (increase(troth_events_set_aside_total[1h]))",
          legend: "{{reason}}",
        },
      ],
      runbook: "TrothDeadLetters",
    },
    {
      ...rates,
      title: "Conservation",
      description: "Read minus applied, duplicate and set aside. Anything but zero is a defect.",
      queries: [
        { expr: "max by (job) (abs(troth_conservation_difference))", legend: "difference" },
      ],
      runbook: "TrothConservationBroken",
    },
    {
      ...rates,
      title: "Behind the log of facts",
      description: "Records of the log of facts that are not judged yet.",
      queries: [
        {
          expr: 'max by (job) (troth_log_end{log="facts"}) - max by (job) (troth_log_position{log="facts"})',
          legend: "judge",
        },
      ],
      runbook: "TrothConsumerStuck",
    },
    {
      ...rates,
      title: "Behind the log of outputs",
      description: "Outputs each reader has not seen yet.",
      queries: [
        {
          expr: 'max by (job) (troth_log_end{log="outputs"}) - on (job) group_right max by (job, reader) (troth_reader_position)',
          legend: "{{reader}}",
        },
      ],
      runbook: "TrothConsumerStuck",
    },
    {
      ...rates,
      title: "Lake",
      description: "Offset of the last fact whose outputs are in the lake for good.",
      queries: [{ expr: "max(troth_lake_position)", legend: "offset" }],
      runbook: "TrothConsumerStuck",
    },
    {
      ...rates,
      unit: "s",
      title: "How far behind feeds are",
      description: "Log time minus the newest thing each feed told of.",
      queries: [{ expr: "max by (source) (troth_source_lag_seconds)", legend: "{{source}}" }],
      runbook: "TrothSourceSilent",
    },
    {
      ...rates,
      title: "Silent feeds",
      description: "A line at 1 is a feed that is silent now.",
      queries: [{ expr: "max by (source) (troth_source_silent)", legend: "{{source}}" }],
      runbook: "TrothSourceSilent",
    },
    {
      ...rates,
      unit: "s",
      title: "Log time behind the clock",
      description:
        "Judgement is as of log time. Far behind: an old file is being read, or nothing comes in.",
      queries: [{ expr: "time() - max by (job) (troth_log_time_seconds)", legend: "behind" }],
      runbook: "TrothBusy",
    },
    {
      ...rates,
      unit: "s",
      title: "Event loop",
      description: "How late the process gets to a timer.",
      queries: [{ expr: "max by (job) (troth_event_loop_lag_seconds)", legend: "lag" }],
      runbook: "TrothBusy",
    },
    {
      ...rates,
      unit: "bytes",
      title: "Memory",
      description: "Resident memory, and what the heap holds.",
      queries: [
        { expr: "max by (job) (process_resident_memory_bytes)", legend: "resident" },
        { expr: "max by (job) (nodejs_heap_size_used_bytes)", legend: "heap" },
      ],
      runbook: "TrothBusy",
    },
    {
      ...rates,
      title: "Told outside",
      description: "Messages of the last hour by channel: sent, failed and tried again, given up.",
      queries: [
        {
          expr: "sum by (channel, outcome) (increase(troth_notifications_total[1h]))",
          legend: "{{channel}} {{outcome}}",
        },
      ],
      runbook: "TrothNotificationsFail",
    },
  ],
};

export const accuracy: DashboardSpec = {
  uid: "troth-accuracy",
  title: "Troth: is it right?",
  description: "Alerts held against what customers answered. Troth's own noise is noise too.",
  from: "now-30d",
  panels: [
    {
      ...half,
      title: "Precision and recall",
      description:
        "Of those alerted on, how many did not enjoy it; of those who did not enjoy it, how many were alerted on. Weighted by how they were asked.",
      unit: "percentunit",
      queries: [
        { expr: "max(troth_alert_precision)", legend: "precision" },
        { expr: "max(troth_alert_recall)", legend: "recall" },
      ],
      runbook: "TrothNoiseBudget",
    },
    {
      ...half,
      title: "Answers",
      description: "All answers so far, by outcome: the ground the figures stand on.",
      unit: "short",
      queries: [{ expr: "sum by (outcome) (troth_answers_total)", legend: "{{outcome}}" }],
      runbook: "TrothNoiseBudget",
    },
    {
      ...half,
      title: "Alerts opened a day, by rule",
      description: "Critical: one broken link suffices. Compound: the sum does.",
      unit: "short",
      queries: [
        {
          expr: 'sum by (rule) (increase(troth_alerts_total{state="opened"}[1d]))',
          legend: "{{rule}}",
        },
      ],
      runbook: "TrothNoiseBudget",
    },
    {
      ...half,
      title: "What became of alerts",
      description:
        "Revisions a day: a good alert is acknowledged and recovers; many withdrawn mean it spoke too soon.",
      unit: "short",
      queries: [{ expr: "sum by (state) (increase(troth_alerts_total[1d]))", legend: "{{state}}" }],
      runbook: "TrothNoiseBudget",
    },
  ],
};
