import type { Policy } from "@troth/policy";
import type { GaugeOf, Metrics } from "@troth/runtime";

/**
 * More links, templates, feeds or rules than these are counted as `other`: a policy is a file anybody
 * may edit, and series cost memory in every system that scrapes them.
 */
export const linksMax = 16;
export const templatesMax = 24;
export const sourcesMax = 16;
export const cohortRulesMax = 12;

export const other = "other";

/** The first few names and `other`, which stands for all the rest. */
export const few = (names: readonly string[], max: number): readonly string[] => [
  ...new Set(names.filter((name) => name !== other).slice(0, max)),
  other,
];

/** Links that promise something. */
export const linksOf = ({ pledges }: Policy): readonly string[] =>
  few(
    pledges.map(({ link }) => link.id),
    linksMax,
  );

/** A count that goes up and down by key, shown after every change. */
export function openNet(): (key: string, by: number) => number {
  const counts = new Map<string, number>();
  return (key, by) => {
    const count = (counts.get(key) ?? 0) + by;
    if (count === 0) counts.delete(key);
    else counts.set(key, count);
    return count;
  };
}

export type Single = GaugeOf<Record<string, never>>;

/** A gauge without labels, there from the start. */
export function openSingle(metrics: Metrics, name: string, help: string, first = 0): Single {
  const opened = metrics.gauge({ name, help, labels: {} });
  opened.set({}, first);
  return opened;
}
