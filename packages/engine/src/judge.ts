import type { Verdict } from "@troth/events";
import type { PledgeTemplate, Profile, Slot, SlotRole } from "@troth/policy";
import { slotsOf } from "@troth/policy";
import { profileAt } from "./profile.ts";
import type { Customer, FactRef, Mark, Pledge, SourceHealth, Terms } from "./state.ts";
import { compareItems, sameFact } from "./state.ts";

/** A row as it stands at a moment, worked out from items alone (RULES.md, sections 5 and 6). */
export type Judged = {
  readonly verdict: Verdict;
  readonly since: number;
  readonly madeAt: number;
  readonly due: number | null;
  readonly keptAt: number | null;
  readonly mendedAt: number | null;
  readonly severity: number;
  /** What was measured and what it was held against, where the verdict rests on a value. */
  readonly value: number | null;
  readonly limit: number | null;
  readonly perMille: number;
  /** Moment of the severity step in force, for a row that only grew worse. */
  readonly stepAt: number;
  readonly nextAt: number;
  readonly blind: boolean;
  readonly evidence: readonly string[];
};

type NumberedSlot = { readonly slot: Slot; readonly number: number };

/** The slots of a template by role, looked up once per template. */
type Roles = Readonly<Record<SlotRole, readonly NumberedSlot[]>>;
const rolesByTemplate = new WeakMap<PledgeTemplate, Roles>();

export function rolesOf(template: PledgeTemplate): Roles {
  const known = rolesByTemplate.get(template);
  if (known !== undefined) return known;
  const roles: Record<SlotRole, NumberedSlot[]> = {
    kept: [],
    broken: [],
    withdrawn: [],
    paused: [],
    resumed: [],
    risk: [],
    confirm: [],
    needs: [],
  };
  slotsOf(template).forEach(({ role, slot }, number) => {
    roles[role].push({ slot, number });
  });
  rolesByTemplate.set(template, roles);
  return roles;
}

const never = Number.POSITIVE_INFINITY;
const noMarks: readonly Mark[] = [];

function looseMarksOf(customer: Customer, template: PledgeTemplate, slot: number): readonly Mark[] {
  for (const loose of customer.loose) {
    if (loose.slot === slot && loose.template === template) return loose.marks;
  }
  return noMarks;
}

/** What a row is judged by: its pledge, its term, and everything that holds for all its rows. */
type Case = {
  readonly customer: Customer;
  readonly pledge: Pledge;
  readonly template: PledgeTemplate;
  readonly roles: Roles;
  readonly tag: string | null;
  readonly limit: number | null;
  readonly perMille: number;
  readonly health: SourceHealth | null;
  readonly now: number;
};

/** Calls `visit` for each mark of the slot that speaks of a row made by `term`, ascending. */
function eachMark(c: Case, numbered: NumberedSlot, term: Terms, visit: (mark: Mark) => void): void {
  const { slot, number } = numbered;
  if (slot.by === "key") {
    for (const mark of c.pledge.marks) if (mark.slot === number) visit(mark);
    return;
  }
  for (const mark of looseMarksOf(c.customer, c.template, number)) {
    if (mark.at < term.at - slot.lookBackMs) continue;
    if (slot.by === "tag" && (c.tag === null || mark.name !== c.tag)) continue;
    if (!sameFact(mark.ref, term.ref)) visit(mark);
  }
}

function earliest(c: Case, slots: readonly NumberedSlot[], term: Terms): Mark | null {
  let found: Mark | null = null;
  for (const slot of slots) {
    eachMark(c, slot, term, (mark) => {
      if (found === null || compareItems(mark, found) < 0) found = mark;
    });
  }
  return found;
}

function passes(template: PledgeTemplate, mark: Mark, term: Terms): boolean {
  if (template.compare === null || mark.value === null || term.value === null) return true;
  switch (template.compare) {
    case "at-most":
      return mark.value <= term.value;
    case "at-least":
      return mark.value >= term.value;
    case "equal":
      return mark.value === term.value;
  }
}

type Keeping = {
  /** The mark that keeps it; of several that are all needed, the latest. */
  readonly mark: Mark | null;
  readonly used: readonly Mark[];
  /** The earliest kept mark whose value is wrong: it breaks. */
  readonly failing: Mark | null;
};

