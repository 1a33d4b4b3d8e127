import { type Fact, isCustomer, type Reference, referencesOf } from "@troth/events";
import type { Limits } from "@troth/policy";
import { textOf } from "./field.ts";
import { file } from "./order.ts";

/** What the registrar tells the judge, in order. `to` and `from` are resolved references. */
export type Delivery =
  | {
      readonly do: "deliver";
      readonly fact: Fact;
      readonly to: Reference;
      readonly origin: Reference;
    }
  | { readonly do: "retract"; readonly facts: readonly Fact[]; readonly from: Reference }
  | { readonly do: "merge"; readonly from: Reference; readonly to: Reference }
  | { readonly do: "split"; readonly from: Reference; readonly to: Reference };

/** Who is who within one tenant (RULES.md 2). */
export class Registrar {
  /** Facts that found no room to wait in. */
  setAside: readonly Fact[] = [];
  readonly #links = new Map<Reference, Reference>();
  readonly #aliases = new Map<Reference, Reference>();
  readonly #waiting = new Map<Reference, Fact[]>();
  readonly #remembered = new Map<Reference, Fact[]>();
  /** Facts released by the record at hand, to be delivered when it is done. */
  readonly #queue: Fact[] = [];
  readonly #limits: Limits;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  get waiting(): number {
    return [...this.#waiting.values()].reduce((sum, facts) => sum + facts.length, 0);
  }

  /** A record about one customer, or about who is who; then whatever it released, in order. */
  handle(fact: Fact): Delivery[] {
    return [...this.#record(fact), ...this.#drainQueue()];
  }

  /** A record that stands for several facts: what they release follows after all of them. */
  handleAll(facts: readonly Fact[]): Delivery[] {
    const deliveries = facts.flatMap((fact) => this.#ordinary(fact));
    return [...deliveries, ...this.#drainQueue()];
  }

  #record(fact: Fact): Delivery[] {
    if (fact.kind !== "identity.linked" && fact.kind !== "identity.unlinked")
      return this.#ordinary(fact);
    const reference = textOf(fact, "reference");
    const customer = textOf(fact, "customer");
    if (reference === null || customer === null) return [];
    return fact.kind === "identity.linked"
      ? this.#linked(reference, customer)
      : this.#unlinked(reference, customer);
  }

  /** Delivers to the first address the fact names, or leaves it waiting. */
  #ordinary(fact: Fact): Delivery[] {
    const references = referencesOf(fact);
    const known = references.find((reference) => this.#address(reference) !== null);
    const origin = known === undefined ? null : this.#address(known);
    if (known === undefined || origin === null) {
      const under = references[0];
      if (under !== undefined) this.#wait(under, fact);
      return [];
    }
    if (!isCustomer(known)) this.#remember(known, fact);
    for (const reference of references)
      if (this.#address(reference) === null) this.#link(reference, origin);
    return [{ do: "deliver", fact, to: this.#resolve(origin), origin }];
  }

  /** Delivering what was released may release more, which goes to the end of the queue. */
  #drainQueue(): Delivery[] {
    const deliveries: Delivery[] = [];
    for (let fact = this.#queue.shift(); fact !== undefined; fact = this.#queue.shift())
      deliveries.push(...this.#ordinary(fact));
    return deliveries;
  }

  #linked(reference: Reference, customer: Reference): Delivery[] {
    if (isCustomer(reference)) return this.#merge(reference, customer);
    if (this.#links.get(reference) === customer) return [];
    const taken = this.#links.has(reference) ? this.#unlink(reference) : [];
    this.#link(reference, customer);
    return taken;
  }

  #unlinked(reference: Reference, customer: Reference): Delivery[] {
    if (isCustomer(reference)) return this.#split(reference, customer);
    return this.#links.get(reference) === customer ? this.#unlink(reference) : [];
  }

  #link(reference: Reference, address: Reference): void {
    this.#links.set(reference, address);
    this.#queue.push(...(this.#waiting.get(reference) ?? []));
    this.#waiting.delete(reference);
  }

  #unlink(reference: Reference): Delivery[] {
    const address = this.#links.get(reference);
    const facts = this.#remembered.get(reference) ?? [];
    this.#links.delete(reference);
    this.#remembered.delete(reference);
    for (const fact of facts) this.#wait(reference, fact);
    if (address === undefined || facts.length === 0) return [];
    return [{ do: "retract", facts, from: this.#resolve(address) }];
  }

  #merge(reference: Reference, customer: Reference): Delivery[] {
    const to = this.#resolve(customer);
    if (to === reference || this.#aliases.has(reference)) return [];
    this.#aliases.set(reference, to);
    return [{ do: "merge", from: reference, to }];
  }

  #split(reference: Reference, customer: Reference): Delivery[] {
    const alias = this.#aliases.get(reference);
    if (alias === undefined) return [];
    if (alias !== customer && alias !== this.#resolve(customer)) return [];
    const left = this.#resolve(reference);
    this.#aliases.delete(reference);
    return [{ do: "split", from: left, to: reference }];
  }

  #wait(reference: Reference, fact: Fact): void {
    const already = this.#waiting.get(reference)?.length ?? 0;
    if (already >= this.#limits.waitingPerReference) this.setAside = [...this.setAside, fact];
    else file(this.#waiting, reference, fact);
  }

  #remember(reference: Reference, fact: Fact): void {
    file(this.#remembered, reference, fact);
    const facts = this.#remembered.get(reference) ?? [];
    if (facts.length > this.#limits.factsKeptPerReference) facts.shift();
  }

  #address(reference: Reference): Reference | null {
    return isCustomer(reference) ? reference : (this.#links.get(reference) ?? null);
  }

  #resolve(address: Reference): Reference {
    let at = address;
    for (let step = 0; step < 8; step += 1) at = this.#aliases.get(at) ?? at;
    return at;
  }
}
