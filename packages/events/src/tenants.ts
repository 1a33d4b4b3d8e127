import type { Output } from "./output.ts";
import type { Reference } from "./reference.ts";

/** Whose customer each is, from their facts; one that two tenants claim is nobody's from then on. */
export class Tenants {
  readonly #of = new Map<Reference, string | null>();

  fold({ body }: Output): void {
    if (body.kind === "noise" && body.customer !== null)
      this.claim(body.customer, body.fact.tenant);
  }

  /** Notes a fact of a tenant's about a customer; gives whose the customer is now. */
  claim(customer: Reference, tenant: string): string | null {
    const held = this.#of.get(customer);
    const holder = held === undefined || held === tenant ? tenant : null;
    if (holder !== held) this.#of.set(customer, holder);
    return holder;
  }

  /** Something is known of the customer, be it that two tenants claim them. */
  isKnown(customer: Reference): boolean {
    return this.#of.has(customer);
  }

  /** Null for one who is nobody's, or of whom nothing is known. */
  of(customer: Reference): string | null {
    return this.#of.get(customer) ?? null;
  }
}
