import { type Output, type Reference, Tenants } from "@troth/events";
import type { PolicyInfo } from "../policy-info.ts";
import { DeskView } from "./view.ts";

export const defaultTenant = "default";

type Named = Reference | null;

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
        return this.#held(body.whole) ?? this.#held(body.part);
      default:
        return this.#held(body.customer);
    }
  }

  #held(name: Named): string | null {
    return name === null ? null : this.#tenants.of(name);
  }

  #claimed(customer: Reference, tenant: string): string | null {
    const before = this.#tenants.of(customer);
    const holder = this.#tenants.claim(customer, tenant);
    if (before !== null && holder === null) this.of(before).forget(customer);
    return holder;
  }
}

/** `listens`: how customers sound in writing is an input of what is recommended. */
export const createViews = (policy: PolicyInfo, listens = false): DeskViews =>
  new DeskViews(policy, listens);
