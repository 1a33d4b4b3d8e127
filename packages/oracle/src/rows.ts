import type { PledgeTemplate, PledgeVariant, SlotRole } from "@troth/policy";
import type { Items } from "./items.ts";
import { ascending, compareText, earliest, latest, sameFact } from "./order.ts";
import { pausedDue } from "./pauses.ts";
import { profileAsOf } from "./profile.ts";
import type { Mark, Term } from "./traces.ts";

/** `mark` is null when the making fact carries the verdict itself (a limit). */
export type Keeping = {
  readonly at: number;
  readonly mark: Mark | null;
  /** With `keptNeeds: all`, one of every slot in slot order; else the mark alone. */
  readonly used: readonly Mark[];
};
export type Breaking = {
  readonly at: number;
  readonly mark: Mark | null;
  /** How far the value is off when the value broke it; null when something happened. */
  readonly excess: number | null;
};

/** One date given under a pledge, with everything known that speaks of it (RULES.md 5). */
export type Row = {
  readonly promiseId: string;
  readonly key: string;
  readonly template: PledgeTemplate;
  readonly variant: PledgeVariant | null;
  readonly term: number;
  readonly made: Term;
  readonly next: Term | null;
  /** Null when nothing can fall due, or while it is paused. */
  readonly due: number | null;
  readonly end: number | null;
  readonly limit: number | null;
  readonly kept: Keeping | null;
  readonly broken: Breaking | null;
  readonly withdrawn: Mark | null;
  readonly confirm: Mark | null;
  readonly risk: Mark | null;
};

/** All rows of all pledges of a customer, ascending by promise id and term. */
export function rowsOf(items: Items): Row[] {
  const promiseIds = [...items.terms.keys()].sort(compareText);
  return promiseIds.flatMap((promiseId) => rowsOfPledge(items, promiseId));
}

/** What all rows of one pledge share. */
type Pledge = {
  readonly promiseId: string;
  readonly template: PledgeTemplate;
  readonly variant: PledgeVariant | null;
  readonly tag: string | null;
  readonly needed: number | null;
  readonly limit: number | null;
  /** Keyed marks of this pledge and loose ones of its template. */
  readonly marks: readonly Mark[];
};

function rowsOfPledge(items: Items, promiseId: string): Row[] {
  const terms = items.terms.get(promiseId) ?? [];
  const first = terms[0];
  if (first === undefined) return [];
  const { template } = first;
  const marks = marksFor(items, promiseId, template);
  const needed = neededMark(template, first, marks);
  if (template.needs !== null && needed === null) return [];
  const profile = profileAsOf(items.profile, first.at, !template.entitlement);
  const variant = template.variants.find((one) => one.applies(profile)) ?? null;
  if (variant?.off === true) return [];
  const pledge: Pledge = {
    promiseId,
    template,
    variant,
    tag: first.tag,
    needed: needed?.value ?? null,
    limit: variant?.limit ?? template.limit,
    marks,
  };
  const standing = withoutLateTerms(pledge, withoutRepeats(terms));
  return standing.map((term, i) => rowOf(pledge, term, i + 1, standing[i + 1] ?? null));
}

function marksFor(items: Items, promiseId: string, template: PledgeTemplate): Mark[] {
  const keyed = items.keyed.get(promiseId) ?? [];
  return [...keyed, ...items.loose.filter((mark) => mark.template.index === template.index)];
}

function matches(mark: Mark, tag: string | null): boolean {
  if (mark.slot.by === "tag") return mark.name !== null && mark.name === tag;
  return true;
}

/** The latest needs mark that came before the pledge was first made, and not too long before. */
function neededMark(template: PledgeTemplate, first: Term, marks: readonly Mark[]): Mark | null {
  const withinMs = template.needs?.withinMs ?? null;
  const from = withinMs === null ? Number.NEGATIVE_INFINITY : first.at - withinMs;
  return latest(
    marks.filter(
      (mark) =>
        mark.role === "needs" && matches(mark, first.tag) && from <= mark.at && mark.at <= first.at,
    ),
  );
}

/** Saying the same again is no new promise. */
function withoutRepeats(terms: readonly Term[]): Term[] {
  const distinct: Term[] = [];
  for (const term of terms) {
    const before = distinct.at(-1);
    const same = before?.stated === term.stated && before.value === term.value;
    if (!same) distinct.push(term);
  }
  return distinct;
}

