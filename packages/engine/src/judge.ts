import type { DueInput, PledgeTemplate, PledgeVariant } from "@troth/policy";
import { earliestOf, keepingOf, neededMark, pausedDue } from "./marks.ts";
import type { Names } from "./packed/names.ts";
import { profileAt } from "./profile.ts";
import { sameId } from "./register/facts.ts";
import { atOf, factOf, itemValue, nextItem, statedOf, tagOf, termsOf } from "./register/layout.ts";
import { List } from "./register/list.ts";
import { type Memory, never, none } from "./register/memory.ts";
import type { Roles, TemplatePlan } from "./roles.ts";
import type { SourceHealth, World } from "./state.ts";
import * as word from "./words.ts";

/**
 * A row as it stands at a moment, worked out from items alone (RULES.md, sections 5 and 6). There is
 * one for all judging, written over each time: most rows that are looked at have not changed. What is
 * missing is `none`.
 */
export type Judged = {
  verdict: number;
  since: number;
  madeAt: number;
  due: number;
  keptAt: number;
  mendedAt: number;
  severity: number;
  /** What was measured and what it was held against, where the verdict rests on a value. */
  value: number;
  limit: number;
  /** Moment of the severity step in force, for a row that only grew worse. */
  stepAt: number;
  nextAt: number;
  blind: boolean;
  /** Facts, in order and no id twice. */
  readonly evidence: List;
};

export const blankJudged = (): Judged => ({
  verdict: 0,
  since: 0,
  madeAt: 0,
  due: none,
  keptAt: none,
  mendedAt: none,
  severity: 0,
  value: none,
  limit: none,
  stepAt: 0,
  nextAt: 0,
  blind: false,
  evidence: new List(),
});

/**
 * What a row is judged by: its pledge, and everything that holds for all its rows. There is one, filled
 * in for each pledge.
 */
export type Case = {
  m: Memory;
  names: Names;
  pledge: number;
  template: PledgeTemplate;
  roles: Roles;
  variant: PledgeVariant | null;
  /** Text, or 0. */
  tag: number;
  limit: number;
  perMille: number;
  /** Value of the fact it needs; none where there is none. */
  needed: number;
  health: SourceHealth | null;
  now: number;
};

function stepSeverity(template: PledgeTemplate, excess: number): number {
  let severity = 0;
  for (const step of template.steps) {
    if (step.over > excess) break;
    severity = step.severity;
  }
  return severity;
}

/** The fact that decides a row; 0 while none does. Written over like `Judged`. */
const decided = {
  verdict: 0,
  at: 0,
  fact: 0,
  /** A break found out by a value that is wrong. */
  byValue: false,
  /** For a break by value: what was measured, and what it should have been. */
  value: none,
  limit: none,
};

/** Takes the earliest offered at or before `end`; of several at one moment the one offered first. */
function offer(
  verdict: number,
  at: number,
  fact: number,
  end: number,
  byValue: boolean,
  value: number,
  limit: number,
): void {
  if (at > end || (decided.fact !== 0 && at >= decided.at)) return;
  decided.verdict = verdict;
  decided.at = at;
  decided.fact = fact;
  decided.byValue = byValue;
  decided.value = value;
  decided.limit = limit;
}

const orZero = (value: number): number => (value === none ? 0 : value);

