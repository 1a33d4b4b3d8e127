import { isoTime } from "@troth/events";
import type { Estimate } from "./accuracy.ts";
import type { Backtest } from "./backtest.ts";
import type { Share } from "./parity.ts";

/** A table of the report: a heading, what its figures mean, and rows of text. */
export type TableOfText = {
  readonly title: string;
  readonly note: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
};

const dash = "-";
const fixed = (value: number | null, digits = 3): string =>
  value === null ? dash : value.toFixed(digits);

export const estimateText = ({ value, low, high }: Estimate): string =>
  value === null ? dash : `${fixed(value)} (${fixed(low)} to ${fixed(high)})`;

const shareText = ({ share, low, high, cases }: Share): string =>
  share === null ? dash : `${fixed(share)} (${fixed(low)} to ${fixed(high)}) of ${cases}`;

const usedText = (used: number | null): string =>
  used === null ? dash : `${Math.round(used * 100)} %`;

/** Hundredths as 1234.50. */
const moneyText = (hundredths: number): string => (hundredths / 100).toFixed(2);

function accuracyTable({ truth }: Backtest): TableOfText {
  const { live, candidate } = truth;
  return {
    title: "Against the answers in the lake",
    note: `${truth.answers} answers, weighted; of all of them ${estimateText(truth.base)} did not enjoy it. Alerted means that an alert was open when the question went out. In brackets 95 % intervals by bootstrap.`,
    head: ["", "live", "candidate", "candidate less live"],
    rows: [
      [
        "precision",
        estimateText(live.precision95),
        estimateText(candidate.precision95),
        estimateText(truth.precisionGain),
      ],
      [
        "recall",
        estimateText(live.recall95),
        estimateText(candidate.recall95),
        estimateText(truth.recallGain),
      ],
      ["lift", estimateText(live.lift95), estimateText(candidate.lift95), ""],
      ["AUC of the score", fixed(live.auc), fixed(candidate.auc), ""],
      ["average precision", fixed(live.ap), fixed(candidate.ap), ""],
    ],
  };
}

function alertsTable({ alerts }: Backtest): TableOfText {
  const rules = (counts: Readonly<Record<string, number>>): string =>
    Object.entries(counts)
      .slice(0, 6)
      .map(([rule, n]) => `${rule} ${n}`)
      .join(", ");
  return {
    title: "Alerts gained and lost",
    note: "An alert is the same where both policies have one open about the same customer at the same time.",
    head: ["", "alerts", "led by"],
    rows: [
      ["live", String(alerts.live), ""],
      ["candidate", String(alerts.candidate), ""],
      ["the same", String(alerts.same), ""],
      ["gained", String(alerts.gained), rules(alerts.gainedByRule)],
      ["lost", String(alerts.lost), rules(alerts.lostByRule)],
    ],
  };
}

function examplesTable(
  title: string,
  examples: Backtest["alerts"]["gainedExamples"],
): TableOfText | null {
  if (examples.length === 0) return null;
  return {
    title,
    note: "The highest scores first.",
    head: ["opened", "customer", "level", "owner", "says"],
    rows: examples.map(({ at, customer, level, owner, says }) => [
      at,
      customer,
      level,
      owner,
      says,
    ]),
  };
}

const loadTable = ({ load }: Backtest): TableOfText => ({
  title: "Load: alerts opened for each owner",
  note: "A day is a UTC day of log time; the peak is the busiest.",
  head: ["owner", "live", "a day", "peak", "candidate", "a day", "peak"],
  rows: load.map(({ owner, live, candidate }) => [
    owner,
    String(live.alerts),
    fixed(live.perDay, 2),
    String(live.peak),
    String(candidate.alerts),
    fixed(candidate.perDay, 2),
    String(candidate.peak),
  ]),
});

