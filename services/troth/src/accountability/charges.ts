import type { Fact, Output, PledgeDecision } from "@troth/events";
import type { Policy } from "@troth/policy";

/** A broken row of the register, with who answers for it. */
export type Charge = {
  readonly customer: string;
  readonly promiseId: string;
  readonly term: number;
  /** The link that made the promise. */
  readonly link: string;
  /** The link that is charged: where the chain first failed, or where a ruling put it. */
  readonly chargedTo: string;
  /** Null when nobody answers for the charged link. */
  readonly owner: string | null;
  /** The failure this one followed from, as `promiseId#term`; null when it is its own. */
  readonly inheritedFrom: string | null;
  readonly disputed: boolean;
  readonly ruled: boolean;
  /** When it broke, UTC milliseconds. */
  readonly since: number;
  readonly evidence: readonly string[];
};

type Broken = PledgeDecision & { readonly row: string; readonly key: string };

/** Names of owners that stand for nobody. */
const nobody: ReadonlySet<string> = new Set(["nobody", "none", "unknown", "unassigned", "-"]);

const rowOf = (promiseId: string, term: number): string => `${promiseId}#${term}`;
const keyOf = (promiseId: string): string => promiseId.slice(promiseId.indexOf("/") + 1);

/** Two broken promises belong to one chain if they share one: an order, a ticket, or an event that tells of both. */
const chainsOf = ({ key, evidence }: Broken): readonly string[] => [
  `key ${key}`,
  ...evidence.map((id) => `event ${id}`),
];

/**
 * Charges every broken promise to one link: where its chain first failed. The sum over links is the
 * number of broken promises, whatever is disputed. A fold over outputs; it judges nobody. Who is charged is
 * worked out when asked for: a customer's whole chain may move with each decision, and a backlog has many.
 *
 * A failure is inherited from an earlier one of the same chain if it had been promised before that
 * one happened: who promises afterwards knows of it. An advert keeps nothing itself, so what it
 * promised is charged to it only if no other link of the chain failed.
 */
export class Charges {
  readonly #order: ReadonlyMap<string, number>;
  readonly #owners: ReadonlyMap<string, string>;
  readonly #broken = new Map<string, Map<string, Broken>>();
  readonly #charges = new Map<string, readonly Charge[]>();
  readonly #disputed = new Map<string, Set<string>>();
  readonly #moved = new Map<string, Map<string, string>>();
  readonly #changed: (before: readonly Charge[], after: readonly Charge[]) => void;
  /** Customers of whom something was decided since they were settled. */
  readonly #unsettled = new Set<string>();

  /** `changed` hears, whenever it is settled, of each customer whose charges may be others. */
  constructor(
    { links }: Pick<Policy, "links">,
    changed: (before: readonly Charge[], after: readonly Charge[]) => void = () => undefined,
  ) {
    this.#order = new Map(links.map(({ id }, place) => [id, place]));
    this.#owners = new Map(links.map(({ id, owner }) => [id, owner]));
    this.#changed = changed;
  }

  fold(body: Output["body"]): void {
    if (body.kind === "pledge") this.#pledge(body);
    else if (body.kind === "noise" && body.customer !== null) this.#fact(body.customer, body.fact);
  }

  /** Every broken promise once, orphans first, then by customer, promise and date. */
  all(): readonly Charge[] {
    this.settle();
    return [...this.#charges.values()]
      .flat()
      .sort((a, b) => Number(a.owner !== null) - Number(b.owner !== null) || byName(a, b));
  }

  /** Works out the charges of every customer of whom something was decided since. */
  settle(): void {
    for (const customer of this.#unsettled) this.#settle(customer);
    this.#unsettled.clear();
  }

  #pledge(pledge: PledgeDecision): void {
    const { customer, promiseId, term } = pledge;
    const row = rowOf(promiseId, term);
    const rows = this.#broken.get(customer);
    if (pledge.verdict === "broken") {
      const held = rows ?? new Map<string, Broken>();
      held.set(row, { ...pledge, row, key: keyOf(promiseId) });
      this.#broken.set(customer, held);
    } else if (rows?.delete(row) !== true) return;
    this.#unsettled.add(customer);
  }

  #fact(customer: string, { kind, data }: Fact): void {
    if (kind !== "charge.disputed" && kind !== "charge.ruled") return;
    const { promiseId, term = 1, ruling, chargedTo } = data;
    if (typeof promiseId !== "string" || typeof term !== "number") return;
    const row = rowOf(promiseId, term);
    const disputed = this.#disputed.get(customer) ?? new Set();
    this.#disputed.set(customer, disputed);
    if (kind === "charge.disputed") disputed.add(row);
    else disputed.delete(row);
    if (ruling === "moved" && typeof chargedTo === "string") {
      const moved = this.#moved.get(customer) ?? new Map();
      this.#moved.set(customer, moved.set(row, chargedTo));
    }
    this.#unsettled.add(customer);
  }

  #settle(customer: string): void {
    const before = this.#charges.get(customer) ?? [];
    const rows = [...(this.#broken.get(customer)?.values() ?? [])].sort(this.#byHead);
    const settled = new Map<string, Charge>();
    const chains = new Map<string, Broken[]>();
    for (const one of rows) {
      let cause: Broken | undefined;
      for (const chain of chainsOf(one)) {
        const earlier = chains.get(chain) ?? [];
        const first = earlier.find((other) => isCause(other, one));
        if (first !== undefined && (cause === undefined || this.#byHead(first, cause) < 0))
          cause = first;
        earlier.push(one);
        chains.set(chain, earlier);
      }
      settled.set(one.row, this.#charge(one, cause, settled));
    }
    const after = [...settled.values()];
    if (after.length === 0) this.#charges.delete(customer);
    else this.#charges.set(customer, after);
    this.#changed(before, after);
  }

  #charge(one: Broken, cause: Broken | undefined, settled: ReadonlyMap<string, Charge>): Charge {
    const ruled = this.#moved.get(one.customer)?.get(one.row);
    const followed = cause === undefined ? undefined : settled.get(cause.row)?.chargedTo;
    const chargedTo = ruled ?? followed ?? one.link;
    const owner = this.#owners.get(chargedTo) ?? null;
    return {
      customer: one.customer,
      promiseId: one.promiseId,
      term: one.term,
      link: one.link,
      chargedTo,
      owner: owner === null || nobody.has(owner) ? null : owner,
      inheritedFrom: ruled === undefined ? (cause?.row ?? null) : null,
      disputed: this.#disputed.get(one.customer)?.has(one.row) ?? false,
      ruled: ruled !== undefined,
      since: one.at,
      evidence: one.evidence,
    };
  }

  /** Adverts last, then by when it broke, then as the chain is drawn. */
  readonly #byHead = (a: Broken, b: Broken): number =>
    Number(a.how === "advertised") - Number(b.how === "advertised") ||
    a.at - b.at ||
    this.#place(a) - this.#place(b) ||
    (a.row < b.row ? -1 : 1);

  #place({ link }: Broken): number {
    return this.#order.get(link) ?? this.#order.size;
  }
}

const isCause = (earlier: Broken, later: Broken): boolean =>
  later.madeAt <= earlier.at &&
  earlier.link !== later.link &&
  (later.how === "advertised" || earlier.at <= later.at);

const byName = (a: Charge, b: Charge): number => {
  const [first, second] = [a, b].map((one) => `${one.customer}\u0000${one.promiseId}`);
  return first === second ? a.term - b.term : (first ?? "") < (second ?? "") ? -1 : 1;
};
