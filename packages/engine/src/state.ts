import type { Fact, Kind, Level } from "@troth/events";
import type { Policy } from "@troth/policy";
import type { Customers } from "./customers.ts";
import type { KindPlan, TemplatePlan } from "./roles.ts";
import type { Timers } from "./timers.ts";

/**
 * Everything the engine knows; what a snapshot holds.
 *
 * A customer is sets of *items* (terms, marks, noises, profile items, exposures), each pointing to
 * the fact it comes from. Rows, level and episode follow from the items and the log's clock, and
 * remember what was last said. Facts may therefore arrive in any order, and may be taken back.
 */
export type State = {
  readonly customers: Customers;
  readonly sources: SourceHealth[];
  /** Cohort facts still able to touch a customer whose profile arrives late; oldest first. */
  readonly cohorts: Fact[];
  /** Slots of customers with an overdue or blind row, by the index of the source it waits to hear from. */
  readonly waiting: readonly Set<number>[];
  readonly timers: Timers;
  stamp: number;
};

/** What judging needs besides the customer. */
export type World = {
  readonly policy: Policy;
  /** By index of the template. */
  readonly plans: readonly TemplatePlan[];
  readonly kinds: ReadonlyMap<Kind, KindPlan>;
  readonly state: State;
  readonly customers: Customers;
};

export type SourceHealth = {
  /** Log time at which it was first heard; null before. What was over by then is not held to it. */
  watchedSince: number | null;
  silent: boolean;
  /** When it was last heard before the silence that has not yet been settled. */
  blindSince: number;
  settleUntil: number;
};

export type FactRef = {
  readonly id: string;
  readonly source: string;
  /** `kind NUL source NUL record` of a fact that names its record or carries a revision. */
  readonly record: string | null;
  readonly revision: number;
  /** The customer key the fact was addressed to, before merges. */
  readonly origin: string;
};

export type ProfileItem = {
  readonly at: number;
  readonly kind: "profile.updated" | "preference.set";
  readonly data: Readonly<Record<string, unknown>>;
  readonly ref: FactRef;
};

export type Exposure = { readonly at: number; readonly campaignId: string; readonly ref: FactRef };

export type Episode = {
  readonly alertId: string;
  readonly openedAt: number;
  readonly causes: readonly string[];
  revision: number;
  acknowledged: boolean;
  level: Level;
  rule: "critical" | "compound";
  leadId: string;
};

/** What few customers have, or little of: kept as objects beside the numbers. */
export type Extras = {
  profile: ProfileItem[];
  exposures: Exposure[];
  /** Highest revision seen of each record that came with one, and the facts others superseded. */
  revisions: Map<string, number> | null;
  episode: Episode | null;
};

export const noExtras = (): Extras => ({
  profile: [],
  exposures: [],
  revisions: null,
  episode: null,
});

/** A fact is held once under each customer it was addressed to, so that parting them leaves each theirs. */
export const sameItem = (a: FactRef, b: FactRef): boolean =>
  a.id === b.id && a.source === b.source && a.origin === b.origin;

type Dated = { readonly at: number; readonly ref: FactRef };

/** Ascending by (at, id, source): the one order of every set of items. */
function compareItems(a: Dated, b: Dated): number {
  if (a.at !== b.at) return a.at - b.at;
  if (a.ref.id !== b.ref.id) return a.ref.id < b.ref.id ? -1 : 1;
  return a.ref.source === b.ref.source ? 0 : a.ref.source < b.ref.source ? -1 : 1;
}

/**
 * Puts an item in its place. Where those of its origin are more than `most`, the earliest of them goes, or
 * (`keepFirst`) the earliest but the first; returns it.
 */
export function insert<T extends Dated>(
  items: T[],
  item: T,
  most: number,
  keepFirst: boolean,
): T | null {
  let i = items.length;
  while (i > 0) {
    const before = items[i - 1];
    if (before === undefined || compareItems(before, item) <= 0) break;
    i -= 1;
  }
  items.splice(i, 0, item);
  if (items.length <= most) return null;
  const { origin } = item.ref;
  const alike = items.filter(({ ref }) => ref.origin === origin);
  const goes = alike.length > most ? alike[keepFirst ? 1 : 0] : undefined;
  if (goes === undefined) return null;
  items.splice(items.indexOf(goes), 1);
  return goes;
}
