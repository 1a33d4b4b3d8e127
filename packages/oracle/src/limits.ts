import type { Limits } from "@troth/policy";
import { once, slotName } from "./items.ts";
import { ascending, file, type Item } from "./order.ts";
import type { Held, Mark, Traces } from "./traces.ts";

/** How items lie in sets, what tells two of one fact apart, and how many of a set stay. */
type Keeps<T> = {
  readonly set: (item: T) => string;
  readonly sort: (item: T) => string;
  readonly most: number;
  /** The first of all stays for good. */
  readonly first: boolean;
};

/** Names of the items that go, of those that came under one origin. */
function going<T extends Item>(items: readonly T[], keeps: Keeps<T>): ReadonlySet<string> {
  const sets = new Map<string, T[]>();
  for (const item of once(items, (one) => `${keeps.set(one)}\u0000${keeps.sort(one)}`)) {
    file(sets, keeps.set(item), item);
  }
  const gone = [...sets.values()].flatMap((alike) => {
    const sorted = ascending(alike);
    const firsts = keeps.first ? 1 : 0;
    const goes = sorted.length - keeps.most;
    return goes > 0 ? sorted.slice(firsts, firsts + goes) : [];
  });
  return new Set(gone.map((item) => nameOf(keeps, item)));
}

const nameOf = <T extends Item>(keeps: Keeps<T>, item: T): string =>
  [keeps.set(item), keeps.sort(item), item.id, item.source].join("\u0000");

const same = (): string => "";

/** The facts of one origin without the items that outgrow a limit. */
function within(held: readonly Held[], limits: Limits): readonly Held[] {
  const traces = held.map((one) => one.traces);
  const left = <T extends Item>(
    of: (one: Traces) => readonly T[],
    keeps: Keeps<T>,
  ): ((one: Traces) => readonly T[]) => {
    const gone = going(traces.flatMap(of), keeps);
    return (one) => of(one).filter((item) => !gone.has(nameOf(keeps, item)));
  };
  const ofMarks = (most: number): Keeps<Mark> => ({ set: slotName, sort: same, most, first: true });
  const facts = limits.profileFactsPerCustomer;
  const terms = left((one) => one.terms, {
    set: (term) => term.promiseId,
    sort: same,
    most: limits.termsPerPledge,
    first: true,
  });
  const keyed = left(
    (one) => one.marks.filter((mark) => mark.promiseId !== null),
    ofMarks(limits.marksPerSlot),
  );
  const loose = left(
    (one) => one.marks.filter((mark) => mark.promiseId === null),
    ofMarks(limits.looseMarksPerSlot),
  );
  const noises = left((one) => one.noises, {
    set: same,
    sort: (noise) => noise.rule.id,
    most: limits.noisesPerCustomer,
    first: true,
  });
  const profile = left((one) => one.profile, { set: same, sort: same, most: facts, first: true });
  const exposures = left((one) => one.exposures, {
    set: same,
    sort: same,
    most: facts,
    first: false,
  });
  return held.map((one) => ({
    ...one,
    traces: {
      terms: terms(one.traces),
      marks: [...keyed(one.traces), ...loose(one.traces)],
      noises: noises(one.traces),
      profile: profile(one.traces),
      exposures: exposures(one.traces),
    },
  }));
}

/**
 * Facts without the items that outgrow a limit, for good: those of each origin are counted apart, so
 * that joining customers lets nothing go (RULES.md 3).
 */
export function withinLimits(held: readonly Held[], limits: Limits): readonly Held[] {
  const least = Math.min(
    limits.termsPerPledge,
    limits.marksPerSlot,
    limits.looseMarksPerSlot,
    limits.noisesPerCustomer,
    limits.profileFactsPerCustomer,
  );
  const items = held.reduce((sum, { traces }) => sum + Object.values(traces).flat().length, 0);
  if (items <= least) return held;
  const origins = new Map<string, Held[]>();
  for (const one of held) file(origins, one.origin, one);
  const bounded = new Map<Held, Held>();
  for (const alike of origins.values()) {
    for (const [i, one] of within(alike, limits).entries()) {
      const before = alike[i];
      if (before !== undefined) bounded.set(before, one);
    }
  }
  return held.map((one) => bounded.get(one) ?? one);
}
