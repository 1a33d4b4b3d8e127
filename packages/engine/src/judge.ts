import type { Verdict } from "@troth/events";
import type { PledgeTemplate, PledgeVariant } from "@troth/policy";
import { earliestOf, keepingOf, neededMark, pausedDue } from "./marks.ts";
import { profileAt } from "./profile.ts";
import type { Roles } from "./roles.ts";
import type { Customer, FactRef, Mark, Pledge, SourceHealth, Terms } from "./state.ts";

/**
 * A row as it stands at a moment, worked out from items alone (RULES.md, sections 5 and 6). There is
 * one for all judging, written over each time: most rows that are looked at have not changed.
 */
export type Judged = {
  verdict: Verdict;
  since: number;
  madeAt: number;
  due: number | null;
  keptAt: number | null;
  mendedAt: number | null;
  severity: number;
  /** What was measured and what it was held against, where the verdict rests on a value. */
  value: number | null;
  limit: number | null;
  /** Moment of the severity step in force, for a row that only grew worse. */
  stepAt: number;
  nextAt: number;
  blind: boolean;
  /** Event ids, in order and without repeats. */
  readonly evidence: string[];
};

export const blankJudged = (): Judged => ({
  verdict: "open",
  since: 0,
  madeAt: 0,
  due: null,
  keptAt: null,
  mendedAt: null,
  severity: 0,
  value: null,
  limit: null,
  stepAt: 0,
  nextAt: 0,
  blind: false,
  evidence: [],
});

const never = Number.POSITIVE_INFINITY;

/** What a row is judged by: its pledge, and everything that holds for all its rows. */
export type Case = {
  readonly customer: Customer;
  readonly pledge: Pledge;
  readonly template: PledgeTemplate;
  readonly roles: Roles;
  readonly variant: PledgeVariant | null;
  readonly tag: string | null;
  readonly limit: number | null;
  readonly perMille: number;
  /** The fact it needs; null where the template needs none. */
  readonly needed: Mark | null;
  readonly health: SourceHealth | null;
  readonly now: number;
};

function stepSeverity(template: PledgeTemplate, excess: number): number {
  let severity = 0;
  for (const step of template.steps) {
    if (step.over > excess) break;
    severity = step.severity;
  }
  return severity;
}

/** The fact that decides a row; `ref` is null while none does. Written over like `Judged`. */
type Decider = {
  verdict: "kept" | "withdrawn" | "broken" | "renegotiated";
  at: number;
  ref: FactRef | null;
  /** A break found out by a value that is wrong. */
  byValue: boolean;
  /** For a break by value: what was measured, and what it should have been. */
  value: number | null;
  limit: number | null;
};

const decided: Decider = {
  verdict: "kept",
  at: 0,
  ref: null,
  byValue: false,
  value: null,
  limit: null,
};

/** Takes the earliest offered at or before `end`; of several at one moment the one offered first. */
function offer(
  verdict: Decider["verdict"],
  at: number,
  ref: FactRef,
  end: number,
  byValue: boolean,
  value: number | null,
  limit: number | null,
): void {
  if (at > end || (decided.ref !== null && at >= decided.at)) return;
  decided.verdict = verdict;
  decided.at = at;
  decided.ref = ref;
  decided.byValue = byValue;
  decided.value = value;
  decided.limit = limit;
}

/** The earliest of kept, withdrawn, broken, renegotiated at or before `end`; ties in that order. */
function decide(
  c: Case,
  term: Terms,
  next: Terms | null,
  end: number,
  kept: Mark | null,
  failing: Mark | null,
): void {
  const { limit, roles } = c;
  decided.ref = null;
  if (limit !== null && (term.value ?? limit) <= limit) {
    offer("kept", term.at, term.ref, end, false, term.value, limit);
  }
  if (kept !== null) offer("kept", kept.at, kept.ref, end, false, term.value, limit);
  const withdrawn = earliestOf(c, roles.withdrawn, term);
  if (withdrawn !== null) {
    offer("withdrawn", withdrawn.at, withdrawn.ref, end, false, term.value, limit);
  }
  if (limit !== null && term.value !== null && term.value > limit) {
    offer("broken", term.at, term.ref, end, true, term.value, limit);
  }
  if (failing !== null) {
    offer("broken", failing.at, failing.ref, end, true, failing.value ?? 0, term.value ?? 0);
  }
  const broken = earliestOf(c, roles.broken, term);
  if (broken !== null) offer("broken", broken.at, broken.ref, end, false, term.value, limit);
  if (next !== null) offer("renegotiated", next.at, next.ref, end, false, term.value, limit);
}

