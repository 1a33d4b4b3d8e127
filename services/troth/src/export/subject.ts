import { canonicalJson, type Filed, identityOf, toCloudEvent } from "@troth/events";
import { Registrar, type Routed } from "@troth/identity";
import { readChunks } from "@troth/lake";
import type { ObjectStore } from "@troth/runtime";
import { personOf, unlimited, type Whose } from "../erase/person.ts";

async function* factsIn(store: ObjectStore): AsyncGenerator<readonly Filed[]> {
  for await (const { facts } of readChunks(store)) yield facts;
}

const isAbout = (customers: ReadonlySet<string>, decision: string): boolean => {
  const { customer }: { readonly customer?: unknown } = JSON.parse(decision);
  return typeof customer === "string" && customers.has(customer);
};

/** What is held of one person, by the event's identity; an undone link takes its events away again. */
class Held {
  readonly #lines = new Map<string, string>();
  readonly #whose: Whose;
  readonly #customers: ReadonlySet<string>;
  #said = 0;

  constructor(whose: Whose, customers: ReadonlySet<string>) {
    this.#whose = whose;
    this.#customers = customers;
  }

  routed(inOffset: number, routed: Routed): void {
    if (routed.kind === "fact") {
      const { fact, customer } = routed;
      if (fact.tenant !== this.#whose.tenant || !this.#customers.has(customer)) return;
      const heard = canonicalJson(toCloudEvent(fact));
      this.#lines.set(identityOf(fact), `{"heard":${heard},"inOffset":${inOffset}}`);
    } else if (routed.kind === "retract" && this.#customers.has(routed.customer)) {
      for (const identity of routed.facts) this.#lines.delete(identity);
    }
  }

  said(inOffset: number, decision: string): void {
    if (!isAbout(this.#customers, decision)) return;
    this.#said += 1;
    this.#lines.set(`said ${this.#said}`, `{"inOffset":${inOffset},"said":${decision}}`);
  }

  lines(): Iterable<string> {
    return this.#lines.values();
  }
}

/**
 * Everything a lake holds about one person, in the order of the log: what was heard and is theirs by the
 * registrar's own rules, and what was said of them.
 */
export async function subjectOf(store: ObjectStore, whose: Whose): Promise<Iterable<string>> {
  const { customers } = await personOf(() => factsIn(store), whose);
  const held = new Held(whose, customers);
  const registrar = new Registrar(unlimited);
  for await (const { facts, said } of readChunks(store)) {
    let next = 0;
    for (const { offset, fact } of facts) {
      if (fact !== null) {
        for (const one of registrar.route(fact).routed) held.routed(offset, one);
      }
      for (let one = said[next]; one?.inOffset === offset; one = said[next]) {
        next += 1;
        held.said(offset, one.decision);
      }
    }
  }
  return held.lines();
}
