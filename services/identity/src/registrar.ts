import type { Fact, Reference } from "@troth/events";
import { identityOf, isCohort, isCustomer, referencesOf, tableOf } from "@troth/events";
import { heldBy, noNames, type TenantNames } from "./names.ts";

/** What the registrar hands on: whom a fact concerns, or that two names are one customer. */
export type Routed =
  | {
      readonly kind: "fact";
      readonly customer: Reference;
      /** The customer it was addressed to before merges. */
      readonly origin: Reference;
      readonly fact: Fact;
    }
  | {
      readonly kind: "retract";
      readonly customer: Reference;
      readonly tenant: string;
      readonly facts: ReadonlySet<string>;
    }
  | {
      readonly kind: "merge" | "split";
      readonly tenant: string;
      readonly part: Reference;
      readonly whole: Reference;
    }
  | { readonly kind: "cohort"; readonly fact: Fact };

export type RegistrarLimits = {
  readonly waitingPerReference: number;
  readonly factsKeptPerReference: number;
};

/** Longest chain of merges followed; a longer one is a mistake in the data. */
const aliasesMax = 8;

export type Routing = {
  readonly routed: readonly Routed[];
  /** Facts that could not even wait: the room under their reference is full. */
  readonly turnedAway: readonly Fact[];
};

/**
 * Joins references (order, phone, handle, account, device, call) to customers by a journal of links,
 * each of which can be undone. Facts nobody can be named for wait under their subject and are
 * handed on, in order and with their own times, when the link arrives (RULES.md, section 2).
 */
export class Registrar {
  readonly #limits: RegistrarLimits;
  readonly tenants: Map<string, TenantNames>;
  #waiting = 0;

  constructor(limits: RegistrarLimits, tenants: Map<string, TenantNames> = new Map()) {
    this.#limits = limits;
    this.tenants = tenants;
    for (const names of tenants.values()) {
      for (const held of names.held.values()) this.#waiting += held.waiting.length;
    }
  }

  /** How many facts wait for a link. */
  get waiting(): number {
    return this.#waiting;
  }

  route(fact: Fact): Routing {
    const names = this.#names(fact.tenant);
    const run: Run = { names, tenant: fact.tenant, routed: [], turnedAway: [], queue: [] };
    if (fact.kind === "identity.linked") this.#linked(run, fact);
    else if (fact.kind === "identity.unlinked") this.#unlinked(run, fact);
    else if (fact.subject === null && isCohort(fact.kind)) this.#broadcast(run, fact);
    else if (fact.subject !== null) this.#deliver(run, fact);
    this.#release(run);
    return { routed: run.routed, turnedAway: run.turnedAway };
  }

  /** The customer a reference stands for now, merges followed; null while nobody knows. */
  customerOf(tenant: string, reference: Reference): Reference | null {
    const names = this.tenants.get(tenant);
    if (names === undefined) return isCustomer(reference) ? reference : null;
    const address = addressOf(names, reference);
    return address === null ? null : resolve(names, address);
  }