function say(into: Judged, verdict: Verdict, since: number): Judged {
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
  term: Terms,
  due: number | null,
  confirm: Mark | null,
  risk: Mark | null,
  into: Judged,
): Judged {
  const { template, now } = c;
  if (due === null) return say(into, "open", term.at);
  const end = due + template.graceMs;
  if (now >= due) {
    if (now >= end && template.keptBySilence) return say(into, "kept", end);
    if (now >= end && !template.verifiable) return say(into, "unverifiable", end);
    const blind = blindFrom(c, due, end);
    if (!Number.isNaN(blind)) {
      into.blind = true;
      return say(into, "source-blind", blind);
    }
    if (now < confirmMoment(c, due, end)) return say(into, "overdue", due);
    if (template.confirm === null) return say(into, "broken", end);
    if (confirm !== null) return say(into, "broken", Math.max(end, confirm.at));
    const within = template.confirm.withinMs;
    if (within !== null && now >= term.at + within) return say(into, "void", term.at + within);
    return say(into, "overdue", due);
  }
  let riskAt = risk === null || risk.at > now ? never : Math.max(risk.at, term.at);
  if (template.atRiskBeforeMs !== null && now >= due - template.atRiskBeforeMs) {
    riskAt = Math.min(riskAt, Math.max(due - template.atRiskBeforeMs, term.at));
  }
  return riskAt === never ? say(into, "open", term.at) : say(into, "at-risk", riskAt);
}

function confirmOf(c: Case, term: Terms): Mark | null {
  const confirm = c.template.confirm;
  if (confirm === null) return null;
  const mark = earliestOf(c, c.roles.confirm, term);
  if (mark === null) return null;
  return confirm.withinMs !== null && mark.at > term.at + confirm.withinMs ? null : mark;
}

const sooner = (next: number, moment: number, now: number): number =>
  moment > now && moment < next ? moment : next;

/** The next moment at which time alone may change an undecided row or worsen a broken one. */
function nextMoment(
  c: Case,
  term: Terms,
  due: number | null,
  risk: Mark | null,
  blind: boolean,
): number {
  const { template, now, health } = c;
  if (due === null) return never;
  if (blind) return health !== null && !health.silent ? health.settleUntil : never;
  const end = due + template.graceMs;
  let next = sooner(sooner(never, due, now), end, now);
  if (template.atRiskBeforeMs !== null) next = sooner(next, due - template.atRiskBeforeMs, now);
  if (risk !== null) next = sooner(next, risk.at, now);
  next = sooner(next, confirmMoment(c, due, end), now);
  const within = template.confirm?.withinMs ?? null;
  return within === null ? next : sooner(next, term.at + within, now);
}

function add(evidence: string[], ref: FactRef): void {
  if (!evidence.includes(ref.id)) evidence.push(ref.id);
}

/** How grave a break is, when it stopped hurting, and when it grows worse. */
function weighBreak(c: Case, due: number | null, into: Judged): void {
  const { template, now } = c;
  const found = decided.ref !== null;
  const byValue = found && decided.byValue;
  const forGood = byValue || template.keptBySilence || template.kept.length === 0;
  into.mendedAt = forGood ? into.since : into.keptAt;
  const late = due === null ? -1 : (into.mendedAt ?? now) - due;
  const excess = byValue ? Math.abs((decided.value ?? 0) - (decided.limit ?? 0)) : late;
  into.severity = stepSeverity(template, excess);
  if (found && !byValue) {
    const least = template.brokenSeverity ?? template.steps[0]?.severity ?? 0;
    into.severity = Math.max(into.severity, least);
  }
  into.nextAt = never;
  if (due === null || byValue) return;
  for (const step of template.steps) {
    if (step.over <= excess) into.stepAt = due + step.over;
    else if (into.mendedAt === null && due + step.over > now) {
      into.nextAt = due + step.over;
      break;
    }
  }
}

