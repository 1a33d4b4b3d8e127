import type { Output } from "@troth/events";

/** Whose customer each is, from their facts; one that two houses claim is nobody's. */
export class Tenants {
  readonly #of = new Map<string, string | null>();

  fold({ body }: Output): void {
    if (body.kind !== "noise" || body.customer === null) return;
    const { customer, fact } = body;
    const held = this.#of.get(customer);
    if (held === undefined) this.#of.set(customer, fact.tenant);
    else if (held !== fact.tenant) this.#of.set(customer, null);
  }

  of(customer: string): string | null {
    return this.#of.get(customer) ?? null;
  }
}