/** The earliest of kept, withdrawn, broken, renegotiated at or before `end`; ties in that order. */
function decide(
  c: Case,
  term: number,
  next: number,
  end: number,
  kept: number,
  failing: number,
): void {
  const { limit, roles, m } = c;
  const value = itemValue(m, term);
  decided.fact = 0;
  if (limit !== none && value <= limit) {
    offer(word.kept, atOf(m, term), factOf(m, term), end, false, value, limit);
  }
  if (kept !== 0) offer(word.kept, atOf(m, kept), factOf(m, kept), end, false, value, limit);
  const withdrawn = roles.withdrawn.length === 0 ? 0 : earliestOf(c, roles.withdrawn, term);
  if (withdrawn !== 0) {
    offer(word.withdrawn, atOf(m, withdrawn), factOf(m, withdrawn), end, false, value, limit);
  }
  if (limit !== none && value > limit) {
    offer(word.broken, atOf(m, term), factOf(m, term), end, true, value, limit);
  }
  if (failing !== 0) {
    const [measured, promised] = [orZero(itemValue(m, failing)), orZero(value)];
    offer(word.broken, atOf(m, failing), factOf(m, failing), end, true, measured, promised);
  }
  const broken = roles.broken.length === 0 ? 0 : earliestOf(c, roles.broken, term);
  if (broken !== 0)
    offer(word.broken, atOf(m, broken), factOf(m, broken), end, false, value, limit);
  if (next !== 0)
    offer(word.renegotiated, atOf(m, next), factOf(m, next), end, false, value, limit);
}

function say(into: Judged, verdict: number, since: number): Judged {
  into.verdict = verdict;
  into.since = since;
  return into;
}

/** When an absence is sure: after grace, and after its feed would have been found silent. */
function confirmMoment(c: Case, due: number, end: number): number {
  const since = c.health?.watchedSince ?? null;
  // A feed first heard when all was over tells nothing of it: what broke then stays broken.
  if (since === null || since >= end) return end;
  return Math.max(end, due + (c.template.source?.silentAfterMs ?? 0));
}

/** Since when the row cannot be judged because its feed is silent or not settled; NaN if it can. */
function blindFrom(c: Case, due: number, end: number): number {
  const { health, now, template } = c;
  if (health === null || !(health.silent || now < health.settleUntil)) return Number.NaN;
  // The last moment at which a keeping fact would still have been in time, and have told us.
  const lastWord = confirmMoment(c, due, end) - (template.source?.silentAfterMs ?? 0);
  return lastWord >= health.blindSince ? Math.max(due, health.blindSince) : Number.NaN;
}

/** What a row is while no fact has decided it: the clock, the feed's health and risk speak. */
function undecided(
  c: Case,
  madeAt: number,
  due: number,
  confirmedAt: number,
  riskAt: number,
  into: Judged,
): Judged {
  const { template, now } = c;
  if (due === none) return say(into, word.open, madeAt);
  const end = due + template.graceMs;
  if (now >= due) {
    if (now >= end && template.keptBySilence) return say(into, word.kept, end);
    if (now >= end && !template.verifiable) return say(into, word.unverifiable, end);
    const blind = blindFrom(c, due, end);
    if (!Number.isNaN(blind)) {
      into.blind = true;
      return say(into, word.sourceBlind, blind);
    }
    if (now < confirmMoment(c, due, end)) return say(into, word.overdue, due);
    if (template.confirm === null) return say(into, word.broken, end);
    if (confirmedAt !== none) return say(into, word.broken, Math.max(end, confirmedAt));
    const within = template.confirm.withinMs;
    if (within !== null && now >= madeAt + within) return say(into, word.voided, madeAt + within);
    return say(into, word.overdue, due);
  }
  let from = riskAt === none || riskAt > now ? never : Math.max(riskAt, madeAt);
  const { atRiskBeforeMs } = template;
  if (atRiskBeforeMs !== null && now >= due - atRiskBeforeMs) {
    from = Math.min(from, Math.max(due - atRiskBeforeMs, madeAt));
  }
  return from === never ? say(into, word.open, madeAt) : say(into, word.atRisk, from);
}

function confirmOf(c: Case, term: number): number {
  const { confirm } = c.template;
  if (confirm === null) return 0;
  const mark = earliestOf(c, c.roles.confirm, term);
  if (mark === 0 || confirm.withinMs === null) return mark;
  return atOf(c.m, mark) > atOf(c.m, term) + confirm.withinMs ? 0 : mark;
}