function keeping(c: Case, term: Terms): Keeping {
  let failing: Mark | null = null;
  const firsts: (Mark | null)[] = [];
  for (const slot of c.roles.kept) {
    let first: Mark | null = null;
    eachMark(c, slot, term, (mark) => {
      if (passes(c.template, mark, term)) {
        if (first === null) first = mark;
      } else if (failing === null || compareItems(mark, failing) < 0) failing = mark;
    });
    firsts.push(first);
  }
  const present = firsts.filter((mark): mark is Mark => mark !== null);
  if (c.template.keptNeeds === "all") {
    if (present.length < firsts.length || present.length === 0) {
      return { mark: null, used: noMarks, failing };
    }
    const latest = present.reduce((a, b) => (compareItems(a, b) < 0 ? b : a));
    return { mark: latest, used: present, failing };
  }
  let mark: Mark | null = null;
  for (const one of present) if (mark === null || compareItems(one, mark) < 0) mark = one;
  return { mark, used: noMarks, failing };
}

type DueNow = { readonly due: number | null; readonly paused: boolean };

/** The due moment with every pause that began before it added; none while a pause is open. */
function duePaused(c: Case, term: Terms, due0: number | null): DueNow {
  if (due0 === null || c.roles.paused.length === 0) return { due: due0, paused: false };
  const marks: { at: number; pauses: boolean; ref: FactRef }[] = [];
  for (const slot of c.roles.paused) {
    eachMark(c, slot, term, (m) => marks.push({ at: m.at, pauses: true, ref: m.ref }));
  }
  for (const slot of c.roles.resumed) {
    eachMark(c, slot, term, (m) => marks.push({ at: m.at, pauses: false, ref: m.ref }));
  }
  marks.sort(compareItems);
  let due = due0;
  let from: number | null = null;
  for (const mark of marks) {
    if (mark.pauses) {
      from ??= mark.at;
    } else if (from !== null) {
      const start = Math.max(from, term.at);
      if (start < due && mark.at > start) due += mark.at - start;
      from = null;
    }
  }
  const paused = from !== null && Math.max(from, term.at) < due;
  return { due: paused ? null : due, paused };
}

function stepSeverity(template: PledgeTemplate, excess: number): number {
  let severity = 0;
  for (const step of template.steps) {
    if (step.over > excess) break;
    severity = step.severity;
  }
  return severity;
}

type Decider = {
  readonly verdict: "kept" | "withdrawn" | "broken" | "renegotiated";
  readonly at: number;
  readonly ref: FactRef;
  /** For a break: how it was found out. */
  readonly by: "value" | "mark";
  readonly excess: number;
  /** For a break by value: what was measured, and what it should have been. */
  readonly value: number | null;
  readonly limit: number | null;
};

/** The earliest of kept, withdrawn, broken, renegotiated at or before `end`; ties in that order. */
function decider(
  c: Case,
  term: Terms,
  next: Terms | null,
  end: number | null,
  kept: Keeping,
): Decider | null {
  let best: Decider | null = null;
  const offer = (candidate: Decider): void => {
    if (end !== null && candidate.at > end) return;
    if (best === null || candidate.at < best.at) best = candidate;
  };
  const mark = (verdict: Decider["verdict"], at: number, ref: FactRef): void =>
    offer({ verdict, at, ref, by: "mark", excess: 0, value: term.value, limit: c.limit });
  if (c.limit !== null && (term.value ?? c.limit) <= c.limit) mark("kept", term.at, term.ref);
  if (kept.mark !== null) mark("kept", kept.mark.at, kept.mark.ref);
  const withdrawn = earliest(c, c.roles.withdrawn, term);
  if (withdrawn !== null) mark("withdrawn", withdrawn.at, withdrawn.ref);
  const byValue = (at: number, ref: FactRef, value: number, limit: number): void =>
    offer({
      verdict: "broken",
      at,
      ref,
      by: "value",
      excess: Math.abs(value - limit),
      value,
      limit,
    });
  if (c.limit !== null && term.value !== null && term.value > c.limit) {
    byValue(term.at, term.ref, term.value, c.limit);
  }
  if (kept.failing !== null) {
    byValue(kept.failing.at, kept.failing.ref, kept.failing.value ?? 0, term.value ?? 0);
  }
  const broken = earliest(c, c.roles.broken, term);
  if (broken !== null) mark("broken", broken.at, broken.ref);
  if (next !== null) mark("renegotiated", next.at, next.ref);
  return best;
}

type Undecided = { readonly verdict: Verdict; readonly since: number; readonly blind: boolean };

