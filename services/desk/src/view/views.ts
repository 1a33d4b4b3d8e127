import { type Joining, type Output, type Reference, Tenants } from "@troth/events";
import { deskLimits } from "../limits.ts";
import type { PolicyInfo } from "../policy-info.ts";
import { DeskView } from "./view.ts";

export const defaultTenant = "default";

type Named = Reference | null;

function add<Item>(lists: Map<Reference, Item[]>, name: Reference, item: Item): void {
  const known = lists.get(name);
  if (known === undefined) lists.set(name, [item]);
  else known.push(item);
}

/**
 * One view for each tenant, so that no answer to one can hold anything of another. Facts say whose
 * they are; what is decided names a customer only and goes where that customer's facts went. A name
 * two tenants use cannot be told apart in decisions: from then on it is in neither's view.
 */
export class DeskViews {
  readonly policy: PolicyInfo;
  readonly #listens: boolean;
  readonly #views = new Map<string, DeskView>();
  readonly #tenants = new Tenants();
  /** Tenant of the fact without a subject that was folded last; decisions on it follow at once. */
  #cohortTenant = defaultTenant;
  /** What was said of customers of whom no fact was heard yet. */
  readonly #waiting = new Map<Reference, Output[]>();
  #waitingCount = 0;
  /** Whom a customer was joined into, or parted from, while nothing was known of either. */
  readonly #wholes = new Map<Reference, Reference[]>();

  constructor(policy: PolicyInfo, listens = false) {
    this.policy = policy;
    this.#listens = listens;
  }

  /** The view of a tenant; an empty one for a tenant nothing is known of. */
  of(tenant: string): DeskView {
    const known = this.#views.get(tenant);
    if (known !== undefined) return known;
    const fresh = new DeskView(this.policy, this.#listens);
    this.#views.set(tenant, fresh);
    return fresh;
  }

  /** The tenant a customer's facts came from. */
  tenantOf(customer: Reference): string {
    return this.#tenants.of(customer) ?? defaultTenant;
  }

  /** A customer's score is to be asked for again. */
  rescored(customer: Reference): void {
    const tenant = this.#held(customer);
    if (tenant !== null) this.of(tenant).rescored(customer);
  }

  get tenants(): readonly string[] {
    return [...this.#views.keys()];
  }

  fold(output: Output): void {
    const { body } = output;
    if (body.kind === "source") {
      for (const view of this.#views.size === 0 ? [this.of(defaultTenant)] : this.#views.values()) {
        view.fold(output);
      }
      return;
    }
    const tenant = this.#tenantOf(body);
    if (tenant !== null) this.of(tenant).fold(output);
    else if (body.kind === "merge" || body.kind === "split")
      this.#keep(body.whole, output, body.part);
    else if ("customer" in body && body.customer !== null) this.#keep(body.customer, output);
  }

  /** Keeps what is said of a customer of whom no fact was heard, until one says whose they are. */
  #keep(customer: Reference, output: Output, part: Named = null): void {
    if (this.#tenants.isKnown(customer) || (part !== null && this.#tenants.isKnown(part))) return;
    if (this.#waitingCount >= deskLimits.waitingOutputsMax) return;
    this.#waitingCount += 1;
    add(this.#waiting, customer, output);
    if (part !== null) add(this.#wholes, part, customer);
  }

  /** It is known whose a customer is: so it is of those they were joined into. */
  #release(customer: Reference, tenant: string): void {
    const kept = this.#waiting.get(customer) ?? [];
    this.#waiting.delete(customer);
    this.#waitingCount -= kept.length;
    for (const output of kept) this.of(tenant).take(output);
    const wholes = this.#wholes.get(customer) ?? [];
    this.#wholes.delete(customer);
    for (const whole of wholes) this.#claimed(whole, tenant);
  }

  #tenantOf(body: Exclude<Output["body"], { kind: "source" }>): string | null {
    switch (body.kind) {
      case "noise":
        if (body.customer === null) {
          this.#cohortTenant = body.fact.tenant;
          return body.fact.tenant;
        }
        return this.#claimed(body.customer, body.fact.tenant);
      case "cohort":
        return this.#cohortTenant;
      case "merge":
      case "split":
        return this.#joined(body);
      default:
        return this.#held(body.customer);
    }
  }

  /** Two names of one customer are of one tenant, though a fact may have told of one of them only. */
  #joined({ part, whole }: Joining): string | null {
    const tenant = this.#held(whole) ?? this.#held(part);
    if (tenant === null) return null;
    for (const name of [part, whole]) if (!this.#tenants.isKnown(name)) this.#claimed(name, tenant);
    return tenant;
  }

  #held(name: Named): string | null {
    return name === null ? null : this.#tenants.of(name);
  }

  #claimed(customer: Reference, tenant: string): string | null {
    const before = this.#tenants.of(customer);
    const holder = this.#tenants.claim(customer, tenant);
    if (before !== null && holder === null) this.of(before).forget(customer);
    if (before === null && holder !== null) this.#release(customer, holder);
    return holder;
  }
}

/** `listens`: how customers sound in writing is an input of what is recommended. */
export const createViews = (policy: PolicyInfo, listens = false): DeskViews =>
  new DeskViews(policy, listens);
