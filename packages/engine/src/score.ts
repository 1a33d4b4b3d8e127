import type { Level } from "@troth/events";
import type { NoiseRule, PledgeTemplate } from "@troth/policy";
import { decayed } from "./decay.ts";
import { promiseId, templateAt } from "./pledges.ts";
import { profileAt } from "./profile.ts";
import { idOf, idText, sameFact } from "./register/facts.ts";
import {
  atOf,
  factOf,
  hotOf,
  itemValue,
  mayHave,
  mendedAtOf,
  nextHot,
  nextItem,
  nextPledge,
  nextRow,
  noisesOf,
  orNull,
  perMilleOf,
  pledgeKeyText,
  pledgesOf,
  rowsOf,
  severityOf,
  sinceOf,
  slotOf,
  templateOf,
  verdictOf,
} from "./register/layout.ts";
import { type Memory, never, none } from "./register/memory.ts";
import { compareTexts, firstDifference } from "./register/texts.ts";
import type { World } from "./state.ts";
import * as word from "./words.ts";

/** One contribution to a score, before anybody needs its words. A row and a noise are addresses; 0 is none. */
export type Share = {
  readonly points: number;
  readonly severity: number;
  readonly pledge: number;
  readonly row: number;
  readonly term: number;
  readonly noise: number;
};

export type Standing = {
  readonly score: number;
  readonly level: Level;
  readonly critical: boolean;
  /** The share an alert is about: the heaviest critical one, else the heaviest. */
  readonly lead: Share | null;
};

export function ruleAt(w: World, noise: number): NoiseRule {
  const rule = w.policy.noises[slotOf(w.customers.memory, noise)];
  if (rule === undefined) throw new RangeError("a noise of a rule the policy lacks");
  return rule;
}

export function shareId(w: World, share: Share): string {
  if (share.pledge !== 0) return `${promiseId(w, share.pledge)}#${share.term}`;
  const { memory: m } = w.customers;
  return `${ruleAt(w, share.noise).id}/${idOf(m, factOf(m, share.noise))}`;
}

export function stepOf(rule: NoiseRule, value: number | null): number {
  let severity = 0;
  for (const step of rule.steps) {
    if (step.over > (value ?? 0)) break;
    severity = step.severity;
  }
  return severity;
}

const scaled = (points: number, perMille: number): number =>
  perMille === 1000 ? Math.trunc(points) : Math.trunc((points * perMille) / 1000);

/**
 * Everything of a customer that weighs, and since when it loses weight; how much is left at a moment is
 * worked out from that alone, so that many moments can be tried. There is one, filled in for each customer.
 */
class Weights {
  count = 0;
  /** Before decay. */
  points = new Float64Array(16);
  /** From when on it decays; `never` if it does not. */
  from = new Float64Array(16);
  severity = new Int32Array(16);
  pledge = new Int32Array(16);
  row = new Int32Array(16);
  term = new Int32Array(16);
  noise = new Int32Array(16);

  add(points: number, severity: number, from: number): void {
    if (this.count === this.points.length) this.#grow();
    this.points[this.count] = points;
    this.severity[this.count] = severity;
    this.from[this.count] = from;
  }

  /** Whose what was added is. */
  of(pledge: number, row: number, term: number, noise: number): void {
    const i = this.count;
    this.pledge[i] = pledge;
    this.row[i] = row;
    this.term[i] = term;
    this.noise[i] = noise;
    this.count = i + 1;
  }

  #grow(): void {
    const { points, from, severity, pledge, row, term, noise } = this;
    const ints = (before: Int32Array): Int32Array<ArrayBuffer> => {
      const more = new Int32Array(2 * before.length);
      more.set(before);
      return more;
    };
    const doubles = (before: Float64Array): Float64Array<ArrayBuffer> => {
      const more = new Float64Array(2 * before.length);
      more.set(before);
      return more;
    };
    this.points = doubles(points);
    this.from = doubles(from);
    this.severity = ints(severity);
    this.pledge = ints(pledge);
    this.row = ints(row);
    this.term = ints(term);
    this.noise = ints(noise);
  }
}

const weights = new Weights();

/** Adds a row's weight; false if a row with this verdict has none. */
function addRow(w: World, template: PledgeTemplate, row: number): boolean {
  const { memory: m } = w.customers;
  const by = template.points;
  const perMille = perMilleOf(m, row);
  switch (verdictOf(m, row)) {
    case word.broken: {
      const mended = mendedAtOf(m, row);
      const from = mended === none ? sinceOf(m, row) + w.policy.score.ongoingForMs : mended;
      const severity = severityOf(m, row);
      weights.add(scaled(by.bySeverity[severity] ?? 0, perMille), severity, from);
      return true;
    }
    case word.overdue:
      weights.add(scaled(by.overdue, perMille), 1, never);
      return true;
    case word.atRisk:
      weights.add(scaled(by.atRisk, perMille), 1, never);
      return true;
    case word.renegotiated:
      weights.add(scaled(by.renegotiated, perMille), 1, sinceOf(m, row));
      return true;
    case word.kept:
      weights.add(scaled(by.kept, perMille), 0, sinceOf(m, row));
      return true;
    default:
      return false;
  }
}

