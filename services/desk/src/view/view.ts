import type {
  AlertDecision,
  CohortDecision,
  Fact,
  FlagDecision,
  Joining,
  Level,
  Noise,
  Output,
  PledgeDecision,
  Reference,
  Retraction,
  SourceDecision,
  SurveyDecision,
} from "@troth/events";
import { isBeyond, isCustomer, referencesOf } from "@troth/events";
import { deskLimits } from "../limits.ts";
import { Mending } from "../mending/mending.ts";
import type { PolicyInfo } from "../policy-info.ts";
import { Changes } from "./changes.ts";
import { DeskCustomer } from "./customer.ts";
import {
  alertBody,
  type EntryBody,
  levelBody,
  surveyBody,
  verdictBody,
  writeEntry,
} from "./entry.ts";
import { Family } from "./family.ts";
import { orders, type Sort } from "./orders.ts";
import { Ranking } from "./ranking.ts";
import { SegmentTrends, unknownSegment } from "./segment-trends.ts";
import { Tallies } from "./tallies.ts";

/** Something about many at once: a feed gone silent or back, an incident and whom it touched. */
export type Bulletin = SourceDecision | CohortDecision;

/** The template of what a breach opens; one that is kept is a save. */
export const recoveryTemplate = "recovery-promise";

/** `at-risk`: level above none or an open alert. `all`: everybody ever heard of. */
export type Scope = "at-risk" | "all";

const isAtRisk = (customer: DeskCustomer): boolean =>
  customer.joinedInto === null && (customer.level !== "none" || customer.openAlert !== null);
const isSomebody = (customer: DeskCustomer): boolean => customer.joinedInto === null;

/**
 * What the desk knows, folded from what the judge wrote, in order. It only ever moves forward: an
 * output not beyond the last one folded is dropped, so that reading the log again changes nothing.
 */
export class DeskView {
  readonly policy: PolicyInfo;
  readonly tallies = new Tallies();
  readonly changes = new Changes();
  readonly trends = new SegmentTrends();
  /** What is known of putting things right; null where the policy names no ways. */
  readonly mending: Mending | null;
  readonly #customers = new Map<Reference, DeskCustomer>();
  /** Names other than a customer's own, and whose they were when last heard. */
  readonly #names = new Map<Reference, Reference>();
  readonly #rankings = new Map<string, Ranking<DeskCustomer>>();
  /** Whom each invitation to say something went to. */
  readonly #invitations = new Map<string, Reference>();
  readonly #rounds = new Map<string, string[]>();
  readonly #unscored = new Set<DeskCustomer>();
  readonly #levels = new Map<Level, number>();
  readonly #silent = new Map<string, SourceDecision>();
  #bulletins: readonly Bulletin[] = [];
  #place = { inOffset: -1, seq: -1 };
  #stamp = 0;
  /** Log time of the output that is being folded. */
  #at = 0;

  readonly #listens: boolean;

  constructor(policy: PolicyInfo, listens = false) {
    this.policy = policy;
    this.#listens = listens;
    this.mending = policy.resolutions === null ? null : new Mending(policy.resolutions, listens);
  }

  /** The last output folded. */
  get place(): { readonly inOffset: number; readonly seq: number } {
    return this.#place;
  }

  /** Log time of the last output folded. */
  get stamp(): number {
    return this.#stamp;
  }

  get customersCount(): number {
    return this.#customers.size;
  }

  /** Latest first. */
  get bulletins(): readonly Bulletin[] {
    return this.#bulletins;
  }

