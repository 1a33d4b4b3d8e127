import { createHash } from "node:crypto";
import type { DeskCustomer } from "../view/customer.ts";
import type { Role } from "./roles.ts";

/** Who is at the desk. */
export type Person = {
  /** What facts and audit call them: never a name, the same for the same person. */
  readonly pseudonym: string;
  /** What the page calls them, to themselves only. */
  readonly name: string;
  readonly role: Role;
  readonly tenant: string;
  /** Owners of links whose customers they see; null: all of their tenant. */
  readonly teams: readonly string[] | null;
};

/** The same issuer and subject are the same person, and nobody can be told from it. */
export const pseudonymOf = (issuer: string, subject: string): string =>
  `staff-${createHash("sha256").update(`${issuer}\u0000${subject}`).digest("hex").slice(0, 12)}`;

/** Whether a customer of the person's tenant concerns one of their teams. */
export function concerns(person: Person, customer: DeskCustomer): boolean {
  const { teams } = person;
  if (teams === null) return true;
  if (customer.lead !== null && teams.includes(customer.lead.owner)) return true;
  return customer.register.rows().some((row) => teams.includes(row.owner));
}
