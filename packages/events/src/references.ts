import type { Fact } from "./fact.ts";
import { isReference, type Reference } from "./reference.ts";

/** Fields that name a thing of the customer's, with the scheme of the reference they make. */
const naming: readonly (readonly [field: string, scheme: string])[] = [
  ["orderNumber", "order:"],
  ["accountRef", "account:"],
  ["contactId", "call:"],
  ["phone", "phone:"],
  ["handle", "handle:"],
  ["deviceRef", "device:"],
  ["serial", "device:"],
];

/** The field in which a kind would name the same thing as a reference; null for a customer's own. */
export function fieldNamedBy(reference: Reference): { name: string; value: string } | null {
  const named = naming.find(([, scheme]) => reference.startsWith(scheme));
  return named === undefined ? null : { name: named[0], value: reference.slice(named[1].length) };
}

/** Every name the fact has for its customer: the subject first, none twice, only valid ones. */
export function referencesOf(fact: Pick<Fact, "subject" | "data">): Reference[] {
  const found: Reference[] = [];
  const add = (reference: unknown): void => {
    if (typeof reference === "string" && !found.includes(reference) && isReference(reference)) {
      found.push(reference);
    }
  };
  add(fact.subject);
  add(fact.data["customerRef"]);
  for (const [field, scheme] of naming) {
    const value = fact.data[field];
    if (typeof value === "string") add(scheme + value);
  }
  return found;
}