  /** Feeds from which nothing is heard at the moment. */
  get silentSources(): readonly SourceDecision[] {
    return [...this.#silent.values()];
  }

  /** Customers at a level above `none`. */
  countAt(level: Level): number {
    return this.#levels.get(level) ?? 0;
  }

  /** A customer by any name they are known by; whoever was found to be another is that one. */
  customer(name: Reference): DeskCustomer | null {
    const held = this.#names.get(name);
    let found = this.#customers.get(held ?? name) ?? null;
    if (held !== undefined) found = found?.family?.knownBy(name) ?? found;
    for (let step = 0; step < deskLimits.joinStepsMax; step += 1) {
      if (found === null || found.joinedInto === null) return found;
      found = this.#customers.get(found.joinedInto) ?? null;
    }
    return found;
  }

  /** The customer an invitation went to, whoever they are found to be by now. */
  invited(invitationId: string): DeskCustomer | null {
    const reference = this.#invitations.get(invitationId);
    return reference === undefined ? null : this.customer(reference);
  }

  /** Invitations that went out in a round, in order of the log. */
  invitedIn(round: string): readonly string[] {
    return this.#rounds.get(round) ?? [];
  }

  /** Customers in order; kept up from the first time it is asked for. */
  ranked(sort: Sort, scope: Scope): readonly DeskCustomer[] {
    const name = `${scope} ${sort}`;
    const known = this.#rankings.get(name);
    if (known !== undefined) return known.read();
    const fresh = new Ranking(orders[sort], scope === "all" ? isSomebody : isAtRisk);
    for (const customer of this.#customers.values()) fresh.mark(customer);
    this.#rankings.set(name, fresh);
    return fresh.read();
  }

  /** Brings the scores of customers at risk of whom something new was said up to the moment. */
  rescore(scoreNow: (customer: DeskCustomer) => void): void {
    let left: number = deskLimits.rescoredMax;
    for (const customer of this.#unscored) {
      if (left === 0) return;
      left -= 1;
      this.#unscored.delete(customer);
      if (!isAtRisk(customer)) continue;
      const before = customer.score;
      scoreNow(customer);
      if (customer.score === before) continue;
      for (const ranking of this.#rankings.values()) ranking.mark(customer);
    }
  }

  fold(output: Output): void {
    if (!isBeyond(output, this.#place)) return;
    this.#place = { inOffset: output.inOffset, seq: output.seq };
    this.take(output);
  }

  /** Takes in what had to wait until it was known to belong here. */
  take({ body, stamp }: Pick<Output, "body" | "stamp">): void {
    this.#at = stamp;
    this.#stamp = Math.max(this.#stamp, stamp);
    switch (body.kind) {
      case "noise":
        this.#foldNoise(body);
        break;
      case "retraction":
        this.#foldRetraction(body, stamp);
        break;
      case "merge":
      case "split":
        this.#foldJoining(body, stamp);
        break;
      case "pledge":
        this.#foldPledge(body);
        break;
      case "alert":
        this.#foldAlert(body);
        break;
      case "flag":
        this.#foldFlag(body);
        break;
      case "survey":
        this.#foldSurvey(body);
        break;
      case "source":
        this.#foldSource(body);
        break;
      case "cohort":
        this.#bulletin(body);
        break;
    }
  }

  /** The judge has something newer to say of a customer's score than was looked at. */
  rescored(reference: Reference): void {
    const customer = this.#customers.get(reference);
    if (customer !== undefined) this.#touch(customer);
  }

  /** Takes a customer out for good, as if nothing had ever been heard of them. */
  forget(reference: Reference): void {
    const customer = this.#customers.get(reference);
    if (customer === undefined) return;
    this.#count(customer, -1);
    this.#customers.delete(reference);
    for (const [name, holder] of this.#names) if (holder === reference) this.#names.delete(name);
    customer.joinedInto = reference;
    customer.family?.drop(customer);
    customer.family = null;
    this.#countIn(customer);
    for (const ranking of this.#rankings.values()) ranking.mark(customer);
    this.changes.note(null);
  }

  #customerOf(reference: Reference): DeskCustomer {
    const known = this.#customers.get(reference);
    if (known !== undefined) return known;
    const fresh = new DeskCustomer(reference, this.#listens);
    this.#customers.set(reference, fresh);
    return fresh;
  }

  #touched(customer: DeskCustomer): void {
    customer.touchedAt = Math.max(customer.touchedAt, this.#at);
    this.#countIn(customer);
    this.#touch(customer);
    const { family } = customer;
    family?.stir();
    const root = this.#customers.get(family?.rootOf(customer.reference) ?? "");
    if (root === undefined || root === customer) return;
    root.touchedAt = Math.max(root.touchedAt, this.#at);
    this.#touch(root);
  }

  /** Counts a customer where they belong by now: nobody who was found to be another, everybody else once. */
  #countIn(customer: DeskCustomer): void {
    const { counted: was } = customer;
    const segment = customer.segmentHeard ?? unknownSegment;
    const isAtRisk = customer.level !== "none";
    const is = customer.joinedInto === null ? { segment, isAtRisk } : null;
    if (was?.segment === is?.segment && was?.isAtRisk === is?.isAtRisk) return;
    this.trends.move(was, is, this.#stamp);
    customer.counted = is;
  }

  #touch(customer: DeskCustomer): void {
    this.#unscored.add(customer);
    for (const ranking of this.#rankings.values()) ranking.mark(customer);
    this.changes.note(customer.reference);
  }

  #write(customer: DeskCustomer, at: number, knownAt: number, body: EntryBody): void {
    customer.own.add(writeEntry({ at, knownAt, origin: customer.reference }, body));
    this.#touched(customer);
  }

  /** What befell many shows in the decisions about each; the fact itself names nobody. */
  #foldNoise({ customer: reference, fact }: Noise): void {
    if (reference === null) return;
    const customer = this.#customerOf(reference);
    const names = referencesOf(fact);
    const origin = names.find(isCustomer) ?? null;
    customer.own.add(
      writeEntry({ at: fact.time, knownAt: fact.recordedTime, origin }, { kind: "fact", fact }),
    );
    this.mending?.fold(customer, fact);
    if (fact.kind === "survey.invited") this.#noteInvited(reference, fact.data);
    const { invitationId, outcome } = fact.data;
    const isAnswer = fact.kind === "survey.answered" && typeof invitationId === "string";
    if (isAnswer && typeof outcome === "string" && customer.answerTo(invitationId) === null) {
      this.trends.answered(customer.counted?.segment ?? unknownSegment, outcome, fact.time);
    }
    for (const name of customer.note(fact, names)) {
      if (!this.#customers.has(name)) this.#names.set(name, reference);
    }
    this.#touched(customer);
  }

  #noteInvited(reference: Reference, { invitationId, attributes }: Fact["data"]): void {
    if (typeof invitationId !== "string") return;
    this.#invitations.set(invitationId, reference);
    if (typeof attributes !== "object" || attributes === null || !("round" in attributes)) return;
    const round = String(attributes.round);
    this.#rounds.set(round, [...this.invitedIn(round), invitationId]);
    const [oldest] = this.#rounds.keys();
    if (this.#rounds.size > deskLimits.roundsMax && oldest !== undefined)
      this.#rounds.delete(oldest);
  }

  #foldRetraction({ customer: reference, facts }: Retraction, stamp: number): void {
    const customer = this.#customerOf(reference);
    const gone = new Set(facts);
    const taken = customer.own.take(({ identity }) => identity !== null && gone.has(identity));
    if (customer.family === null) customer.noteAgain(customer.own.entries);
    else {
      const own = new Set(taken.map(({ identity }) => identity));
      const others = facts.filter((fact) => !own.has(fact));
      customer.family.takeBack(reference, others);
    }
    this.#write(customer, stamp, stamp, { kind: "taken-back", facts: facts.length });
  }

  #foldJoining(joining: Joining, stamp: number): void {
    const { kind, part: partName, whole: wholeName } = joining;
    const part = this.#customerOf(partName);
    const whole = this.#customerOf(wholeName);
    const family = Family.of(part, whole);
    family.join(joining, stamp);
    const said = kind === "merge" ? "joined" : "parted";
    this.#write(whole, stamp, stamp, { kind: said, other: partName });
    if (kind === "split") this.#write(part, stamp, stamp, { kind: said, other: wholeName });
    family.settle();
    for (const member of family.members) this.#touched(member);
  }

  #foldPledge(decision: PledgeDecision): void {
    const customer = this.#customerOf(decision.customer);
    const held = customer.register.put(decision);
    // A row let go for want of room is still known by what the decision says it was.
    const was = held ?? (decision.was === null ? null : { verdict: decision.was, at: decision.at });
    this.tallies.move(decision.link, was, decision);
    const segment = customer.counted?.segment ?? unknownSegment;
    if (was !== null) this.trends.verdict(segment, was.verdict, was.at, -1);
    this.trends.verdict(segment, decision.verdict, decision.at, 1);
    if (decision.template === recoveryTemplate) {
      const change = Number(decision.verdict === "kept") - Number(was?.verdict === "kept");
      if (change === 1 || change === -1) this.tallies.countSave(decision.link, change);
    }
    this.#write(customer, decision.at, decision.decidedAt, verdictBody(decision));
  }

  #foldAlert(decision: AlertDecision): void {
    const customer = this.#customerOf(decision.customer);
    const isFirst = decision.state === "opened" || customer.said.openedAt === null;
    customer.said = { alert: decision, openedAt: isFirst ? decision.at : customer.said.openedAt };
    customer.family?.noteAlert(decision);
    customer.score = decision.score;
    customer.leadBy(decision.lead, decision.parts);
    this.#write(customer, decision.at, decision.at, alertBody(decision));
  }

  #foldFlag(decision: FlagDecision): void {
    const customer = this.#customerOf(decision.customer);
    this.#count(customer, -1);
    customer.level = decision.level;
    customer.score = decision.score;
    customer.topLink = decision.topLink;
    if (decision.level === "none") [customer.since, customer.lead] = [null, null];
    else customer.since ??= decision.at;
    this.#count(customer, 1);
    this.#write(customer, decision.at, decision.at, levelBody(decision));
  }

  #count({ level }: DeskCustomer, by: 1 | -1): void {
    this.#levels.set(level, (this.#levels.get(level) ?? 0) + by);
  }

  #foldSurvey(decision: SurveyDecision): void {
    const customer = this.#customerOf(decision.customer);
    this.#write(customer, decision.at, decision.at, surveyBody(decision));
  }

  #foldSource(decision: SourceDecision): void {
    if (decision.state === "silent") this.#silent.set(decision.source, decision);
    else this.#silent.delete(decision.source);
    this.#bulletin(decision);
  }

  #bulletin(bulletin: Bulletin): void {
    this.#bulletins = [bulletin, ...this.#bulletins].slice(0, deskLimits.bulletinsMax);
    this.changes.note(null);
  }
}
