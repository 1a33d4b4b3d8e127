import type { Fact, Level, Verdict } from "@troth/events";
import type { NoiseRule, PledgeTemplate } from "@troth/policy";

/**
 * Everything the engine knows. Plain data: it is the snapshot.
 *
 * A customer is sets of *items* (terms, marks, noises, profile items, exposures), each pointing to
 * the fact it comes from. Rows, level and episode follow from the items and the log's clock, and
 * remember what was last said. Facts may therefore arrive in any order, and may be taken back.
 */
export type State = {
  readonly customers: Map<string, Customer>;
  readonly sources: SourceHealth[];
  /** Cohort facts still able to touch a customer whose profile arrives late; oldest first. */
  readonly cohorts: Fact[];
  /** Pledges with an overdue or blind row, by the index of the source they wait to hear from. */
  readonly waiting: Set<Pledge>[];
  stamp: number;
};

export type SourceHealth = {
  watched: boolean;
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
  readonly marks: Mark[];
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
  evidence: readonly string[];
  revision: number;
};

export type Pledge = {
  readonly template: PledgeTemplate;
  readonly key: string;
  /** `template/key`. */
  readonly id: string;
  readonly terms: Terms[];
  readonly marks: Mark[];
  /** Row n - 1 is term n. Rows are never removed: a lost one is void. */
  readonly rows: Row[];
  /** The moment at which time alone may change a row; Infinity for none. */
  nextAt: number;
  customer: Customer;
};

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
  readonly key: string;
  readonly tenant: string;
  pledges: Pledge[];
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
};

/** A fact is held once under each customer it was addressed to, so that parting them leaves each theirs. */
export const sameItem = (a: FactRef, b: FactRef): boolean =>
  a.id === b.id && a.source === b.source && a.origin === b.origin;

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

/**
 * Puts an item in its place. When the set outgrows `most`, the earliest goes, or (`keepFirst`) the
 * earliest but the first, which names when a pledge began.
 */
export function insertItem<T extends { readonly at: number; readonly ref: FactRef }>(
  items: T[],
  item: T,
  most: number,
  keepFirst: boolean,
): void {
  let i = items.length;
  while (i > 0) {
    const before = items[i - 1];
    if (before === undefined || compareItems(before, item) <= 0) break;
    i -= 1;
  }
  if (i === items.length) items.push(item);
  else items.splice(i, 0, item);
  if (items.length > most) items.splice(keepFirst ? 1 : 0, 1);
}

export const emptyCustomer = (key: string, tenant: string): Customer => ({
  key,
  tenant,
  pledges: [],
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
});
