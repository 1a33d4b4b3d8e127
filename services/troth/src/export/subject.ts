import { canonicalJson, type Filed, identityOf, toCloudEvent, tokenReference } from "@troth/events";
import { readChunks } from "@troth/lake";
import type { ObjectStore } from "@troth/runtime";
import { factsOf, isOthersLink, personOf, type Whose } from "../erase/person.ts";
import type { Keys } from "../keys/keys.ts";
import { Names } from "../keys/names.ts";

export async function* factsInLake(store: ObjectStore): AsyncGenerator<readonly Filed[]> {
  for await (const { facts } of readChunks(store)) yield facts;
}

const isAbout = (customers: ReadonlySet<string>, decision: string): boolean => {
  const { customer }: { readonly customer?: unknown } = JSON.parse(decision);
  return typeof customer === "string" && customers.has(customer);
};

/**
 * Everything a lake holds about one person, in the order of the log: what was heard and is theirs by the
 * registrar's own rules or names them, and what was said of them. With the keys of a sealed lake names
 * stand in it.
 */
export async function* subjectOf(
  store: ObjectStore,
  { tenant, reference }: Whose,
  keys: Keys | null = null,
): AsyncGenerator<string> {
  const name = keys === null ? reference : tokenReference(keys, tenant, reference);
  const read = () => factsInLake(store);
  const person = await personOf(read, { tenant, reference: name });
  const left = new Set(await factsOf(read, person));
  const names = keys === null ? null : new Names(keys);
  for await (const { facts, said } of readChunks(store)) {
    let next = 0;
    for (const { offset, fact } of facts) {
      // What came twice is told once.
      const isTheirs = fact?.tenant === tenant && left.delete(identityOf(fact));
      if (isTheirs && !isOthersLink(fact, person)) {
        names?.learn(fact);
        const heard = canonicalJson(toCloudEvent(names?.fact(fact) ?? fact));
        yield `{"heard":${heard},"inOffset":${offset}}`;
      }
      for (let one = said[next]; one?.inOffset === offset; one = said[next]) {
        next += 1;
        if (!isAbout(person.customers, one.decision)) continue;
        const decision =
          names === null ? one.decision : canonicalJson(names.open(JSON.parse(one.decision)));
        yield `{"inOffset":${offset},"said":${decision}}`;
      }
    }
  }
}
