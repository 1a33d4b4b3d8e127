import type { PledgeTemplate } from "@troth/policy";
import type { Case } from "./judge.ts";
import type { NumberedSlot } from "./roles.ts";
import type { FactRef, Mark, Pledge, Terms } from "./state.ts";
import { compareItems, sameFact } from "./state.ts";

const noMarks: readonly Mark[] = [];

/** The list in which the marks of a slot lie: the pledge's own, or the customer's loose ones. Ascending. */
export function marksOf(pledge: Pledge, { slot, number }: NumberedSlot): readonly Mark[] {
  if (slot.by === "key") return pledge.marks;
  for (const loose of pledge.customer.loose) {
    if (loose.slot === number && loose.template === pledge.template) return loose.marks;
  }
  return noMarks;
}

/** Whether a mark out of `marksOf` speaks of the row made by `term`. */
function speaksOf(c: Case, { slot, number }: NumberedSlot, term: Terms, mark: Mark): boolean {
  if (slot.by === "key") return mark.slot === number;
  if (mark.at < term.at - slot.lookBackMs) return false;
  if (slot.by === "tag" && (c.tag === null || mark.name !== c.tag)) return false;
  return !sameFact(mark.ref, term.ref);
}

/** The earliest mark of these slots that speaks of the row. */
export function earliestOf(c: Case, slots: readonly NumberedSlot[], term: Terms): Mark | null {
  let found: Mark | null = null;
  for (const slot of slots) {
    for (const mark of marksOf(c.pledge, slot)) {
      if (!speaksOf(c, slot, term, mark)) continue;
      if (found === null || compareItems(mark, found) < 0) found = mark;
      break;
    }
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

/** What keeps a row, and what breaks it by its value. There is one, written over each time. */
type Keeping = {
  /** The mark that keeps it; of several that are all needed, the latest. */
  mark: Mark | null;
  /** Where all are needed: one of each slot. */
  used: readonly Mark[];
  /** The earliest kept mark whose value is wrong: it breaks. */
  failing: Mark | null;
};

const keeping: Keeping = { mark: null, used: noMarks, failing: null };

/** The first mark of the slot that passes; one before it that does not is noted as failing. */
function firstPassing(c: Case, slot: NumberedSlot, term: Terms): Mark | null {
  let passing: Mark | null = null;
  for (const mark of marksOf(c.pledge, slot)) {
    if (!speaksOf(c, slot, term, mark)) continue;
    if (passes(c.template, mark, term)) {
      passing ??= mark;
      // Without a comparison none can fail; with one, a later mark still may.
      if (c.template.compare === null) break;
    } else if (keeping.failing === null || compareItems(mark, keeping.failing) < 0) {
      keeping.failing = mark;
    }
  }
  return passing;
}

/** What keeps the row made by `term`. To be read before the next call. */
export function keepingOf(c: Case, term: Terms): Readonly<Keeping> {
  const slots = c.roles.kept;
  keeping.mark = null;
  keeping.used = noMarks;
  keeping.failing = null;
  if (c.template.keptNeeds === "all") {
    const used: Mark[] = [];
    for (const slot of slots) {
      const mark = firstPassing(c, slot, term);
      if (mark !== null) used.push(mark);
    }
    if (used.length < slots.length || used.length === 0) return keeping;
    keeping.mark = used.reduce((a, b) => (compareItems(a, b) < 0 ? b : a));
    keeping.used = used;
    return keeping;
  }
  for (const slot of slots) {
    const mark = firstPassing(c, slot, term);
    if (mark === null) continue;
    if (keeping.mark === null || compareItems(mark, keeping.mark) < 0) keeping.mark = mark;
  }
  return keeping;
}

/** The due moment with every pause that began before it added; null while a pause is open. */
export function pausedDue(c: Case, term: Terms, due0: number | null): number | null {
  if (due0 === null) return null;
  const marks: { at: number; pauses: boolean; ref: FactRef }[] = [];
  const gather = (slots: readonly NumberedSlot[], pauses: boolean): void => {
    for (const slot of slots) {
      for (const mark of marksOf(c.pledge, slot)) {
        if (speaksOf(c, slot, term, mark)) marks.push({ at: mark.at, pauses, ref: mark.ref });
      }
    }
  };
  gather(c.roles.paused, true);
  gather(c.roles.resumed, false);
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
  return from !== null && Math.max(from, term.at) < due ? null : due;
}

/** The latest fact a pledge needs at or before its making. */
export function neededMark(pledge: Pledge, needs: NumberedSlot, first: Terms): Mark | null {
  const { slot, number } = needs;
  let found: Mark | null = null;
  for (const mark of marksOf(pledge, needs)) {
    if (mark.at > first.at) break;
    if (mark.slot !== number) continue;
    if (slot.withinMs !== null && mark.at < first.at - slot.withinMs) continue;
    if (slot.by === "tag" && (first.tag === null || mark.name !== first.tag)) continue;
    found = mark;
  }
  return found;
}
