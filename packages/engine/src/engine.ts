import type { Fact, Flag } from "@troth/events";
import { identityOf, invariant } from "@troth/events";
import type { Policy } from "@troth/policy";
import { cohortRules, isTouched, touch } from "./cohort.ts";
import { Customers } from "./customers.ts";
import { acknowledge, flagOf } from "./episode.ts";
import { evolve, removeItems } from "./evolve.ts";
import { type Handover, handOver, takeOver } from "./join.ts";
import { look, lookAtMoment, plan, setNextAt, waitsFor } from "./look.ts";
import type { Out } from "./out.ts";
import { Names } from "./packed/names.ts";
import { partsOf } from "./parts.ts";
import { profileAt } from "./profile.ts";
import type { EngineRecord } from "./record.ts";
import { nextAtOf, nextPledge, pledgesOf, slotOfCustomer } from "./register/layout.ts";
import { plansOf } from "./roles.ts";
import { linkOf, type Standing, shadowRules } from "./score.ts";
import type { State, World } from "./state.ts";
import { Timers } from "./timers.ts";

/** `open` says how many customers are kept unpacked; it changes what is held, never what is said. */
export const emptyState = (policy: Policy, open?: number): State => ({
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
  readonly #w: World;

  constructor(policy: Policy, state: State = emptyState(policy)) {
    this.policy = policy;
    this.state = state;
    this.#w = { policy, ...plansOf(policy), state, customers: state.customers };
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
      const slots = customers.inOrder(timers.take(at));
      for (const slot of slots) lookAtMoment(this.#w, customers.at(slot), at, out);
    }
    this.state.stamp = Math.max(this.state.stamp, stamp);
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
    return customer === 0 ? null : flagOf(this.#w, customer, now);
  }

  /** Every flag at `now`, in order of customer key. */
  *flags(now: number): Generator<Flag> {
    const flags: Flag[] = [];
    for (const customer of this.state.customers.all()) {
      const flag = flagOf(this.#w, customer, now);
      if (flag !== null) flags.push(flag);
    }
    yield* flags.sort((a, b) => (a.customer < b.customer ? -1 : 1));
  }

  /** Keys of everybody whose level, as last said, is above none. */
  *flagged(): Generator<string> {
    const { customers } = this.state;
    for (let slot = 0; slot < customers.size; slot += 1)
      if (customers.levelAt(slot) !== 0) yield customers.keyAt(slot);
  }

  #applyFact(record: EngineRecord & { kind: "fact" }, out: Out): void {
    const { fact, stamp } = record;
    const customer = this.state.customers.getOrCreate(record.customer, fact.tenant);
    const profileFrom = evolve(this.#w, customer, fact, record.origin);
    if (profileFrom !== Number.POSITIVE_INFINITY) this.#retouch(customer, profileFrom);
    const { touched } = this.state.customers;
    const standing = look(this.#w, customer, touched, stamp, "fact", out);
    if (fact.kind === "survey.invited") this.#saySurvey(customer, fact, standing, stamp, out);
    if (fact.kind === "alert.acknowledged") {
      acknowledge(this.#w, customer, fact.data["alertId"], stamp, out);
    }
  }

  /** A profile that arrives late may have been touched by a cohort fact already past. */
  #retouch(customer: number, from: number): void {
    for (const fact of this.state.cohorts) {
      for (const rule of cohortRules(this.policy, fact)) {
        if (rule.at(fact) < from || !isTouched(this.#w, customer, rule, fact)) continue;
        touch(this.#w, customer, rule, fact);
      }
    }
  }

  #saySurvey(c: number, fact: Fact, standing: Standing, now: number, out: Out): void {
    const { customers } = this.state;
    const weight = fact.data["sampleWeight"];
    const probability = fact.data["askProbability"];
    const invitation = fact.data["invitationId"];
    const parts = partsOf(this.#w, c, now);
    const rules = parts.filter((part) => part.points > 0).map((part) => part.rule);
    const { segment, region } = profileAt(customers.extrasOf(c)?.profile ?? [], now, false);
    out.push({
      kind: "survey",
      at: now,
      customer: customers.keyOf(c),
      subject: fact.subject ?? "",
      invitationId: typeof invitation === "string" ? invitation : fact.id,
      riskScore: standing.score,
      level: standing.level,
      alerted: customers.episodeOf(c) !== null,
      topLink: linkOf(this.#w, standing.lead),
      weight:
        typeof weight === "number" ? weight : typeof probability === "number" ? 1 / probability : 1,
      rules: [...new Set(rules)].sort(),
      shadow: shadowRules(this.#w, c, now),
      parts,
      segment,
      region,
      policy: this.policy.hash,
    });
  }

  #retract(record: EngineRecord & { kind: "retract" }, out: Out): void {
    const { customers } = this.state;
    const customer = customers.get(record.customer);
    if (customer === 0) return;
    const { touched } = customers;
    touched.clear();
    removeItems(this.#w, customer, (ref) => record.facts.has(identityOf(ref)), touched);
    look(this.#w, customer, touched, record.stamp, "retraction", out);
  }

  /**
   * What the customer that loses hands to the one that gains; null when nobody is known by that key.
   * Reads only. Both partitions must have come to the record's stamp (`advance`) before.
   */
  handOver(join: Join): Handover | null {
    const { customers } = this.state;
    const from = customers.get(losing(join));
    if (from === 0) return null;
    const episode = join.kind === "merge" ? customers.episodeOf(from) : null;
    return handOver(this.#w, from, movesOf(join), episode);
  }

  /** An open alert of a customer that is absorbed passes on only to one that has none. */
  hasEpisode(key: string): boolean {
    const { customers } = this.state;
    const customer = customers.get(key);
    return customer !== 0 && customers.episodeOf(customer) !== null;
  }

  /** The losing side of a join: lets go of what was handed over. */
  letGo(join: Join, episodePasses: boolean, stamp: number, out: Out): void {
    const { customers } = this.state;
    const from = customers.get(losing(join));
    if (from === 0) return;
    const extras = customers.extrasOf(from);
    if (join.kind === "merge" && episodePasses && extras !== null) extras.episode = null;
    const { touched } = customers;
    touched.clear();
    removeItems(this.#w, from, movesOf(join), touched);
    look(this.#w, from, touched, stamp, "identity", out);
  }

  /** The gaining side of a join: takes in what was handed over. */
  takeOver(join: Join, handover: Handover | null, stamp: number, out: Out): void {
    const key = join.kind === "merge" ? join.whole : join.part;
    if (handover === null && !this.state.customers.has(key)) return;
    const { customers } = this.state;
    const to = customers.getOrCreate(key, handover?.tenant ?? "");
    // The alert follows the person: who took it on goes on with the same one.
    if (handover !== null && handover.episode !== null) {
      customers.extrasFor(to).episode ??= handover.episode;
    }
    customers.touched.clear();
    if (handover !== null) takeOver(this.#w, to, handover);
    look(this.#w, to, customers.touched, stamp, "identity", out);
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
        if (!isTouched(this.#w, customer, rule, fact)) continue;
        const slot = slotOfCustomer(customers.memory, customer);
        touched.push({ key: customers.keyOf(customer), slot });
      }
      touched.sort((a, b) => (a.key < b.key ? -1 : 1));
      for (const { slot } of touched) {
        const customer = customers.at(slot);
        touch(this.#w, customer, rule, fact);
        customers.touched.clear();
        look(this.#w, customer, customers.touched, now, "fact", out);
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
      const c = customers.at(slot);
      const { memory: m } = customers;
      for (let p = pledgesOf(m, c); p !== 0; p = nextPledge(m, p)) {
        if (nextAtOf(m, p) > at && waitsFor(this.#w, p, source)) setNextAt(m, c, p, at);
      }
      plan(this.#w, c);
    }
  }
}
