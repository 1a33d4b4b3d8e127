import { type Fact, type Filed, identityOf, referencesOf } from "@troth/events";
import { Registrar } from "@troth/identity";

export type Whose = { readonly tenant: string; readonly reference: string };

/** Facts in the order of the log, as often as they are wanted. */
export type ReadFacts = () => AsyncIterable<readonly Filed[]>;

/** Who somebody is once the whole log is known. */
export type Person = {
  readonly tenant: string;
  /** The customer and all merged with it. */
  readonly customers: ReadonlySet<string>;
  /** Everything else that is linked to them in the end: orders, phones … */
  readonly names: ReadonlySet<string>;
};

/** Here nothing is turned away: whoever asks is owed what waits for them as well. */
const unlimited = {
  waitingPerReference: Number.MAX_SAFE_INTEGER,
  factsKeptPerReference: Number.MAX_SAFE_INTEGER,
};

export async function personOf(read: ReadFacts, { tenant, reference }: Whose): Promise<Person> {
  const registrar = new Registrar(unlimited);
  for await (const facts of read()) {
    for (const { fact } of facts) if (fact !== null) registrar.route(fact);
  }
  const whole = registrar.customerOf(tenant, reference);
  const known = registrar.tenants.get(tenant);
  const isTheirs = (name: string): boolean =>
    whole !== null && registrar.customerOf(tenant, name) === whole;
  return {
    tenant,
    customers: new Set(
      [whole ?? reference, ...(known?.aliases.keys() ?? [])].filter(
        (name) => name === whole || isTheirs(name),
      ),
    ),
    names: new Set([...(known?.links.keys() ?? [])].filter(isTheirs)),
  };
}

const joinedBy = ({ data }: Fact): readonly string[] =>
  [data["reference"], data["customer"]].filter((one) => typeof one === "string");

/** Names a fact gives: those it carries, and those that a link joins. */
function namesIn(fact: Fact): readonly string[] {
  const names = referencesOf(fact);
  return isLink(fact) ? [...names, ...joinedBy(fact)] : names;
}

const isLink = ({ kind }: Fact): boolean =>
  kind === "identity.linked" || kind === "identity.unlinked";

/** A link that joined somebody else's name to theirs, or theirs to somebody else's. */
export const isOthersLink = (fact: Fact, { customers, names }: Person): boolean =>
  isLink(fact) && !joinedBy(fact).every((one) => customers.has(one) || names.has(one));

/**
 * Identities of all facts that are a person's: those the registrar holds to be theirs in the end, and
 * those that name them and are nobody else's, such as links and what never found a customer.
 */
export async function factsOf(read: ReadFacts, person: Person): Promise<ReadonlySet<string>> {
  const { tenant, customers, names } = person;
  const registrar = new Registrar(unlimited);
  const theirs = new Set<string>();
  const named = new Set<string>();
  const others = new Set<string>();
  for await (const facts of read()) {
    for (const { fact } of facts) {
      if (fact === null) continue;
      if (
        fact.tenant === tenant &&
        namesIn(fact).some((one) => customers.has(one) || names.has(one))
      ) {
        named.add(identityOf(fact));
      }
      for (const routed of registrar.route(fact).routed) {
        if (routed.kind === "fact" && routed.fact.tenant === tenant) {
          const identity = identityOf(routed.fact);
          (customers.has(routed.customer) ? theirs : others).add(identity);
          (customers.has(routed.customer) ? others : theirs).delete(identity);
        } else if (routed.kind === "retract" && routed.tenant === tenant) {
          for (const identity of routed.facts)
            for (const set of [theirs, others]) set.delete(identity);
        }
      }
    }
  }
  for (const identity of named) if (!others.has(identity)) theirs.add(identity);
  return theirs;
}