/** True while a row with that verdict may have points now or later: its pledge belongs among the hot ones. */
export function mayWeigh(template: PledgeTemplate, verdict: number): boolean {
  switch (verdict) {
    case word.kept:
      return template.points.kept !== 0;
    case word.broken:
    case word.overdue:
    case word.atRisk:
    case word.renegotiated:
      return true;
    default:
      return false;
  }
}

type Given = NonNullable<NoiseRule["given"]>;

/** Since when a customer has had a row of that template with one of those verdicts; `never` if there is none. */
function givenSince(w: World, c: number, { template, verdicts }: Given): number {
  const { memory: m } = w.customers;
  let first = never;
  if (!mayHave(m, c, template)) return first;
  for (let p = pledgesOf(m, c); p !== 0; p = nextPledge(m, p)) {
    if (templateOf(m, p) !== template) continue;
    for (let row = rowsOf(m, p); row !== 0; row = nextRow(m, row)) {
      const since = sinceOf(m, row);
      if (since < first && verdicts.includes(word.verdictWord(verdictOf(m, row)))) first = since;
    }
  }
  return first;
}

/**
 * What `givenSince` said of each rule (by slot) while the present customer is gathered: somebody with hundreds of
 * pledges and hundreds of noises of one rule would have all of the ones gone through for each of the others.
 */
const givens = new Map<number, number>();

function givenHolds(w: World, c: number, given: Given, noise: number): boolean {
  const { memory: m } = w.customers;
  const slot = slotOf(m, noise);
  let since = givens.get(slot);
  if (since === undefined) {
    since = givenSince(w, c, given);
    givens.set(slot, since);
  }
  return since <= atOf(m, noise);
}

/** Adds a noise's weight; false if it does not count. */
function addNoise(w: World, c: number, noise: number): boolean {
  const rule = ruleAt(w, noise);
  if (rule.given !== null && !givenHolds(w, c, rule.given, noise)) return false;
  const { memory: m } = w.customers;
  const at = atOf(m, noise);
  const severity = rule.credit === null ? stepOf(rule, orNull(itemValue(m, noise))) : 0;
  let points = rule.credit ?? rule.bySeverity[severity] ?? 0;
  if (rule.variants.length > 0) {
    const profile = profileAt(w.customers.extrasOf(c)?.profile ?? [], at, false);
    const variant = rule.variants.find((one) => one.applies(profile));
    if (variant !== undefined) points = scaled(points, variant.pointsPerMille);
  }
  weights.add(points, severity, at);
  return true;
}

/**
 * After a merge a fact may be held under two origins; it counts once. Such twins lie side by side: `first`
 * is the first of the items at the noise's moment that come from the same fact.
 */
function isRepeat(m: Memory, first: number, noise: number): boolean {
  for (let twin = first; twin !== noise; twin = nextItem(m, twin)) {
    if (slotOf(m, twin) === slotOf(m, noise)) return true;
  }
  return false;
}

const isTwin = (m: Memory, a: number, b: number): boolean =>
  atOf(m, a) === atOf(m, b) && sameFact(m, factOf(m, a), factOf(m, b));

/**
 * Takes in every row and noise that has a weight. What was taken in holds until the customer's items or rows
 * change, or another customer is looked at.
 */
export function gather(w: World, c: number): void {
  const { memory: m } = w.customers;
  weights.count = 0;
  givens.clear();
  for (let p = hotOf(m, c); p !== 0; p = nextHot(m, p)) {
    const template = templateAt(w, p);
    let term = 1;
    for (let row = rowsOf(m, p); row !== 0; row = nextRow(m, row)) {
      if (addRow(w, template, row)) weights.of(p, row, term, 0);
      term += 1;
    }
  }
  let first = 0;
  for (let noise = noisesOf(m, c); noise !== 0; noise = nextItem(m, noise)) {
    if (first === 0 || !isTwin(m, first, noise)) first = noise;
    else if (isRepeat(m, first, noise)) continue;
    if (addNoise(w, c, noise)) weights.of(0, 0, 0, noise);
  }
}

/** What is left of the weight at that place. */
const leftAt = (w: World, i: number, now: number): number =>
  decayed(weights.points[i] ?? 0, now - (weights.from[i] ?? 0), w.policy.score.halfLifeMs);