/** When an absence is sure: after grace, and after its feed would have been found silent. */
const confirmMoment = (c: Case, due: number, end: number): number =>
  c.health?.watched ? Math.max(end, due + (c.template.source?.silentAfterMs ?? 0)) : end;

/** What a row is while no fact has decided it: the clock, the feed's health and risk speak. */
function undecided(c: Case, term: Terms, due: number | null, confirm: Mark | null): Undecided {
  const { template, now, health } = c;
  const says = (verdict: Verdict, since: number): Undecided => ({ verdict, since, blind: false });
  if (due === null) return says("open", term.at);
  const end = due + template.graceMs;
  const settling = health !== null && (health.silent || now < health.settleUntil);
  // The last moment at which a keeping fact would still have been in time, and have told us.
  const lastWord = confirmMoment(c, due, end) - (template.source?.silentAfterMs ?? 0);
  const blind: Undecided | null =
    settling && health !== null && lastWord >= health.blindSince
      ? { verdict: "source-blind", since: Math.max(due, health.blindSince), blind: true }
      : null;
  if (now >= end) {
    if (template.keptBySilence) return says("kept", end);
    if (!template.verifiable) return says("unverifiable", end);
    if (health?.watched) {
      if (blind !== null) return blind;
      if (now < confirmMoment(c, due, end)) return says("overdue", due);
    }
    if (template.confirm === null) return says("broken", end);
    if (confirm !== null) return says("broken", Math.max(end, confirm.at));
    const within = template.confirm.withinMs;
    if (within !== null && now >= term.at + within) return says("void", term.at + within);
    return says("overdue", due);
  }
  if (now >= due) return blind ?? says("overdue", due);
  let riskAt = never;
  const risk = riskOf(c, term);
  if (risk !== null) riskAt = Math.max(risk.at, term.at);
  if (template.atRiskBeforeMs !== null && now >= due - template.atRiskBeforeMs) {
    riskAt = Math.min(riskAt, Math.max(due - template.atRiskBeforeMs, term.at));
  }
  return riskAt === never ? says("open", term.at) : says("at-risk", riskAt);
}

/** The earliest fact that puts the row at risk, if it has happened. */
function riskOf(c: Case, term: Terms): Mark | null {
  const risk = c.roles.risk.length === 0 ? null : earliest(c, c.roles.risk, term);
  return risk !== null && risk.at <= c.now ? risk : null;
}

function confirmOf(c: Case, term: Terms): Mark | null {
  const confirm = c.template.confirm;
  if (confirm === null) return null;
  const mark = earliest(c, c.roles.confirm, term);
  if (mark === null) return null;
  return confirm.withinMs !== null && mark.at > term.at + confirm.withinMs ? null : mark;
}

/** The next moment at which time alone may change an undecided row or worsen a broken one. */
function nextMoment(c: Case, term: Terms, due: number | null, standing: Undecided): number {
  const { template, now, health } = c;
  if (due === null) return never;
  if (standing.blind) return health !== null && !health.silent ? health.settleUntil : never;
  let next = never;
  const offer = (moment: number): void => {
    if (moment > now && moment < next) next = moment;
  };
  offer(due);
  offer(due + template.graceMs);
  if (template.atRiskBeforeMs !== null) offer(due - template.atRiskBeforeMs);
  const risk = c.roles.risk.length === 0 ? null : earliest(c, c.roles.risk, term);
  if (risk !== null) offer(risk.at);
  offer(confirmMoment(c, due, due + template.graceMs));
  const within = template.confirm?.withinMs ?? null;
  if (within !== null) offer(term.at + within);
  return next;
}

function evidenceOf(
  term: Terms,
  decided: Decider | null,
  verdict: Verdict,
  kept: Keeping,
  confirm: Mark | null,
  risk: Mark | null,
): readonly string[] {
  const ids = [term.ref.id];
  const add = (id: string): void => {
    if (!ids.includes(id)) ids.push(id);
  };
  if (decided !== null) add(decided.ref.id);
  if (kept.mark !== null && (verdict === "broken" || verdict === "overdue")) add(kept.mark.ref.id);
  for (const mark of kept.used) add(mark.ref.id);
  if (confirm !== null && verdict === "broken") add(confirm.ref.id);
  if (risk !== null && verdict === "at-risk") add(risk.ref.id);
  return ids;
}

