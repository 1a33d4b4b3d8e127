import type { Fact, Level, Verdict } from "@troth/events";
import type { NoiseRule, PledgeTemplate } from "@troth/policy";
import type { Customers } from "./customers.ts";
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

export type Terms = {
  readonly at: number;
  readonly stated: number | null;
  readonly value: number | null;
  readonly tag: string | null;
  readonly ref: FactRef;
};

export type Mark = {
  readonly slot: number;
  readonly at: number;
  readonly value: number | null;
  readonly name: string | null;
  readonly ref: FactRef;
};

export type NoiseItem = {
  readonly rule: NoiseRule;
  readonly at: number;
  readonly value: number | null;
  readonly ref: FactRef;
};

export type ProfileItem = {
  readonly at: number;
  readonly kind: "profile.updated" | "preference.set";
  readonly data: Readonly<Record<string, unknown>>;
  readonly ref: FactRef;
};

export type Exposure = { readonly at: number; readonly campaignId: string; readonly ref: FactRef };

export type LooseMarks = {
  readonly template: PledgeTemplate;
  readonly slot: number;
  marks: Mark[];
};

/** One line of the pledge register. Its fields are always what was last said of it. */
export type Row = {
  verdict: Verdict;
  since: number;
  madeAt: number;
  due: number | null;
  keptAt: number | null;
  /** When a broken row stopped hurting; null while it goes on. */
  mendedAt: number | null;
  severity: number;
  value: number | null;
  limit: number | null;
  perMille: number;
  revision: number;
  evidence: readonly string[];
};

export type Pledge = {
  readonly template: PledgeTemplate;
  readonly key: string;
  terms: Terms[];
  marks: Mark[];
  /** Row n - 1 is term n. Rows are never removed: a lost one is void. */
  rows: Row[];
  /** The moment at which time alone may change a row; Infinity for none. */
  nextAt: number;
  readonly customer: Customer;
};

/** What decisions call the pledge; made when it is said, since few are. */
export const promiseId = (pledge: Pledge): string => `${pledge.template.id}/${pledge.key}`;

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

export type Customer = {
  /** Where the customer is kept; never changes. */
  readonly slot: number;
  readonly key: string;
  readonly tenant: string;
  pledges: Pledge[];
  /** The earliest `nextAt` of the pledges; NaN while it must be looked for. */
  soonest: number;
  /** Built once there are too many pledges to search one by one. */
  pledgeIndex: Map<string, Pledge> | null;
  /** Pledges that may have points. */
  hot: Pledge[];
  noises: NoiseItem[];
  loose: LooseMarks[];
  profile: ProfileItem[];
  exposures: Exposure[];
  /** Highest revision seen of each record that came with one, and the facts others superseded. */
  revisions: Map<string, number> | null;
  level: Level;
  reviewAt: number;
  episode: Episode | null;
  /** Was looked up again since it was opened: stays open a while longer. */
  used: boolean;
};

/** A fact is held once under each customer it was addressed to, so that parting them leaves each theirs. */
export const sameItem = (a: FactRef, b: FactRef): boolean =>
  a.id === b.id && a.source === b.source && a.origin === b.origin;

/** Below this many pledges a search is cheaper than an index. */
const indexFrom = 12;

/** Pledges of one template by key; the length of the number keeps the two apart. */
export const indexKey = (template: PledgeTemplate, key: string): string =>
  `${template.index}/${key}`;

/** Builds the index once there are enough pledges for one. */
export function indexPledges(customer: Customer): void {
  if (customer.pledgeIndex !== null || customer.pledges.length <= indexFrom) return;
  customer.pledgeIndex = new Map(
    customer.pledges.map((pledge) => [indexKey(pledge.template, pledge.key), pledge]),
  );
}

export const sameFact = (a: FactRef, b: FactRef): boolean => a.id === b.id && a.source === b.source;

/** Ascending by (at, id, source): the one order of every set of items. */
export function compareItems(
  a: { readonly at: number; readonly ref: FactRef },
  b: { readonly at: number; readonly ref: FactRef },
): number {
  if (a.at !== b.at) return a.at - b.at;
  if (a.ref.id !== b.ref.id) return a.ref.id < b.ref.id ? -1 : 1;
  return a.ref.source === b.ref.source ? 0 : a.ref.source < b.ref.source ? -1 : 1;
}

/** Lists this short are copied when they grow: pushing to one would leave room for sixteen more in it. */
const copiedMax = 8;

/**
 * The list with the item in its place; use it instead of the one given. When the set outgrows `most`, the
 * earliest goes, or (`keepFirst`) the earliest but the first, which names when a pledge began.
 */
export function withItem<T extends { readonly at: number; readonly ref: FactRef }>(
  items: T[],
  item: T,
  most: number,
  keepFirst: boolean,
): T[] {
  let i = items.length;
  while (i > 0) {
    const before = items[i - 1];
    if (before === undefined || compareItems(before, item) <= 0) break;
    i -= 1;
  }
  let list = items;
  if (list.length === 0) list = [item];
  else if (list.length < copiedMax) list = [...list.slice(0, i), item, ...list.slice(i)];
  else list.splice(i, 0, item);
  if (list.length > most) list.splice(keepFirst ? 1 : 0, 1);
  return list;
}

export const emptyCustomer = (slot: number, key: string, tenant: string): Customer => ({
  slot,
  key,
  tenant,
  pledges: [],
  soonest: Number.POSITIVE_INFINITY,
  pledgeIndex: null,
  hot: [],
  noises: [],
  loose: [],
  profile: [],
  exposures: [],
  revisions: null,
  level: "none",
  reviewAt: Number.POSITIVE_INFINITY,
  episode: null,
  used: false,
});
