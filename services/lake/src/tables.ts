import { decisions, identity, noise } from "./base-tables.ts";
import type { Body, Table } from "./table.ts";
import { alerts, flags, pledges, surveys } from "./typed-tables.ts";

export const tables: readonly Table[] = [
  noise,
  decisions,
  identity,
  pledges,
  alerts,
  flags,
  surveys,
];

/** The `kind=` part of an object's key: the event's kind, or that of the decision. */
export const partitionKind = (body: Body): string =>
  body.kind === "noise" ? body.fact.kind : body.kind;
