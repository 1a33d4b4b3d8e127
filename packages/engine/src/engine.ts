import type { Fact, Flag } from "@troth/events";
import { identityOf, invariant } from "@troth/events";
import type { Policy } from "@troth/policy";
import { cohortRules, isTouched, touch } from "./cohort.ts";
import { Customers, type OpenLimits } from "./customers.ts";
import { acknowledge, flagOf } from "./episode.ts";
import { evolve, removeItems } from "./evolve.ts";
import { type Handover, handOver, takeOver } from "./join.ts";
import { type Eyes, look, lookAtMoment, plan, setNextAt, waitsFor } from "./look.ts";
import type { Out } from "./out.ts";
import { Names } from "./packed/names.ts";
import { profileAt } from "./profile.ts";
import type { EngineRecord } from "./record.ts";
import { plansOf } from "./roles.ts";
import { linkOf, partsOf, type Standing, shadowRules } from "./score.ts";
import type { Customer, State } from "./state.ts";
import { Timers } from "./timers.ts";

/** `open` says how many customers are kept unpacked; it changes what is held, never what is said. */
export const emptyState = (policy: Policy, open?: OpenLimits): State => ({
  customers: new Customers(policy, new Names(), open),
  sources: policy.sources.map(() => ({
    watchedSince: null,
    silent: false,
    blindSince: 0,
    settleUntil: 0,
  })),
  cohorts: [],
  waiting: policy.sources.map(() => new Set<number>()),
  timers: new Timers(),
  stamp: 0,
});

/** Two customers that become one, or are parted again; keys as in the records of those kinds. */
export type Join = {
  readonly kind: "merge" | "split";
  readonly part: string;
  readonly whole: string;
};

const losing = (join: Join): string => (join.kind === "merge" ? join.part : join.whole);
const movesOf = (join: Join): ((ref: { readonly origin: string }) => boolean) =>
  join.kind === "merge" ? () => true : (ref) => ref.origin === join.part;

/**
 * The judge of one partition. A deterministic machine: the same records and the same policy give
 * the same decisions, in the same order, on any machine. It reads no clock; time comes in records.
 *
 * Not safe after an `InvariantError`: the partition must be rebuilt from its snapshot and log.
 */
export class Engine {
  readonly policy: Policy;
  readonly state: State;
  readonly #eyes: Eyes;

  constructor(policy: Policy, state: State = emptyState(policy)) {
    this.policy = policy;
    this.state = state;
    this.#eyes = { policy, plans: plansOf(policy), state };
  }

  /** Log time of the earliest moment that waits; Infinity when nothing does. Never too late. */
  nextMoment(): number {
    return this.state.timers.next();
  }

  /** How many customers are known. */
  get customers(): number {
    return this.state.customers.size;
  }

  /** Processes every moment up to and including `stamp`, appending what it decides to `out`. */
  advance(stamp: number, out: Out): void {
    const { customers, timers } = this.state;
    for (let at = timers.next(); at <= stamp; at = timers.next()) {
      const slots: number[] = [];
      timers.take(at, slots);
      for (const slot of slots.length > 1 ? this.#inOrder(slots) : slots) {
        lookAtMoment(this.#eyes, customers.at(slot), at, out);
      }
    }
    this.state.stamp = Math.max(this.state.stamp, stamp);
  }

  /** Ascending by key. */
  #inOrder(slots: readonly number[]): readonly number[] {
    const { customers } = this.state;
    return slots
      .map((slot) => ({ slot, key: customers.keyAt(slot) }))
      .sort((a, b) => (a.key < b.key ? -1 : 1))
      .map(({ slot }) => slot);
  }