const sooner = (next: number, moment: number, now: number): number =>
  moment > now && moment < next ? moment : next;

/** The next moment at which time alone may change an undecided row or worsen a broken one. */
function nextMoment(c: Case, madeAt: number, due: number, riskAt: number, blind: boolean): number {
  const { template, now, health } = c;
  if (due === none) return never;
  if (blind) return health !== null && !health.silent ? health.settleUntil : never;
  const end = due + template.graceMs;
  let next = sooner(sooner(never, due, now), end, now);
  if (template.atRiskBeforeMs !== null) next = sooner(next, due - template.atRiskBeforeMs, now);
  if (riskAt !== none) next = sooner(next, riskAt, now);
  next = sooner(next, confirmMoment(c, due, end), now);
  const within = template.confirm?.withinMs ?? null;
  return within === null ? next : sooner(next, madeAt + within, now);
}

function add(m: Memory, evidence: List, fact: number): void {
  for (let i = 0; i < evidence.length; i += 1) if (sameId(m, evidence.at(i), fact)) return;
  evidence.push(fact);
}

/** How grave a break is, when it stopped hurting, and when it grows worse. */
function weighBreak(c: Case, due: number, into: Judged): void {
  const { template, now } = c;
  const found = decided.fact !== 0;
  const byValue = found && decided.byValue;
  const forGood = byValue || template.keptBySilence || template.kept.length === 0;
  into.mendedAt = forGood ? into.since : into.keptAt;
  const late = due === none ? -1 : (into.mendedAt === none ? now : into.mendedAt) - due;
  const excess = byValue ? Math.abs(orZero(decided.value) - orZero(decided.limit)) : late;
  into.severity = stepSeverity(template, excess);
  if (found && !byValue) {
    const least = template.brokenSeverity ?? template.steps[0]?.severity ?? 0;
    into.severity = Math.max(into.severity, least);
  }
  into.nextAt = never;
  if (due === none || byValue) return;
  for (const step of template.steps) {
    if (step.over <= excess) into.stepAt = due + step.over;
    else if (into.mendedAt === none && due + step.over > now) {
      into.nextAt = due + step.over;
      break;
    }
  }
}

type Writable<T> = { -readonly [Name in keyof T]: T[Name] };
const dueInput: Writable<DueInput> = { madeAt: 0, stated: null, needed: null };

function dueOf(c: Case, term: number): number {
  const stated = statedOf(c.m, term);
  dueInput.madeAt = atOf(c.m, term);
  dueInput.stated = stated === none ? null : stated;
  dueInput.needed = c.needed === none ? null : c.needed;
  const due0 = (c.variant?.due ?? c.template.due)(dueInput) ?? none;
  return c.roles.paused.length === 0 ? due0 : pausedDue(c, term, due0);
}

/** Judges the row made by `term`, which `next` (unless 0) moved to another date. */
export function judgeRow(c: Case, term: number, next: number, into: Judged): void {
  const { m, template, roles, now } = c;
  const madeAt = atOf(m, term);
  const due = dueOf(c, term);
  const kept = keepingOf(c, term);
  decide(c, term, next, due === none ? never : due + template.graceMs, kept.mark, kept.failing);
  const confirm = confirmOf(c, term);
  const risk = roles.risk.length === 0 ? 0 : earliestOf(c, roles.risk, term);
  const riskAt = risk === 0 ? none : atOf(m, risk);
  into.blind = false;
  if (decided.fact === 0) {
    undecided(c, madeAt, due, confirm === 0 ? none : atOf(m, confirm), riskAt, into);
    into.nextAt = nextMoment(c, madeAt, due, riskAt, into.blind);
    into.value = itemValue(m, term);
    into.limit = c.limit;
  } else {
    say(into, decided.verdict, decided.at);
    into.nextAt = never;
    into.value = decided.value;
    into.limit = decided.limit;
  }
  const { verdict, evidence } = into;
  const keptAt = kept.mark === 0 ? none : atOf(m, kept.mark);
  into.madeAt = madeAt;
  into.due = due;
  into.keptAt = c.limit !== none && verdict === word.kept ? madeAt : keptAt;
  into.stepAt = into.since;
  into.mendedAt = none;
  into.severity = 0;
  if (verdict === word.broken) weighBreak(c, due, into);
  evidence.clear();
  evidence.push(factOf(m, term));
  if (decided.fact !== 0) add(m, evidence, decided.fact);
  if (kept.mark !== 0) {
    if (verdict === word.broken || verdict === word.overdue) add(m, evidence, factOf(m, kept.mark));
    for (let i = 0; i < kept.used.length; i += 1) add(m, evidence, factOf(m, kept.used.at(i)));
  }
  if (confirm !== 0 && verdict === word.broken) add(m, evidence, factOf(m, confirm));
  if (risk !== 0 && riskAt <= now && verdict === word.atRisk) add(m, evidence, factOf(m, risk));
}

