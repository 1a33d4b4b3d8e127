import type { Limits } from "@troth/policy";
import { ascending, file, type Item } from "./order.ts";
import type { Exposure, Held, Mark, Noise, ProfileItem, Term } from "./traces.ts";

/** A customer's sets of items, each ascending and within its limit (RULES.md 3). */
export type Items = {
  /** By promise id. */
  readonly terms: ReadonlyMap<string, readonly Term[]>;
  /** Marks that name a pledge, by promise id, whether or not anybody made it. */
  readonly keyed: ReadonlyMap<string, readonly Mark[]>;
  readonly loose: readonly Mark[];
  readonly noises: readonly Noise[];
  readonly profile: readonly ProfileItem[];
  readonly exposures: readonly Exposure[];
};

/** Names one item of a pledge, for the items that went when their pledge was forgotten. */
export const pledgeItemId = (promiseId: string, item: Item): string =>
  `${promiseId}\u0000${item.id}\u0000${item.source}`;

/** Rebuilds every set from the facts held now. `forgotten` names items of pledges let go. */
export function itemsOf(
  held: readonly Held[],
  limits: Limits,
  forgotten: ReadonlySet<string>,
): Items {
  const traces = held.map((one) => one.traces);
  const gone = (item: Item, promiseId: string | null): boolean =>
    promiseId !== null && forgotten.has(pledgeItemId(promiseId, item));
  const terms = traces.flatMap((one) => one.terms).filter((term) => !gone(term, term.promiseId));
  const marks = traces.flatMap((one) => one.marks).filter((mark) => !gone(mark, mark.promiseId));
  const noises = traces.flatMap((one) => one.noises);
  return {
    terms: boundedTerms(terms, limits),
    keyed: boundedKeyed(marks, limits),
    loose: boundedLoose(marks, limits),
    noises: withFirst(
      once(noises, (noise) => noise.rule.id),
      limits.noisesPerCustomer,
    ),
    profile: withFirst(once(traces.flatMap((one) => one.profile)), limits.profileFactsPerCustomer),
    exposures: ascending(once(traces.flatMap((one) => one.exposures))).slice(
      -limits.profileFactsPerCustomer,
    ),
  };
}

/** The first arrival of each fact; `within` parts a list into sets that are told apart. */
function once<T extends Item>(items: readonly T[], within: (item: T) => string = () => ""): T[] {
  const seen = new Map<string, T>();
  for (const item of items) {
    const name = `${within(item)}\u0000${item.id}\u0000${item.source}`;
    if (!seen.has(name)) seen.set(name, item);
  }
  return [...seen.values()];
}

/** The first item stays for good; of the others the latest. */
function withFirst<T extends Item>(items: readonly T[], limit: number): T[] {
  const sorted = ascending(items);
  if (sorted.length <= limit) return sorted;
  return [...sorted.slice(0, 1), ...sorted.slice(sorted.length - limit + 1)];
}

function boundedTerms(terms: readonly Term[], limits: Limits): Map<string, Term[]> {
  const sets = new Map<string, Term[]>();
  for (const term of terms) file(sets, term.promiseId, term);
  for (const [promiseId, set] of sets)
    sets.set(promiseId, withFirst(once(set), limits.termsPerPledge));
  return sets;
}

function boundedKeyed(marks: readonly Mark[], limits: Limits): Map<string, Mark[]> {
  const sets = new Map<string, Mark[]>();
  for (const mark of marks)
    if (mark.promiseId !== null) file(sets, `${mark.promiseId}\u0000${mark.number}`, mark);
  const byPledge = new Map<string, Mark[]>();
  for (const set of sets.values())
    for (const mark of withFirst(once(set), limits.marksPerSlot))
      if (mark.promiseId !== null) file(byPledge, mark.promiseId, mark);
  return byPledge;
}

function boundedLoose(marks: readonly Mark[], limits: Limits): Mark[] {
  const sets = new Map<string, Mark[]>();
  for (const mark of marks)
    if (mark.promiseId === null) file(sets, `${mark.template.id}\u0000${mark.number}`, mark);
  return [...sets.values()].flatMap((set) => withFirst(once(set), limits.looseMarksPerSlot));
}