const shareAt = (i: number, points: number): Share => ({
  points,
  severity: weights.severity[i] ?? 0,
  pledge: weights.pledge[i] ?? 0,
  row: weights.row[i] ?? 0,
  term: weights.term[i] ?? 0,
  noise: weights.noise[i] ?? 0,
});

/** Every share of a customer's score at `now`, in no particular order. */
export function sharesOf(w: World, c: number, now: number): Share[] {
  gather(w, c);
  const shares: Share[] = [];
  for (let i = 0; i < weights.count; i += 1) shares.push(shareAt(i, leftAt(w, i, now)));
  return shares;
}

/**
 * True if the id of what was gathered at `i` comes before that at `j`. Somebody with hundreds of broken promises has
 * most of them at the same points: ids are made only where one may begin as the other does.
 */
function isNamedBefore(w: World, i: number, j: number): boolean {
  const { memory: m } = w.customers;
  const [one, other] = [shareAt(i, 0), shareAt(j, 0)];
  const [rule, otherRule] = [ruleOf(w, one), ruleOf(w, other)];
  if (rule !== otherRule) {
    const [id, otherId] = [rule.id, otherRule.id];
    if (!id.startsWith(otherId) && !otherId.startsWith(id)) return id < otherId;
  } else if (one.pledge === 0) {
    const [fact, otherFact] = [factOf(m, one.noise), factOf(m, other.noise)];
    return compareTexts(m, idText(fact), idText(otherFact)) < 0;
  } else {
    const [key, otherKey] = [pledgeKeyText(m, one.pledge), pledgeKeyText(m, other.pledge)];
    const difference = firstDifference(m, key, otherKey);
    if (difference !== 0) return difference < 0;
  }
  return shareId(w, one) < shareId(w, other);
}

export const ruleOf = (w: World, { pledge, noise }: Pick<Share, "pledge" | "noise">) =>
  pledge !== 0 ? templateAt(w, pledge) : ruleAt(w, noise);

const calm: Standing = { score: 0, level: "none", critical: false, lead: null };

function levelOf(w: World, score: number, critical: boolean): Level {
  if (critical) return "critical";
  const { high, medium, low } = w.policy.score.levels;
  if (score >= high) return "high";
  if (score >= medium) return "medium";
  return score >= low ? "low" : "none";
}

/** True if what is left of the weight at `i` comes before that at `other` (-1: none). */
function leads(w: World, i: number, left: number, other: number, otherLeft: number): boolean {
  if (other < 0 || left > otherLeft) return true;
  return left === otherLeft && isNamedBefore(w, i, other);
}

/** The sum of what was gathered, what it means, and what leads it; no words made yet, since most looks need none. */
export function standingAt(w: World, now: number): Standing {
  const { count } = weights;
  if (count === 0) return calm;
  const { criticalSeverity } = w.policy.score;
  let score = 0;
  let heaviest = -1;
  let heaviestLeft = 0;
  let worst = -1;
  let worstLeft = 0;
  for (let i = 0; i < count; i += 1) {
    const left = leftAt(w, i, now);
    score += left;
    if (left <= 0) continue;
    if (leads(w, i, left, heaviest, heaviestLeft)) {
      heaviest = i;
      heaviestLeft = left;
    }
    const grave = (weights.severity[i] ?? 0) >= criticalSeverity;
    if (!grave || 2 * left < (weights.points[i] ?? 0)) continue;
    if (leads(w, i, left, worst, worstLeft)) {
      worst = i;
      worstLeft = left;
    }
  }
  const critical = worst >= 0;
  const level = levelOf(w, score, critical);
  const lead = critical ? shareAt(worst, worstLeft) : null;
  if (lead !== null || heaviest < 0) return { score, level, critical, lead };
  return { score, level, critical, lead: shareAt(heaviest, heaviestLeft) };
}

export function standingOf(w: World, c: number, now: number): Standing {
  gather(w, c);
  return standingAt(w, now);
}

export const linkOf = (w: World, share: Share | null): string | null =>
  share === null ? null : ruleOf(w, share).link.id;
export const operatedByOf = (w: World, share: Share | null) =>
  share === null ? null : ruleOf(w, share).link.operatedBy;
export const leadId = (w: World, share: Share | null): string =>
  share === null ? "" : shareId(w, share);

/** Rules in shadow that hold and would weigh, ascending. */
export function shadowRules(w: World, c: number, now: number): readonly string[] {
  const rules = new Set<string>();
  for (const share of sharesOf(w, c, now)) {
    const rule = ruleOf(w, share);
    if (rule.shadow && share.severity > 0) rules.add(rule.id);
  }
  return [...rules].sort();
}

/** Ids of everything that stands as a cause, points left or not: what a correction would remove. */
export const causeIds = (w: World, c: number, now: number): ReadonlySet<string> =>
  new Set(sharesOf(w, c, now).map((share) => shareId(w, share)));