  #names(tenant: string): TenantNames {
    const known = this.tenants.get(tenant);
    if (known !== undefined) return known;
    const fresh = noNames();
    this.tenants.set(tenant, fresh);
    return fresh;
  }

  #deliver(run: Run, fact: Fact): void {
    const references = referencesOf(fact);
    let via: Reference | null = null;
    let address: Reference | null = null;
    for (const reference of references) {
      address = addressOf(run.names, reference);
      if (address === null) continue;
      if (!isCustomer(reference)) via = reference;
      break;
    }
    if (address === null) {
      this.#wait(run, fact, fact.subject ?? "");
      return;
    }
    const customer = resolve(run.names, address);
    run.routed.push({ kind: "fact", customer, origin: address, fact });
    if (via !== null) {
      const { joined } = heldBy(run.names, via);
      joined.push(fact);
      if (joined.length > this.#limits.factsKeptPerReference) joined.shift();
    }
    for (const reference of references) {
      if (addressOf(run.names, reference) === null) this.#link(run, reference, address);
    }
  }

  #wait(run: Run, fact: Fact, reference: Reference): void {
    const { waiting } = heldBy(run.names, reference);
    if (waiting.length >= this.#limits.waitingPerReference) {
      run.turnedAway.push(fact);
      return;
    }
    waiting.push(fact);
    this.#waiting += 1;
  }

  #link(run: Run, reference: Reference, address: Reference): void {
    run.names.links.set(reference, address);
    const held = run.names.held.get(reference);
    if (held === undefined) return;
    run.queue.push(...held.waiting);
    this.#waiting -= held.waiting.length;
    held.waiting.length = 0;
    if (held.joined.length === 0) run.names.held.delete(reference);
  }

  /** Those a link let go are handed on in order; each may make links that let go of more. */
  #release(run: Run): void {
    for (let i = 0; i < run.queue.length; i += 1) {
      const fact = run.queue[i];
      if (fact !== undefined) this.#deliver(run, fact);
    }
  }

  #linked(run: Run, fact: Fact): void {
    const { reference, customer } = joinOf(fact);
    if (isCustomer(reference)) {
      const whole = resolve(run.names, customer);
      // A customer merged already, or one that would end up in itself, stays as it is.
      if (run.names.aliases.has(reference) || whole === reference) return;
      run.names.aliases.set(reference, whole);
      run.routed.push({ kind: "merge", tenant: run.tenant, part: reference, whole });
      return;
    }
    const link = run.names.links.get(reference);
    if (link === customer) return;
    if (link !== undefined) this.#unlink(run, reference, link);
    this.#link(run, reference, customer);
  }

  #unlinked(run: Run, fact: Fact): void {
    const { reference, customer } = joinOf(fact);
    if (isCustomer(reference)) {
      const whole = run.names.aliases.get(reference);
      if (whole === undefined) return;
      if (whole !== customer && whole !== resolve(run.names, customer)) return;
      const left = resolve(run.names, reference);
      run.names.aliases.delete(reference);
      run.routed.push({ kind: "split", tenant: run.tenant, part: reference, whole: left });
      return;
    }
    if (run.names.links.get(reference) === customer) this.#unlink(run, reference, customer);
  }

  #unlink(run: Run, reference: Reference, link: Reference): void {
    const customer = resolve(run.names, link);
    run.names.links.delete(reference);
    const joined = run.names.held.get(reference)?.joined.splice(0) ?? [];
    if (joined.length === 0) return;
    const facts = new Set(joined.map(identityOf));
    run.routed.push({ kind: "retract", customer, tenant: run.tenant, facts });
    for (const fact of joined) this.#wait(run, fact, reference);
  }

  #broadcast(run: Run, fact: Fact): void {
    run.routed.push({ kind: "cohort", fact });
    const orders = fact.data["affectedOrders"];
    if (!Array.isArray(orders)) return;
    const copied = inTableOrder(fact.kind, { ...fact.data, orderNumber: "" });
    for (const order of orders) {
      const data = { ...copied, orderNumber: String(order) };
      this.#deliver(run, { ...fact, subject: `order:${order}`, data });
    }
  }
}

/** As a decoder gives it: who waited through a restart is written in the same bytes as who did not. */
const inTableOrder = (kind: Fact["kind"], data: Fact["data"]): Fact["data"] =>
  Object.fromEntries(
    Object.keys(tableOf(kind).fields).flatMap((name) =>
      Object.hasOwn(data, name) ? [[name, data[name]]] : [],
    ),
  );

/** One call of `route`: what it gathers. */
type Run = {
  readonly names: TenantNames;
  readonly tenant: string;
  readonly routed: Routed[];
  readonly turnedAway: Fact[];
  readonly queue: Fact[];
};

const addressOf = (names: TenantNames, reference: Reference): Reference | null =>
  isCustomer(reference) ? reference : (names.links.get(reference) ?? null);

function resolve(names: TenantNames, address: Reference): Reference {
  let customer = address;
  for (let i = 0; i < aliasesMax; i += 1) {
    const next = names.aliases.get(customer);
    if (next === undefined) break;
    customer = next;
  }
  return customer;
}

function joinOf(fact: Fact): { reference: Reference; customer: Reference } {
  return { reference: String(fact.data["reference"]), customer: String(fact.data["customer"]) };
}