/** A date given after it arrived, or was withdrawn, is no promise. */
function withoutLateTerms(pledge: Pledge, terms: readonly Term[]): Term[] {
  const first = terms[0];
  if (first === undefined) return [];
  const over = Math.min(
    keepingOf(pledge, first)?.at ?? Number.POSITIVE_INFINITY,
    earliest(speaking(pledge, first, "withdrawn"))?.at ?? Number.POSITIVE_INFINITY,
  );
  return terms.filter((term, i) => i === 0 || term.at <= over);
}

function rowOf(pledge: Pledge, made: Term, term: number, next: Term | null): Row {
  const { template, variant } = pledge;
  const due = dueOf(pledge, made);
  const within = template.confirm?.withinMs ?? null;
  const confirms = speaking(pledge, made, "confirm");
  return {
    promiseId: pledge.promiseId,
    key: pledge.promiseId.slice(template.id.length + 1),
    template,
    variant,
    term,
    made,
    next,
    due,
    end: due === null ? null : due + template.graceMs,
    limit: pledge.limit,
    kept: keepingOf(pledge, made),
    broken: breakingOf(pledge, made),
    withdrawn: earliest(speaking(pledge, made, "withdrawn")),
    confirm: earliest(confirms.filter((mark) => within === null || mark.at <= made.at + within)),
    risk: earliest(speaking(pledge, made, "risk")),
  };
}

/** Marks of a role that speak of the row made by `made`. */
function speaking(pledge: Pledge, made: Term, role: SlotRole): Mark[] {
  return pledge.marks.filter((mark) => {
    if (mark.role !== role) return false;
    if (mark.slot.by === "key") return true;
    if (!matches(mark, pledge.tag) || sameFact(mark, made)) return false;
    return mark.at >= made.at - mark.slot.lookBackMs;
  });
}

function dueOf(pledge: Pledge, made: Term): number | null {
  const due = pledge.variant?.due ?? pledge.template.due;
  const first = due({ madeAt: made.at, stated: made.stated, needed: pledge.needed });
  if (first === null) return null;
  const inTime = (mark: Mark): boolean => mark.slot.by === "key" || mark.at >= made.at;
  return pausedDue({
    due: first,
    madeAt: made.at,
    paused: speaking(pledge, made, "paused").filter(inTime),
    resumed: speaking(pledge, made, "resumed").filter(inTime),
  });
}

function passes(pledge: Pledge, made: Term, mark: Mark): boolean {
  const { compare } = pledge.template;
  if (compare === null || mark.value === null || made.value === null) return true;
  if (compare === "at-most") return mark.value <= made.value;
  if (compare === "at-least") return mark.value >= made.value;
  return mark.value === made.value;
}

function keepingOf(pledge: Pledge, made: Term): Keeping | null {
  const { limit, template } = pledge;
  if (limit !== null && (made.value === null || made.value <= limit))
    return { at: made.at, mark: null, used: [] };
  const passing = ascending(
    speaking(pledge, made, "kept").filter((mark) => passes(pledge, made, mark)),
  );
  if (template.keptNeeds === "any") {
    const mark = passing[0];
    return mark === undefined ? null : { at: mark.at, mark, used: [mark] };
  }
  const used = template.kept.flatMap((slot) => passing.find((mark) => mark.slot === slot) ?? []);
  const last = latest(used);
  if (last === null || used.length < template.kept.length) return null;
  return { at: last.at, mark: last, used };
}

function breakingOf(pledge: Pledge, made: Term): Breaking | null {
  const { limit } = pledge;
  if (limit !== null && made.value !== null && made.value > limit)
    return { at: made.at, mark: null, excess: made.value - limit };
  const failing = speaking(pledge, made, "kept").filter((mark) => !passes(pledge, made, mark));
  const mark = earliest([...speaking(pledge, made, "broken"), ...failing]);
  if (mark === null) return null;
  const byValue = mark.role === "kept" && mark.value !== null && made.value !== null;
  const excess = byValue ? Math.abs((mark.value ?? 0) - (made.value ?? 0)) : null;
  return { at: mark.at, mark, excess };
}
