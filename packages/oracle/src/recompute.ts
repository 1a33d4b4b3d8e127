import {
  type Because,
  type CohortDecision,
  type Decision,
  type Fact,
  identityOf,
  type PledgeDecision,
  type Reference,
} from "@troth/events";
import type { NoiseRule, Policy } from "@troth/policy";
import { Agenda } from "./agenda.ts";
import { isAlreadyTouched, isTouched, touch, touchingRules } from "./cohorts.ts";
import { type Customer, hold, newCustomer } from "./customer.ts";
import { textsOf } from "./field.ts";
import { withinLimits } from "./limits.ts";
import { answerTo, flagAt, type Look, lookAt } from "./look.ts";
import { compareText } from "./order.ts";
import { type Delivery, Registrar } from "./registrar.ts";
import { isReplaced, noteReplaced, takeIn } from "./replaced.ts";
import type { OracleCounts, OracleRequest, OracleResult } from "./request.ts";
import { Sources } from "./sources.ts";
import { type Held, type Traces, tracesOf } from "./traces.ts";

/** What a log and a policy mean, worked out from scratch (packages/policy/RULES.md). */
export function recompute(request: OracleRequest): OracleResult {
  const run = new Recomputation(request);
  for (const fact of request.facts)
    if (request.until === null || fact.recordedTime <= request.until) run.read(fact);
  if (request.until !== null) run.passTo(request.until);
  return run.result();
}

/** The facts nothing has replaced. */
const standing = (customer: Customer, held: readonly Held[]): readonly Held[] =>
  held.filter(({ fact }) => !isReplaced(customer.replaced, fact));

class Recomputation {
  readonly #policy: Policy;
  readonly #pseudonymKey: string;
  readonly #sources: Sources;
  readonly #registrars = new Map<string, Registrar>();
  readonly #customers = new Map<string, Customer>();
  readonly #agenda = new Agenda<Customer>();
  readonly #cohorts: Fact[] = [];
  /** Stamp at which each event was last seen. */
  readonly #seen = new Map<string, number>();
  readonly #decisions: Decision[] = [];
  readonly #register = new Map<string, { customer: Customer; decision: PledgeDecision }>();
  #stamp = 0;
  #read = 0;
  #duplicates = 0;

  constructor(request: OracleRequest) {
    this.#policy = request.policy;
    this.#pseudonymKey = request.pseudonymKey;
    this.#sources = new Sources(request.policy);
  }

  read(fact: Fact): void {
    this.passTo(this.#read === 0 ? fact.recordedTime : Math.max(this.#stamp, fact.recordedTime));
    this.#read += 1;
    const identity = identityOf(fact);
    const seenAt = this.#seen.get(identity);
    this.#seen.set(identity, this.#stamp);
    if (seenAt !== undefined && seenAt > this.#stamp - this.#policy.limits.dedupeMs) {
      this.#duplicates += 1;
      return;
    }
    this.#decisions.push(...this.#sources.hear(fact, this.#stamp));
    this.#route(fact);
  }

  /** Moves the log's clock, going through every moment on the way in order. */
  passTo(stamp: number): void {
    for (;;) {
      const moments = [this.#sources.nextMoment() ?? [], this.#agenda.earliest() ?? []].flat();
      const moment = Math.min(...moments);
      if (moments.length === 0 || moment > stamp) break;
      this.#passMoment(moment);
    }
    this.#stamp = this.#read === 0 ? stamp : Math.max(this.#stamp, stamp);
  }

  #passMoment(moment: number): void {
    const changing = this.#sources.changingAt(moment);
    const waiting = [...this.#customers.values()].filter(
      (customer) => changing.length > 0 && changing.some((index) => customer.waitsOn.has(index)),
    );
    this.#decisions.push(...this.#sources.pass(moment));
    const due = new Set([...this.#agenda.take(moment), ...waiting]);
    for (const customer of inKeyOrder(due)) this.#look(customer, moment, "time");
  }

  #route(fact: Fact): void {
    const registrar = this.#registrarOf(fact.tenant);
    if (fact.subject !== null) {
      this.#carryOut(fact.tenant, registrar.handle(fact));
      return;
    }
    if (fact.kind === "source.heartbeat") return;
    this.#broadcast(fact);
    const orders = textsOf(fact, "affectedOrders") ?? [];
    const copies = orders.map((order) => aboutOrder(fact, order));
    this.#carryOut(fact.tenant, registrar.handleAll(copies));
  }

  #registrarOf(tenant: string): Registrar {
    const known = this.#registrars.get(tenant);
    if (known !== undefined) return known;
    const registrar = new Registrar(this.#policy.limits);
    this.#registrars.set(tenant, registrar);
    return registrar;
  }

  #customerOf(tenant: string, reference: Reference): Customer {
    const name = `${tenant}\u0000${reference}`;
    const known = this.#customers.get(name);
    if (known !== undefined) return known;
    const customer = newCustomer(tenant, reference, this.#pseudonymKey);
    this.#customers.set(name, customer);
    return customer;
  }

  #carryOut(tenant: string, deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) {
      if (delivery.do === "deliver")
        this.#deliver(this.#customerOf(tenant, delivery.to), delivery.fact, delivery.origin);
      else if (delivery.do === "retract")
        this.#retract(this.#customerOf(tenant, delivery.from), delivery.facts);
      else {
        const from = this.#customerOf(tenant, delivery.from);
        const to = this.#customerOf(tenant, delivery.to);
        this.#move(from, to, delivery.do === "merge" ? null : delivery.to);
      }
    }
  }

