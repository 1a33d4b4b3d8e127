import { ascending, file, type Item } from "./order.ts";
import type { Exposure, Held, Mark, Noise, ProfileItem, Term } from "./traces.ts";

/** A customer's sets of items, each fact once (RULES.md 3). */
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
export function itemsOf(held: readonly Held[], forgotten: ReadonlySet<string>): Items {
  const traces = held.map((one) => one.traces);
  const gone = (item: Item, promiseId: string | null): boolean =>
    promiseId !== null && forgotten.has(pledgeItemId(promiseId, item));
  const terms = traces.flatMap((one) => one.terms).filter((term) => !gone(term, term.promiseId));
  const marks = traces.flatMap((one) => one.marks).filter((mark) => !gone(mark, mark.promiseId));
  const noises = traces.flatMap((one) => one.noises);
  const keyed = new Map<string, Mark[]>();
  for (const mark of once(marks, slotName))
    if (mark.promiseId !== null) file(keyed, mark.promiseId, mark);
  const byPledge = new Map<string, Term[]>();
  for (const term of once(terms, (one) => one.promiseId)) file(byPledge, term.promiseId, term);
  return {
    terms: new Map([...byPledge].map(([promiseId, set]) => [promiseId, ascending(set)])),
    keyed: new Map([...keyed].map(([promiseId, set]) => [promiseId, ascending(set)])),
    loose: ascending(once(marks, slotName).filter((mark) => mark.promiseId === null)),
    noises: ascending(once(noises, (noise) => noise.rule.id)),
    profile: ascending(once(traces.flatMap((one) => one.profile))),
    exposures: ascending(once(traces.flatMap((one) => one.exposures))),
  };
}

/** The set a mark belongs to: its slot's, of its pledge if it names one. */
export const slotName = (mark: Mark): string =>
  `${mark.promiseId ?? mark.template.id}\u0000${mark.number}`;

/** The first arrival of each fact; `within` parts a list into sets that are told apart. */
export function once<T extends Item>(
  items: readonly T[],
  within: (item: T) => string = () => "",
): T[] {
  const seen = new Map<string, T>();
  for (const item of items) {
    const name = `${within(item)}\u0000${item.id}\u0000${item.source}`;
    if (!seen.has(name)) seen.set(name, item);
  }
  return [...seen.values()];
}
