import type { PledgeTemplate } from "@troth/policy";
import type { Case } from "./judge.ts";
import { findLoose } from "./pledges.ts";
import { sameFact } from "./register/facts.ts";
import { compareItems } from "./register/items.ts";
import {
  atOf,
  customerOf,
  factOf,
  itemValue,
  keyedMarksOf,
  looseMarks,
  nameOf,
  nextItem,
  slotOf,
  tagOf,
  templateOf,
} from "./register/layout.ts";
import { List } from "./register/list.ts";
import { type Memory, none } from "./register/memory.ts";
import { compareTexts } from "./register/texts.ts";
import type { NumberedSlot } from "./roles.ts";

/*
 * Which marks speak of a row. A mark is its address in memory; 0 is none.
 */

/** The first of the list in which the marks of a slot lie: the pledge's own, or the customer's loose ones. */
export function marksOf(m: Memory, p: number, { slot, number }: NumberedSlot): number {
  if (slot.by === "key") return keyedMarksOf(m, p);
  const loose = findLoose(m, customerOf(m, p), templateOf(m, p), number);
  return loose === 0 ? 0 : looseMarks(m, loose);
}

const sameText = (m: Memory, a: number, b: number): boolean =>
  a !== 0 && b !== 0 && compareTexts(m, a, b) === 0;

/** Whether a mark out of `marksOf` speaks of the row made by `term`. */
function speaksOf(c: Case, { slot, number }: NumberedSlot, term: number, mark: number): boolean {
  const { m } = c;
  if (slot.by === "key") return slotOf(m, mark) === number;
  if (atOf(m, mark) < atOf(m, term) - slot.lookBackMs) return false;
  if (slot.by === "tag" && !sameText(m, c.tag, nameOf(m, mark))) return false;
  return !sameFact(m, factOf(m, mark), factOf(m, term));
}

const before = (c: Case, a: number, b: number): boolean => compareItems(c.m, c.names, a, b) < 0;

/** The earliest mark of these slots that speaks of the row. */
export function earliestOf(c: Case, slots: readonly NumberedSlot[], term: number): number {
  let found = 0;
  for (const slot of slots) {
    for (let mark = marksOf(c.m, c.pledge, slot); mark !== 0; mark = nextItem(c.m, mark)) {
      if (!speaksOf(c, slot, term, mark)) continue;
      if (found === 0 || before(c, mark, found)) found = mark;
      break;
    }
  }
  return found;
}

function passes(m: Memory, template: PledgeTemplate, mark: number, term: number): boolean {
  if (template.compare === null) return true;
  const measured = itemValue(m, mark);
  const promised = itemValue(m, term);
  if (measured === none || promised === none) return true;
  switch (template.compare) {
    case "at-most":
      return measured <= promised;
    case "at-least":
      return measured >= promised;
    case "equal":
      return measured === promised;
  }
}

/** What keeps a row, and what breaks it by its value. There is one, written over each time. */
type Keeping = {
  /** The mark that keeps it; of several that are all needed, the latest. */
  mark: number;
  /** Where all are needed: one of each slot. */
  readonly used: List;
  /** The earliest kept mark whose value is wrong: it breaks. */
  failing: number;
};

const keeping: Keeping = { mark: 0, used: new List(), failing: 0 };

/** The first mark of the slot that passes; one before it that does not is noted as failing. */
function firstPassing(c: Case, slot: NumberedSlot, term: number): number {
  let passing = 0;
  for (let mark = marksOf(c.m, c.pledge, slot); mark !== 0; mark = nextItem(c.m, mark)) {
    if (!speaksOf(c, slot, term, mark)) continue;
    if (passes(c.m, c.template, mark, term)) {
      if (passing === 0) passing = mark;
      // Without a comparison none can fail; with one, a later mark still may.
      if (c.template.compare === null) break;
    } else if (keeping.failing === 0 || before(c, mark, keeping.failing)) {
      keeping.failing = mark;
    }
  }
  return passing;
}

/** What keeps the row made by `term`. To be read before the next call. */
export function keepingOf(c: Case, term: number): Readonly<Keeping> {
  const slots = c.roles.kept;
  const { used } = keeping;
  keeping.mark = 0;
  keeping.failing = 0;
  used.clear();
  if (c.template.keptNeeds === "all") {
    for (const slot of slots) {
      const mark = firstPassing(c, slot, term);
      if (mark !== 0) used.push(mark);
    }
    if (used.length < slots.length) used.clear();
    for (let i = 0; i < used.length; i += 1) {
      const mark = used.at(i);
      if (keeping.mark === 0 || before(c, keeping.mark, mark)) keeping.mark = mark;
    }
    return keeping;
  }
  for (const slot of slots) {
    const mark = firstPassing(c, slot, term);
    if (mark === 0) continue;
    if (keeping.mark === 0 || before(c, mark, keeping.mark)) keeping.mark = mark;
  }
  return keeping;
}

/** The due moment with every pause that began before it added; none while a pause is open. */
export function pausedDue(c: Case, term: number, due0: number): number {
  if (due0 === none) return none;
  const { m } = c;
  const marks: { readonly mark: number; readonly pauses: boolean }[] = [];
  const gather = (slots: readonly NumberedSlot[], pauses: boolean): void => {
    for (const slot of slots) {
      for (let mark = marksOf(m, c.pledge, slot); mark !== 0; mark = nextItem(m, mark)) {
        if (speaksOf(c, slot, term, mark)) marks.push({ mark, pauses });
      }
    }
  };
  gather(c.roles.paused, true);
  gather(c.roles.resumed, false);
  marks.sort((a, b) => compareItems(m, c.names, a.mark, b.mark));
  let due = due0;
  let from = none;
  for (const { mark, pauses } of marks) {
    const at = atOf(m, mark);
    if (pauses) {
      if (from === none) from = at;
    } else if (from !== none) {
      const start = Math.max(from, atOf(m, term));
      if (start < due && at > start) due += at - start;
      from = none;
    }
  }
  return from !== none && Math.max(from, atOf(m, term)) < due ? none : due;
}

/** The latest fact a pledge needs at or before its making. */
export function neededMark(m: Memory, p: number, needs: NumberedSlot, first: number): number {
  const { slot, number } = needs;
  const madeAt = atOf(m, first);
  let found = 0;
  for (let mark = marksOf(m, p, needs); mark !== 0; mark = nextItem(m, mark)) {
    const at = atOf(m, mark);
    if (at > madeAt) break;
    if (slotOf(m, mark) !== number) continue;
    if (slot.withinMs !== null && at < madeAt - slot.withinMs) continue;
    if (slot.by === "tag" && !sameText(m, tagOf(m, first), nameOf(m, mark))) continue;
    found = mark;
  }
  return found;
}