  #deliver(customer: Customer, fact: Fact, origin: Reference): void {
    if (!isReplaced(customer.replaced, fact)) {
      const traces = tracesOf(fact, this.#policy);
      noteReplaced(customer.replaced, fact);
      const held = [...standing(customer, customer.held), { fact, origin, traces }];
      hold(customer, withinLimits(held, this.#policy.limits));
      this.#tryCohortsAgain(customer, traces);
    }
    const { score } = this.#look(customer, this.#stamp, "fact");
    this.#decisions.push(...answerTo(fact, customer, score, this.#stamp, this.#policy));
  }

  #retract(customer: Customer, facts: readonly Fact[]): void {
    const named = new Set(facts.map(identityOf));
    hold(
      customer,
      customer.held.filter((held) => !named.has(identityOf(held.fact))),
    );
    this.#look(customer, this.#stamp, "retraction");
  }

  /** Moves what came in under `origin`, or everything, from one customer to another. */
  #move(from: Customer, to: Customer, origin: Reference | null): void {
    const moves = (held: Held): boolean => origin === null || held.origin === origin;
    const moved = from.held.filter(moves);
    hold(
      from,
      from.held.filter((held) => !moves(held)),
    );
    takeIn(to.replaced, from.replaced);
    hold(to, standing(to, [...to.held, ...moved]));
    if (origin === null && to.episode === null) {
      to.episode = from.episode;
      from.episode = null;
    }
    this.#look(from, this.#stamp, "identity");
    this.#look(to, this.#stamp, "identity");
  }

  #look(customer: Customer, now: number, because: Because): Look {
    const look = lookAt(customer, now, because, this.#policy, this.#sources);
    this.#agenda.put(customer, look.nextMoment);
    for (const decision of look.decisions) {
      this.#decisions.push(decision);
      if (decision.kind !== "pledge") continue;
      const row = `${customer.key}\u0000${decision.promiseId}#${decision.term}`;
      this.#register.set(row, { customer, decision });
    }
    return look;
  }

  #broadcast(fact: Fact): void {
    this.#cohorts.push(fact);
    if (this.#cohorts.length > this.#policy.limits.cohortsPerPartition) this.#cohorts.shift();
    const everyone = [...this.#customers.values()].filter((one) => one.tenant === fact.tenant);
    for (const rule of touchingRules(fact, this.#policy)) {
      const touched = everyone.filter((one) => this.#touches(rule, fact, one));
      for (const customer of inKeyOrder(touched)) {
        touch(customer, rule, fact, this.#policy);
        this.#look(customer, this.#stamp, "fact");
      }
      this.#decisions.push(this.#cohortDecision(fact, rule, touched.length));
    }
  }

  #touches(rule: NoiseRule, fact: Fact, customer: Customer): boolean {
    return isTouched(customer, rule, fact, this.#stamp, this.#sources);
  }

  /** Whoever is found to live there, or to have seen the advert, was touched all along. */
  #tryCohortsAgain(customer: Customer, traces: Traces): void {
    const learnt = [...traces.profile, ...traces.exposures].map((item) => item.at);
    if (learnt.length === 0) return;
    for (const fact of this.#cohorts) {
      if (fact.tenant !== customer.tenant) continue;
      for (const rule of touchingRules(fact, this.#policy)) {
        if (rule.at(fact) < Math.min(...learnt)) continue;
        if (isAlreadyTouched(customer, rule, fact)) continue;
        if (this.#touches(rule, fact, customer)) touch(customer, rule, fact, this.#policy);
      }
    }
  }

  #cohortDecision(fact: Fact, rule: NoiseRule, touched: number): CohortDecision {
    const value = rule.value(fact);
    return {
      kind: "cohort",
      at: this.#stamp,
      cohort: fact.id,
      rule: rule.id,
      link: rule.link.id,
      owner: rule.link.owner,
      touched,
      says: rule.says({ key: fact.id, due: null, lateMs: null, value, limit: null }),
      policy: this.#policy.hash,
    };
  }

  result(): OracleResult {
    const flags = inKeyOrder(this.#customers.values()).flatMap(
      (customer) => flagAt(customer, this.#stamp, this.#policy, this.#sources) ?? [],
    );
    return { decisions: this.#decisions, counts: this.#counts(), flags, pledges: this.#pledges() };
  }

  #counts(): OracleCounts {
    const registrars = [...this.#registrars.values()];
    const setAside = registrars.reduce((sum, one) => sum + one.setAside.length, 0);
    return {
      read: this.#read,
      applied: this.#read - this.#duplicates - setAside,
      duplicates: this.#duplicates,
      setAside,
      waiting: registrars.reduce((sum, one) => sum + one.waiting, 0),
    };
  }

  #pledges(): PledgeDecision[] {
    return [...this.#register.values()]
      .sort(
        (a, b) =>
          compareText(a.customer.key, b.customer.key) ||
          compareText(a.decision.promiseId, b.decision.promiseId) ||
          a.decision.term - b.decision.term,
      )
      .map((row) => row.decision);
  }
}

const aboutOrder = (fact: Fact, order: string): Fact => ({
  ...fact,
  subject: `order:${order}`,
  data: { ...fact.data, orderNumber: order },
});

const inKeyOrder = (customers: Iterable<Customer>): Customer[] =>
  [...customers].sort((a, b) => compareText(a.key, b.key));