  /** Applies the next record of the log: first the moments up to its stamp, then the record. */
  apply(record: EngineRecord, out: Out): void {
    invariant(record.stamp >= this.state.stamp, "log time went back");
    // A feed's health counts for the deadlines of the same moment, so it is set before them.
    this.advance(record.kind === "source" ? record.stamp - 1 : record.stamp, out);
    switch (record.kind) {
      case "fact":
        this.#applyFact(record, out);
        return;
      case "retract":
        this.#retract(record, out);
        return;
      case "merge":
      case "split":
        this.#join(record, out);
        return;
      case "cohort":
        this.#applyCohort(record.fact, record.stamp, out);
        return;
      case "source":
        this.#applySource(record);
        return;
      case "tick":
        return;
    }
  }

  /** A customer's flag at `now`; null when nothing stands against them. */
  flag(key: string, now: number): Flag | null {
    const customer = this.state.customers.get(key);
    return customer === undefined ? null : flagOf(this.policy, customer, now);
  }

  /** Every flag at `now`, in order of customer key. */
  *flags(now: number): Generator<Flag> {
    const flags: Flag[] = [];
    for (const customer of this.state.customers.all()) {
      const flag = flagOf(this.policy, customer, now);
      if (flag !== null) flags.push(flag);
    }
    yield* flags.sort((a, b) => (a.customer < b.customer ? -1 : 1));
  }

  #applyFact(record: EngineRecord & { kind: "fact" }, out: Out): void {
    const { fact, stamp } = record;
    const customer = this.state.customers.getOrCreate(record.customer, fact.tenant);
    const readers = this.policy.readers.get(fact.kind);
    const { touched, profileFrom } = evolve(this.policy, readers, customer, fact, record.origin);
    if (profileFrom !== null) this.#retouch(customer, profileFrom);
    const standing = look(this.#eyes, customer, touched, stamp, "fact", out);
    if (fact.kind === "survey.invited") this.#saySurvey(customer, fact, standing, stamp, out);
    if (fact.kind === "alert.acknowledged") {
      acknowledge(this.policy, customer, fact.data["alertId"], stamp, out);
    }
  }

