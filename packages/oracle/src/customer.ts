import { type Level, type PledgeDecision, pseudonym, type Reference } from "@troth/events";
import { type Items, itemsOf } from "./items.ts";
import { nothingReplaced, type Replaced } from "./replaced.ts";
import { type Row, rowsOf } from "./rows.ts";
import type { Held } from "./traces.ts";

/** What was last said of a row. */
export type Said = { readonly decision: PledgeDecision; readonly since: number };

/** An open alert, with what was last said of it. */
export type Episode = {
  readonly alertId: string;
  readonly causes: readonly string[];
  revision: number;
  acknowledged: boolean;
  level: Level;
  rule: "critical" | "compound";
  lead: string | null;
};

/** A customer: the facts held for them, and what was last said about them. Nothing else is kept. */
export type Customer = {
  readonly tenant: string;
  readonly reference: Reference;
  readonly key: string;
  held: readonly Held[];
  readonly replaced: Replaced;
  /** Items of pledges let go because there were too many. */
  readonly forgotten: Set<string>;
  readonly said: Map<string, Said>;
  level: Level;
  episode: Episode | null;
  /** Sources that some overdue or blind row waited for at the last look. */
  waitsOn: ReadonlySet<number>;
  /** The view of `held`; null once they changed. A shortcut only: it is rebuilt from the facts. */
  view: View | null;
};

export type View = { readonly items: Items; readonly rows: readonly Row[] };

export const newCustomer = (tenant: string, reference: Reference, key: string): Customer => ({
  tenant,
  reference,
  key: pseudonym(tenant, reference, key),
  held: [],
  replaced: nothingReplaced(),
  forgotten: new Set(),
  said: new Map(),
  level: "none",
  episode: null,
  waitsOn: new Set(),
  view: null,
});

export function hold(customer: Customer, held: readonly Held[]): void {
  customer.held = held;
  customer.view = null;
}

export function viewOf(customer: Customer): View {
  if (customer.view === null) {
    const items = itemsOf(customer.held, customer.forgotten);
    customer.view = { items, rows: rowsOf(items) };
  }
  return customer.view;
}

export const rowId = (row: Pick<Row, "promiseId" | "term">): string =>
  `${row.promiseId}#${row.term}`;