const budgetTable = ({ budgets }: Backtest): TableOfText => ({
  title: "Error budgets",
  note: "Broken promises over those kept or broken, as a share of what the candidate's objective allows: 100 % is all of it. Links without an objective have none.",
  head: [
    "link",
    "objective",
    "live broken",
    "used",
    "worst window",
    "candidate broken",
    "used",
    "worst window",
  ],
  rows: budgets.map(({ link, target, live, candidate }) => [
    link,
    target === null ? dash : fixed(target),
    `${live.broken} of ${live.decided}`,
    usedText(live.used),
    usedText(live.worstWindow),
    `${candidate.broken} of ${candidate.decided}`,
    usedText(candidate.used),
    usedText(candidate.worstWindow),
  ]),
});

const costTable = ({ cost }: Backtest): TableOfText => ({
  title: "Cost of compensation",
  note: `Assumes that every promise that stays broken is compensated by its severity, 0 to 5, with ${cost.tariff.map(moneyText).join(", ")} (--tariff); what is in truth owed is not in a policy.`,
  head: ["", "cost"],
  rows: [
    ["live", moneyText(cost.live)],
    ["candidate", moneyText(cost.candidate)],
    ["candidate less live", moneyText(cost.candidate - cost.live)],
  ],
});

const groupsMax = 12;

const parityTable = ({ parity, by }: Backtest): TableOfText => ({
  title: `Parity by ${by}`,
  note: `Customers who answered, unweighted, with Wilson's 95 % intervals. Found: alerted among those who did not enjoy it. False alarms: alerted among those who did. The ${groupsMax} largest groups.`,
  head: [by, "found, live", "found, candidate", "false alarms, live", "false alarms, candidate"],
  rows: parity
    .slice(0, groupsMax)
    .map(({ group, live, candidate }) => [
      group,
      shareText(live.found),
      shareText(candidate.found),
      shareText(live.falseAlarms),
      shareText(candidate.falseAlarms),
    ]),
});

/** One sentence on whether the live policy said again what the lake holds. */
export function selfCheckText({ selfCheck, policies }: Backtest): string {
  const { decisions, differences, first } = selfCheck;
  if (differences === 0) {
    return `Self-check passed: the live policy says all ${decisions} decisions of the lake again, byte for byte.`;
  }
  return [
    `Self-check FAILED: ${differences} decisions differ from those in the lake; nothing below can be trusted.`,
    `The first is at ${first?.inOffset}.${first?.seq}: the lake has ${first?.before ?? "nothing"}, policy ${policies.live.hash} says ${first?.now ?? "nothing"}.`,
    "Give the policy the lake was judged under with --against.",
  ].join(" ");
}

export const headline = ({ lake, policies }: Backtest): string =>
  `${policies.live.name} (${policies.live.hash}) against ${policies.candidate.name} (${policies.candidate.hash}) over ${lake.facts} facts from ${lake.from === null ? "nowhere" : isoTime(lake.from)} to ${isoTime(lake.to)}`;

export function tablesOf(result: Backtest): readonly TableOfText[] {
  const tables = [
    accuracyTable(result),
    alertsTable(result),
    examplesTable("Gained, for example", result.alerts.gainedExamples),
    examplesTable("Lost, for example", result.alerts.lostExamples),
    loadTable(result),
    budgetTable(result),
    costTable(result),
    parityTable(result),
  ];
  return tables.filter((one) => one !== null);
}

/** The tables for a terminal: columns aligned, as wide as their text. */
export function inWords(result: Backtest): string {
  const blocks = tablesOf(result).map(({ title, note, head, rows }) => {
    const all = [head, ...rows];
    const widths = head.map((_, n) => Math.max(...all.map((row) => (row[n] ?? "").length)));
    const lines = all.map((row) =>
      row
        .map((cell, n) => cell.padEnd(widths[n] ?? 0))
        .join("  ")
        .trimEnd(),
    );
    return [title, note, "", ...lines].join("\n");
  });
  return [headline(result), selfCheckText(result), ...blocks].join("\n\n");
}