  /** A profile that arrives late may have been touched by a cohort fact already past. */
  #retouch(customer: Customer, from: number): void {
    for (const fact of this.state.cohorts) {
      for (const rule of cohortRules(this.policy, fact)) {
        if (rule.at(fact) < from || !isTouched(customer, rule, fact)) continue;
        touch(this.policy, customer, rule, fact);
      }
    }
  }

  #saySurvey(customer: Customer, fact: Fact, standing: Standing, now: number, out: Out): void {
    const weight = fact.data["sampleWeight"];
    const probability = fact.data["askProbability"];
    const invitation = fact.data["invitationId"];
    const parts = partsOf(this.policy, customer, now);
    const rules = parts.filter((part) => part.points > 0).map((part) => part.rule);
    const { segment, region } = profileAt(customer.profile, now, false);
    out.push({
      kind: "survey",
      at: now,
      customer: customer.key,
      subject: fact.subject ?? "",
      invitationId: typeof invitation === "string" ? invitation : fact.id,
      riskScore: standing.score,
      level: standing.level,
      alerted: customer.episode !== null,
      topLink: linkOf(standing.lead),
      weight:
        typeof weight === "number" ? weight : typeof probability === "number" ? 1 / probability : 1,
      rules: [...new Set(rules)].sort(),
      shadow: shadowRules(this.policy, customer, now),
      parts,
      segment,
      region,
      policy: this.policy.hash,
    });
  }

  #retract(record: EngineRecord & { kind: "retract" }, out: Out): void {
    const customer = this.state.customers.get(record.customer);
    if (customer === undefined) return;
    const touched = removeItems(customer, (ref) => record.facts.has(identityOf(ref)));
    look(this.#eyes, customer, touched, record.stamp, "retraction", out);
  }

  /**
   * What the customer that loses hands to the one that gains; null when nobody is known by that key.
   * Reads only. Both partitions must have come to the record's stamp (`advance`) before.
   */
  handOver(join: Join): Handover | null {
    const from = this.state.customers.get(losing(join));
    if (from === undefined) return null;
    const merging = join.kind === "merge";
    return handOver(from, movesOf(join), merging ? from.episode : null);
  }

  /** An open alert of a customer that is absorbed passes on only to one that has none. */
  hasEpisode(key: string): boolean {
    return (this.state.customers.get(key)?.episode ?? null) !== null;
  }

  /** The losing side of a join: lets go of what was handed over. */
  letGo(join: Join, episodePasses: boolean, stamp: number, out: Out): void {
    const from = this.state.customers.get(losing(join));
    if (from === undefined) return;
    if (join.kind === "merge" && episodePasses) from.episode = null;
    const lost = removeItems(from, movesOf(join));
    look(this.#eyes, from, lost, stamp, "identity", out);
  }

  /** The gaining side of a join: takes in what was handed over. */
  takeOver(join: Join, handover: Handover | null, stamp: number, out: Out): void {
    const key = join.kind === "merge" ? join.whole : join.part;
    if (handover === null && !this.state.customers.has(key)) return;
    const to = this.state.customers.getOrCreate(key, handover?.tenant ?? "");
    // The alert follows the person: who took it on goes on with the same one.
    to.episode ??= handover?.episode ?? null;
    const gained = handover === null ? [] : takeOver(this.policy, to, handover);
    look(this.#eyes, to, gained, stamp, "identity", out);
  }

  #join(record: EngineRecord & { kind: "merge" | "split" }, out: Out): void {
    const handover = this.handOver(record);
    const passes = !this.hasEpisode(record.whole);
    this.letGo(record, passes, record.stamp, out);
    this.takeOver(record, handover, record.stamp, out);
  }

  #applyCohort(fact: Fact, now: number, out: Out): void {
    const { cohorts, customers } = this.state;
    cohorts.push(fact);
    if (cohorts.length > this.policy.limits.cohortsPerPartition) cohorts.shift();
    for (const rule of cohortRules(this.policy, fact)) {
      const touched: { readonly key: string; readonly slot: number }[] = [];
      for (const customer of customers.all()) {
        const { key, slot } = customer;
        if (isTouched(customer, rule, fact)) touched.push({ key, slot });
      }
      touched.sort((a, b) => (a.key < b.key ? -1 : 1));
      for (const { slot } of touched) {
        const customer = customers.at(slot);
        touch(this.policy, customer, rule, fact);
        look(this.#eyes, customer, [], now, "fact", out);
      }
      out.push({
        kind: "cohort",
        at: now,
        cohort: fact.id,
        rule: rule.id,
        link: rule.link.id,
        owner: rule.link.owner,
        touched: touched.length,
        says: rule.says({ key: fact.id, due: null, lateMs: null, value: null, limit: null }),
        policy: this.policy.hash,
      });
    }
  }

  #applySource(record: EngineRecord & { kind: "source" }): void {
    const health = this.state.sources[record.source];
    const rule = this.policy.sources[record.source];
    invariant(health !== undefined && rule !== undefined, "a source the policy does not know");
    switch (record.change) {
      case "watched":
        health.watchedSince = record.stamp;
        return;
      case "silent":
        // A silence that begins while the last one is still being settled continues it.
        if (record.stamp >= health.settleUntil) health.blindSince = record.heard;
        health.silent = true;
        this.#lookAgain(record.source, record.stamp);
        return;
      case "back":
        health.silent = false;
        health.settleUntil = record.stamp + rule.settleMs;
        this.#lookAgain(record.source, health.settleUntil);
    }
  }

  /** What waits for a feed is judged anew when the feed falls silent, and when it has settled. */
  #lookAgain(source: number, at: number): void {
    const { customers, waiting } = this.state;
    for (const slot of waiting[source] ?? []) {
      const customer = customers.at(slot);
      for (const pledge of customer.pledges) {
        if (pledge.nextAt > at && waitsFor(pledge, source)) setNextAt(pledge, at);
      }
      plan(this.#eyes, customer);
    }
  }
}
