import { isoTime, type PledgeDecision } from "@troth/events";
import type { Policy } from "@troth/policy";
import type { Context, Episode, Judged } from "./run.ts";

const dayMs = 86_400_000;
const rounded = (value: number): number => Math.round(value * 1e4) / 1e4;
const byCodeUnit = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

export type Example = {
  readonly at: string;
  readonly customer: string;
  readonly level: string;
  readonly owner: string;
  readonly says: string;
};

export type AlertChanges = {
  readonly live: number;
  readonly candidate: number;
  readonly same: number;
  readonly gained: number;
  readonly lost: number;
  readonly gainedByRule: Readonly<Record<string, number>>;
  readonly lostByRule: Readonly<Record<string, number>>;
  readonly gainedExamples: readonly Example[];
  readonly lostExamples: readonly Example[];
};

const examplesMax = 5;

const overlap = (a: Episode, b: Episode): boolean =>
  a.openedAt <= (b.endedAt ?? Number.POSITIVE_INFINITY) &&
  b.openedAt <= (a.endedAt ?? Number.POSITIVE_INFINITY);

function byCustomer(episodes: readonly Episode[]): ReadonlyMap<string, readonly Episode[]> {
  const grouped = new Map<string, Episode[]>();
  for (const episode of episodes) {
    const others = grouped.get(episode.customer) ?? [];
    others.push(episode);
    grouped.set(episode.customer, others);
  }
  return grouped;
}

/** Episodes to which no episode of the same customer on the other side corresponds in time. */
function alone(episodes: readonly Episode[], others: readonly Episode[]): readonly Episode[] {
  const grouped = byCustomer(others);
  return episodes.filter(
    (one) => !(grouped.get(one.customer) ?? []).some((other) => overlap(one, other)),
  );
}

function ruleCounts(episodes: readonly Episode[]): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const { opened } of episodes) {
    const rule = opened.lead?.rule ?? "none";
    counts.set(rule, (counts.get(rule) ?? 0) + 1);
  }
  return Object.fromEntries([...counts].sort((a, b) => b[1] - a[1] || byCodeUnit(a[0], b[0])));
}

/** The highest scores, and among equals the earliest. */
const examplesOf = (episodes: readonly Episode[]): readonly Example[] =>
  [...episodes]
    .sort(
      (a, b) =>
        b.opened.score - a.opened.score ||
        a.openedAt - b.openedAt ||
        byCodeUnit(a.customer, b.customer),
    )
    .slice(0, examplesMax)
    .map(({ opened, openedAt, customer }) => ({
      at: isoTime(openedAt),
      customer,
      level: opened.level,
      owner: opened.lead?.owner ?? "",
      says: opened.says,
    }));

type Alerted = Pick<Judged, "episodes">;

export function compareAlerts(live: Alerted, candidate: Alerted): AlertChanges {
  const gained = alone(candidate.episodes, live.episodes);
  const lost = alone(live.episodes, candidate.episodes);
  return {
    live: live.episodes.length,
    candidate: candidate.episodes.length,
    same: live.episodes.length - lost.length,
    gained: gained.length,
    lost: lost.length,
    gainedByRule: ruleCounts(gained),
    lostByRule: ruleCounts(lost),
    gainedExamples: examplesOf(gained),
    lostExamples: examplesOf(lost),
  };
}

export type Load = {
  readonly alerts: number;
  readonly perDay: number;
  /** Most in one UTC day. */
  readonly peak: number;
};
export type OwnerLoad = { readonly owner: string; readonly live: Load; readonly candidate: Load };

const dayOf = (at: number): number => Math.floor(at / dayMs);

function loadOf(episodes: readonly Episode[], owner: string, days: number): Load {
  const daily = new Map<number, number>();
  let alerts = 0;
  for (const { opened, openedAt } of episodes) {
    if ((opened.lead?.owner ?? "none") !== owner) continue;
    alerts += 1;
    const day = dayOf(openedAt);
    daily.set(day, (daily.get(day) ?? 0) + 1);
  }
  return { alerts, perDay: rounded(alerts / days), peak: Math.max(0, ...daily.values()) };
}