/** The terms that count; there is one list, written over each time. */
const counted = new List();

/** Terms that count: repeats of a date dropped, and dates given after it was kept or withdrawn. */
export function termsThatCount(c: Case): List {
  const { m } = c;
  const first = termsOf(m, c.pledge);
  counted.clear();
  if (first === 0) return counted;
  counted.push(first);
  if (nextItem(m, first) === 0) return counted;
  // A term within its limit is kept as soon as it is made.
  let closedAt = c.limit !== none && itemValue(m, first) <= c.limit ? atOf(m, first) : never;
  const kept = keepingOf(c, first).mark;
  if (kept !== 0) closedAt = Math.min(closedAt, atOf(m, kept));
  const withdrawn = earliestOf(c, c.roles.withdrawn, first);
  if (withdrawn !== 0) closedAt = Math.min(closedAt, atOf(m, withdrawn));
  let before = first;
  for (let term = nextItem(m, first); term !== 0; term = nextItem(m, term)) {
    if (statedOf(m, term) === statedOf(m, before) && itemValue(m, term) === itemValue(m, before)) {
      continue;
    }
    if (atOf(m, term) > closedAt) continue;
    counted.push(term);
    before = term;
  }
  return counted;
}

function variantOf(w: World, plan: TemplatePlan, c: number, at: number): PledgeVariant | null {
  const { template } = plan;
  if (template.variants.length === 0) return null;
  const items = w.customers.extrasOf(c)?.profile;
  if (items === undefined || items.length === 0) return plan.usual;
  const profile = profileAt(items, at, template.entitlement);
  for (const variant of template.variants) if (variant.applies(profile)) return variant;
  return null;
}

/** Fills in what the rows of a pledge are judged by; false if it has none: nobody made it, or it does not apply. */
export function openCase(
  w: World,
  customer: number,
  p: number,
  plan: TemplatePlan,
  now: number,
  into: Case,
): boolean {
  const { memory: m, names } = w.customers;
  const first = termsOf(m, p);
  if (first === 0) return false;
  const { template, roles } = plan;
  const variant = variantOf(w, plan, customer, atOf(m, first));
  if (variant?.off) return false;
  const needs = roles.needs[0];
  into.needed = none;
  if (needs !== undefined) {
    const mark = neededMark(m, p, needs, first);
    if (mark === 0) return false;
    into.needed = itemValue(m, mark);
  }
  into.m = m;
  into.names = names;
  into.pledge = p;
  into.template = template;
  into.roles = roles;
  into.variant = variant;
  into.tag = tagOf(m, first);
  into.limit = variant?.limit ?? template.limit ?? none;
  into.perMille = variant?.pointsPerMille ?? 1000;
  into.health = template.source === null ? null : (w.state.sources[template.source.index] ?? null);
  into.now = now;
  return true;
}