/** Judges the row made by `term`, which `next` (if any) moved to another date. */
export function judgeRow(c: Case, term: Terms, next: Terms | null, into: Judged): void {
  const { template, roles, now } = c;
  const due0 = (c.variant?.due ?? template.due)({
    madeAt: term.at,
    stated: term.stated,
    needed: c.needed?.value ?? null,
  });
  const due = roles.paused.length === 0 ? due0 : pausedDue(c, term, due0);
  const kept = keepingOf(c, term);
  decide(c, term, next, due === null ? never : due + template.graceMs, kept.mark, kept.failing);
  const confirm = confirmOf(c, term);
  const risk = roles.risk.length === 0 ? null : earliestOf(c, roles.risk, term);
  into.blind = false;
  if (decided.ref === null) {
    undecided(c, term, due, confirm, risk, into);
    into.nextAt = nextMoment(c, term, due, risk, into.blind);
    into.value = term.value;
    into.limit = c.limit;
  } else {
    say(into, decided.verdict, decided.at);
    into.nextAt = never;
    into.value = decided.value;
    into.limit = decided.limit;
  }
  const { verdict } = into;
  into.madeAt = term.at;
  into.due = due;
  into.keptAt = c.limit !== null && verdict === "kept" ? term.at : (kept.mark?.at ?? null);
  into.stepAt = into.since;
  into.mendedAt = null;
  into.severity = 0;
  if (verdict === "broken") weighBreak(c, due, into);
  const { evidence } = into;
  evidence.length = 1;
  evidence[0] = term.ref.id;
  if (decided.ref !== null) add(evidence, decided.ref);
  if (kept.mark !== null) {
    if (verdict === "broken" || verdict === "overdue") add(evidence, kept.mark.ref);
    for (const mark of kept.used) add(evidence, mark.ref);
  }
  if (confirm !== null && verdict === "broken") add(evidence, confirm.ref);
  if (risk !== null && risk.at <= now && verdict === "at-risk") add(evidence, risk.ref);
}

/** Terms that count: repeats of a date dropped, and dates given after it was kept or withdrawn. */
export function termsThatCount(c: Case): readonly Terms[] {
  const terms = c.pledge.terms;
  const first = terms[0];
  if (first === undefined || terms.length === 1) return terms;
  // A term within its limit is kept as soon as it is made.
  let closedAt = c.limit !== null && (first.value ?? c.limit) <= c.limit ? first.at : never;
  const kept = keepingOf(c, first).mark;
  if (kept !== null) closedAt = Math.min(closedAt, kept.at);
  const withdrawn = earliestOf(c, c.roles.withdrawn, first);
  if (withdrawn !== null) closedAt = Math.min(closedAt, withdrawn.at);
  const list: Terms[] = [];
  let before: Terms | null = null;
  for (const term of terms) {
    if (before !== null && term.stated === before.stated && term.value === before.value) continue;
    if (before !== null && term.at > closedAt) continue;
    list.push(term);
    before = term;
  }
  return list;
}

function variantOf(template: PledgeTemplate, customer: Customer, at: number): PledgeVariant | null {
  if (template.variants.length === 0) return null;
  const profile = profileAt(customer.profile, at, template.entitlement);
  for (const variant of template.variants) if (variant.applies(profile)) return variant;
  return null;
}

/** What the rows of a pledge are judged by at `now`; null if it has none: nobody made it, or it does not apply. */
export function caseOf(
  pledge: Pledge,
  roles: Roles,
  health: SourceHealth | null,
  now: number,
): Case | null {
  const first = pledge.terms[0];
  if (first === undefined) return null;
  const { template, customer } = pledge;
  const variant = variantOf(template, customer, first.at);
  if (variant?.off) return null;
  const needs = roles.needs[0];
  let needed: Mark | null = null;
  if (needs !== undefined) {
    needed = neededMark(pledge, needs, first);
    if (needed === null) return null;
  }
  return {
    customer,
    pledge,
    template,
    roles,
    variant,
    tag: first.tag,
    limit: variant?.limit ?? template.limit,
    perMille: variant?.pointsPerMille ?? 1000,
    needed,
    health,
    now,
  };
}