function judgeRow(c: Case, term: Terms, next: Terms | null, due0: number | null): Judged {
  const { template, now } = c;
  const { due } = duePaused(c, term, due0);
  const end = due === null ? null : due + template.graceMs;
  const kept = keeping(c, term);
  const decided = decider(c, term, next, end, kept);
  const confirm = confirmOf(c, term);
  const standing = decided === null ? undecided(c, term, due, confirm) : null;
  const verdict = decided?.verdict ?? standing?.verdict ?? "open";
  const since = decided?.at ?? standing?.since ?? term.at;
  const keptAt = c.limit !== null && verdict === "kept" ? term.at : (kept.mark?.at ?? null);
  let severity = 0;
  let mendedAt: number | null = null;
  let stepAt = since;
  let nextAt = standing === null ? never : nextMoment(c, term, due, standing);
  if (verdict === "broken") {
    const byValue = decided?.by === "value";
    const forGood = byValue || template.keptBySilence || template.kept.length === 0;
    mendedAt = forGood ? since : keptAt;
    const late = due === null ? -1 : (mendedAt ?? now) - due;
    const excess = byValue ? (decided?.excess ?? 0) : late;
    severity = stepSeverity(template, excess);
    if (decided !== null && !byValue) {
      severity = Math.max(severity, template.brokenSeverity ?? template.steps[0]?.severity ?? 0);
    }
    nextAt = never;
    if (due !== null && !byValue) {
      for (const step of template.steps) {
        if (step.over <= excess) stepAt = due + step.over;
        else if (mendedAt === null && due + step.over > now) {
          nextAt = due + step.over;
          break;
        }
      }
    }
  }
  return {
    verdict,
    since,
    madeAt: term.at,
    due,
    keptAt,
    mendedAt,
    severity,
    value: decided === null ? term.value : decided.value,
    limit: decided === null ? c.limit : decided.limit,
    perMille: c.perMille,
    stepAt,
    nextAt,
    blind: standing?.blind ?? false,
    evidence: evidenceOf(term, decided, verdict, kept, confirm, riskOf(c, term)),
  };
}

/** The latest fact a pledge needs at or before its making; undefined where the template needs none. */
function neededMark(c: Case, first: Terms): Mark | null | undefined {
  const needs = c.template.needs;
  const numbered = c.roles.needs[0];
  if (needs === null || numbered === undefined) return undefined;
  let found: Mark | null = null;
  for (const mark of looseMarksOf(c.customer, c.template, numbered.number)) {
    if (mark.at > first.at) break;
    if (needs.withinMs !== null && mark.at < first.at - needs.withinMs) continue;
    if (needs.by === "tag" && (c.tag === null || mark.name !== c.tag)) continue;
    found = mark;
  }
  return found;
}

/** Terms that count: repeats of a date dropped, and dates given after it was kept or withdrawn. */
function termsThatCount(c: Case): readonly Terms[] {
  const terms = c.pledge.terms;
  const first = terms[0];
  if (first === undefined || terms.length === 1) return terms;
  const closing = [keeping(c, first).mark, earliest(c, c.roles.withdrawn, first)];
  // A term within its limit is kept as soon as it is made.
  let closedAt = c.limit !== null && (first.value ?? c.limit) <= c.limit ? first.at : never;
  for (const mark of closing) if (mark !== null) closedAt = Math.min(closedAt, mark.at);
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

const none: readonly Judged[] = [];

function variantOf(template: PledgeTemplate, customer: Customer, at: number) {
  if (template.variants.length === 0) return null;
  const profile: Profile = profileAt(customer.profile, at, template.entitlement);
  return template.variants.find((variant) => variant.applies(profile)) ?? null;
}

/** All rows of a pledge as they stand at `now`; none if nobody made it or it does not apply. */
export function judge(pledge: Pledge, health: SourceHealth | null, now: number): readonly Judged[] {
  const first = pledge.terms[0];
  if (first === undefined) return none;
  const { template, customer } = pledge;
  const variant = variantOf(template, customer, first.at);
  if (variant?.off) return none;
  const c: Case = {
    customer,
    pledge,
    template,
    roles: rolesOf(template),
    tag: first.tag,
    limit: variant?.limit ?? template.limit,
    perMille: variant?.pointsPerMille ?? 1000,
    health,
    now,
  };
  const needed = neededMark(c, first);
  if (needed === null) return none;
  const terms = termsThatCount(c);
  const due = variant?.due ?? template.due;
  return terms.map((term, i) => {
    const due0 = due({ madeAt: term.at, stated: term.stated, needed: needed?.value ?? null });
    return judgeRow(c, term, terms[i + 1] ?? null, due0);
  });
}