/** Alerts a day for each owner, busiest under the candidate first. */
export function compareLoad(
  live: Judged,
  candidate: Judged,
  context: Context,
): readonly OwnerLoad[] {
  const days = Math.max(1, dayOf(context.to) - dayOf(context.from ?? context.to) + 1);
  const owners = new Set(
    [...live.episodes, ...candidate.episodes].map(({ opened }) => opened.lead?.owner ?? "none"),
  );
  return [...owners]
    .map((owner) => ({
      owner,
      live: loadOf(live.episodes, owner, days),
      candidate: loadOf(candidate.episodes, owner, days),
    }))
    .sort((a, b) => b.candidate.alerts - a.candidate.alerts || byCodeUnit(a.owner, b.owner));
}

export type Budget = {
  /** Promises of the link that were kept or broken. */
  readonly decided: number;
  readonly broken: number;
  /** Share of the error budget used over the whole log: 1 is all of it; null without an objective. */
  readonly used: number | null;
  /** The same in the worst window of the objective. */
  readonly worstWindow: number | null;
};
export type LinkBudget = {
  readonly link: string;
  readonly target: number | null;
  readonly live: Budget;
  readonly candidate: Budget;
};

function budgetOf({ rows, policy }: Judged, link: string): Budget {
  const objective = policy.objectives.find((one) => one.link.id === link);
  const windows = new Map<number, { decided: number; broken: number }>();
  let [decided, broken] = [0, 0];
  for (const row of rows.values()) {
    if (row.link !== link || (row.verdict !== "kept" && row.verdict !== "broken")) continue;
    const window = objective === undefined ? 0 : Math.floor(row.at / objective.windowMs);
    const sums = windows.get(window) ?? { decided: 0, broken: 0 };
    windows.set(window, sums);
    decided += 1;
    sums.decided += 1;
    if (row.verdict !== "broken") continue;
    broken += 1;
    sums.broken += 1;
  }
  if (objective === undefined || decided === 0) {
    return { decided, broken, used: null, worstWindow: null };
  }
  const allowed = 1 - objective.target;
  const burns = [...windows.values()].map((sums) => sums.broken / sums.decided / allowed);
  return {
    decided,
    broken,
    used: rounded(broken / decided / allowed),
    worstWindow: rounded(Math.max(...burns)),
  };
}

const targetOf = (policy: Policy, link: string): number | null =>
  policy.objectives.find((one) => one.link.id === link)?.target ?? null;

/** Error budgets link by link, as the register stands at the end. */
export function compareBudgets(live: Judged, candidate: Judged): readonly LinkBudget[] {
  const links = [...candidate.policy.links, ...live.policy.links].map(({ id }) => id);
  return [...new Set(links)]
    .map((link) => ({
      link,
      target: targetOf(candidate.policy, link),
      live: budgetOf(live, link),
      candidate: budgetOf(candidate, link),
    }))
    .filter((one) => one.live.decided + one.candidate.decided > 0);
}

/** Hundredths of a currency unit for one broken promise of severity 0 to 5. */
export type Tariff = readonly number[];
export type Cost = {
  readonly tariff: Tariff;
  readonly live: number;
  readonly candidate: number;
};

const isOwed = (row: PledgeDecision): boolean => row.verdict === "broken";

const costOf = ({ rows }: Judged, tariff: Tariff): number =>
  [...rows.values()].filter(isOwed).reduce((sum, { severity }) => sum + (tariff[severity] ?? 0), 0);

/** What broken promises would cost, in hundredths, if each were compensated by its severity. */
export const compareCost = (live: Judged, candidate: Judged, tariff: Tariff): Cost => ({
  tariff,
  live: costOf(live, tariff),
  candidate: costOf(candidate, tariff),
});

/** Alerts opened week by week (weeks of the log from its first day on). */
export function weekly(
  verdicts: Judged,
  context: Context,
): readonly { readonly week: string; readonly alerts: number }[] {
  const first = dayOf(context.from ?? context.to);
  const weeks = Math.floor((dayOf(context.to) - first) / 7) + 1;
  const counts = Array.from({ length: weeks }, () => 0);
  for (const { openedAt } of verdicts.episodes) {
    const week = Math.floor((dayOf(openedAt) - first) / 7);
    counts[week] = (counts[week] ?? 0) + 1;
  }
  return counts.map((alerts, n) => ({
    week: isoTime((first + 7 * n) * dayMs).slice(0, 10),
    alerts,
  }));
}
