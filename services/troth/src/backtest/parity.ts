import type { Context, Judged } from "./run.ts";

const rounded = (value: number): number => Math.round(value * 1e4) / 1e4;

/** A share with Wilson's 95 % interval; null without cases. */
export type Share = {
  readonly cases: number;
  readonly share: number | null;
  readonly low: number | null;
  readonly high: number | null;
};

const z = 1.959964;

/** Wilson's interval: honest for small groups and for shares near 0 or 1. */
export function wilson(hits: number, cases: number): Share {
  if (cases === 0) return { cases, share: null, low: null, high: null };
  const p = hits / cases;
  const z2 = z * z;
  const centre = (p + z2 / (2 * cases)) / (1 + z2 / cases);
  const half = (z / (1 + z2 / cases)) * Math.sqrt((p * (1 - p)) / cases + z2 / (4 * cases * cases));
  return {
    cases,
    share: rounded(p),
    low: rounded(Math.max(0, centre - half)),
    high: rounded(Math.min(1, centre + half)),
  };
}

export type GroupSide = {
  /** Of the customers asked, how many were under an alert then. */
  readonly alerted: Share;
  /** Of those who did not enjoy it, how many were under an alert. */
  readonly found: Share;
  /** Of those who did, how many were under one all the same. */
  readonly falseAlarms: Share;
};
export type Group = {
  readonly group: string;
  readonly live: GroupSide;
  readonly candidate: GroupSide;
};

type Counts = {
  asked: number;
  alerted: number;
  bad: number;
  badAlerted: number;
  good: number;
  goodAlerted: number;
};

const none = "(not known)";

function countsOf({ surveys }: Judged, context: Context): ReadonlyMap<string, Counts> {
  const groups = new Map<string, Counts>();
  for (const { customer, invitationId, alerted } of surveys) {
    const outcome = context.outcomes.get(invitationId);
    if (outcome === undefined) continue;
    const group = context.groupOf.get(customer) ?? none;
    const counts = groups.get(group) ?? {
      ...{ asked: 0, alerted: 0, bad: 0, badAlerted: 0, good: 0, goodAlerted: 0 },
    };
    groups.set(group, counts);
    const said = alerted ? 1 : 0;
    counts.asked += 1;
    counts.alerted += said;
    if (outcome === "not_enjoyed") {
      counts.bad += 1;
      counts.badAlerted += said;
    } else {
      counts.good += 1;
      counts.goodAlerted += said;
    }
  }
  return groups;
}

const sideOf = (counts: Counts | undefined): GroupSide => ({
  alerted: wilson(counts?.alerted ?? 0, counts?.asked ?? 0),
  found: wilson(counts?.badAlerted ?? 0, counts?.bad ?? 0),
  falseAlarms: wilson(counts?.goodAlerted ?? 0, counts?.good ?? 0),
});

/** Whether groups of customers are treated alike; unweighted, largest group first. */
export function compareParity(live: Judged, candidate: Judged, context: Context): readonly Group[] {
  const [before, after] = [countsOf(live, context), countsOf(candidate, context)];
  return [...new Set([...before.keys(), ...after.keys()])]
    .map((group) => ({
      group,
      live: sideOf(before.get(group)),
      candidate: sideOf(after.get(group)),
    }))
    .sort((a, b) => b.live.alerted.cases - a.live.alerted.cases || (a.group < b.group ? -1 : 1));
}
