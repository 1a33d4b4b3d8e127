import type { Fact } from "@troth/events";
import { recordKeyOf, revisionOf } from "@troth/events";
import type { NoiseRule, SlotReader } from "@troth/policy";
import { looseOf, pledgeOf } from "./pledges.ts";
import { isRef, newFact, refAt, release, retain, sameOrigin } from "./register/facts.ts";
import { countItems, dropMark, dropTerm, insertItem } from "./register/items.ts";
import {
  atOf,
  factOf,
  keyedMarksAt,
  keyedMarksOf,
  linkOfItem,
  looseListOf,
  looseMarksAt,
  looseTemplate,
  mayHave,
  newMark,
  newTerm,
  nextItem,
  nextLoose,
  nextPledge,
  noisesAt,
  noisesOf,
  orNone,
  pledgesOf,
  slotOf,
  tagOf,
  templateOf,
  termsAt,
  termsOf,
} from "./register/layout.ts";
import type { List } from "./register/list.ts";
import { type Memory, never } from "./register/memory.ts";
import { newText, textHash, textIs } from "./register/texts.ts";
import { mayHold } from "./roles.ts";
import { stepOf } from "./score.ts";
import { type FactRef, insert, sameItem, type World } from "./state.ts";

export const refOf = (fact: Fact, origin: string): FactRef => {
  const revision = revisionOf(fact);
  const named = revision >= 1 || fact.data["sourceRecordId"] !== undefined;
  const record = named ? `${fact.kind}\u0000${recordKeyOf(fact)}` : null;
  return { id: fact.id, source: fact.source, record, revision, origin };
};

/** The fact being folded in: written into memory once, when the first item needs it. */
export class Incoming {
  readonly w: World;
  readonly c: number;
  readonly ref: FactRef;
  readonly #hash: number;
  #node = 0;

  constructor(w: World, c: number, ref: FactRef) {
    this.w = w;
    this.c = c;
    this.ref = ref;
    this.#hash = textHash(ref.id);
  }

  /** Held until `done`, even if a full set lets go of its item at once. */
  node(): number {
    if (this.#node !== 0) return this.#node;
    const { memory, names } = this.w.customers;
    this.#node = newFact(memory, names, this.c, this.ref);
    retain(memory, this.#node);
    return this.#node;
  }

  done(): void {
    if (this.#node !== 0) release(this.w.customers.memory, this.#node);
    this.#node = 0;
  }

  is(fact: number): boolean {
    if (fact === this.#node) return true;
    const { memory, names } = this.w.customers;
    return isRef(memory, names, this.c, fact, this.ref, this.#hash);
  }

  /** True if an item of the list, of that slot or rule unless it is negative, comes from the fact. */
  heldIn(first: number, slot: number): boolean {
    const { memory: m } = this.w.customers;
    for (let item = first; item !== 0; item = nextItem(m, item)) {
      if ((slot < 0 || slotOf(m, item) === slot) && this.is(factOf(m, item))) return true;
    }
    return false;
  }
}

/** Pledges something happened to, maybe with repeats. */
type Touched = List;

function hasTag(m: Memory, p: number, tag: string): boolean {
  for (let term = termsOf(m, p); term !== 0; term = nextItem(m, term)) {
    const held = tagOf(m, term);
    if (held !== 0 && textIs(m, held, tag)) return true;
  }
  return false;
}

const everyTag = null;

/** Adds the pledges a loose mark of that name speaks of to `touched`. */
function touchSpokenOf(
  m: Memory,
  c: number,
  reader: SlotReader,
  name: string | typeof everyTag,
  touched: Touched,
): void {
  const { index } = reader.template;
  if (!mayHave(m, c, index)) return;
  for (let p = pledgesOf(m, c); p !== 0; p = nextPledge(m, p)) {
    if (templateOf(m, p) !== index) continue;
    if (reader.slot.by !== "tag" || name === everyTag || hasTag(m, p, name)) touched.push(p);
  }
}

/**
 * Where the items of a slot (of any, if negative) that have the fact's origin are more than `most`, the
 * earliest of them but the first goes; true if so.
 */
function bound(
  m: Memory,
  link: number,
  slot: number,
  fact: number,
  most: number,
  drop: (m: Memory, link: number) => void,
): boolean {
  if (countItems(m, m.int(link)) <= most) return false;
  let count = 0;
  let second = 0;
  for (let to = link; m.int(to) !== 0; to = linkOfItem(m.int(to))) {
    const item = m.int(to);
    if ((slot >= 0 && slotOf(m, item) !== slot) || !sameOrigin(m, factOf(m, item), fact)) continue;
    count += 1;
    if (count === 2) second = to;
  }
  if (count <= most) return false;
  drop(m, second);
  return true;
}

function addMark(fact: Fact, reader: SlotReader, from: Incoming, touched: Touched): void {
  const { w, c } = from;
  const { slot, template, number } = reader;
  const { memory: m, names } = w.customers;
  const { limits } = w.policy;
  const name = slot.by === "any" ? null : slot.name(fact);
  if (slot.by !== "any" && name === null) return;
  if (slot.by === "key") {
    const p = pledgeOf(w, c, template.index, name ?? "");
    if (from.heldIn(keyedMarksOf(m, p), number)) return;
    const mark = newMark(m, slot.at(fact), from.node(), orNone(slot.value(fact)), number, 0);
    insertItem(m, names, keyedMarksAt(p), mark);
    bound(m, keyedMarksAt(p), number, from.node(), limits.marksPerSlot, dropMark);
    touched.push(p);
    return;
  }
  const link = looseMarksAt(looseOf(w, c, template.index, number));
  if (from.heldIn(m.int(link), -1)) return;
  const text = name === null ? 0 : newText(m, name);
  const mark = newMark(m, slot.at(fact), from.node(), orNone(slot.value(fact)), number, text);
  insertItem(m, names, link, mark);
  const gone = bound(m, link, -1, from.node(), limits.looseMarksPerSlot, dropMark);
  // What went may have spoken of others than what came.
  touchSpokenOf(m, c, reader, gone ? everyTag : name, touched);
}

/** Gives the customer a noise, unless the set is full of later ones. */
export function addNoise(from: Incoming, rule: NoiseRule, at: number, value: number | null): void {
  const { w, c } = from;
  const { memory: m, names } = w.customers;
  insertItem(m, names, noisesAt(c), newMark(m, at, from.node(), orNone(value), rule.index, 0));
  bound(m, noisesAt(c), -1, from.node(), w.policy.limits.noisesPerCustomer, dropMark);
}

const supersededKey = (source: string, id: string): string =>
  `superseded\u0000${source}\u0000${id}`;

/** True when a later revision of its record, or a fact that names it, has taken the fact's place. */
export function isReplaced(w: World, c: number, ref: FactRef): boolean {
  const revisions = w.customers.extrasOf(c)?.revisions ?? null;
  if (revisions === null) return false;
  if (revisions.has(supersededKey(ref.source, ref.id))) return true;
  return ref.record !== null && ref.revision < (revisions.get(ref.record) ?? 0);
}

/**
 * Lets go of what this fact replaces. False when the fact itself was already replaced, by a later
 * revision of its record or by one that names it: then it counts for nothing.
 */
function takesItsPlace(w: World, c: number, fact: Fact, ref: FactRef, touched: Touched): boolean {
  const supersedes = fact.data["supersedes"];
  const known = w.customers.extrasOf(c)?.revisions ?? null;
  if (known === null && ref.revision === 0 && supersedes === undefined) return true;
  if (isReplaced(w, c, ref)) return false;
  const extras = w.customers.extrasFor(c);
  extras.revisions ??= new Map();
  const { revisions } = extras;
  if (ref.record !== null && ref.revision >= 1) {
    revisions.set(ref.record, ref.revision);
    const older = (held: FactRef): boolean =>
      held.record === ref.record && held.revision < ref.revision;
    removeItems(w, c, older, touched);
  }
  if (typeof supersedes === "string") {
    revisions.set(supersededKey(ref.source, supersedes), 1);
    const named = (held: FactRef): boolean => held.source === ref.source && held.id === supersedes;
    removeItems(w, c, named, touched);
  }
  return true;
}

/**
 * Folds a fact into a customer's items and leaves the pledges it speaks of in `touched`. Judges nothing.
 * Returns the earliest moment a profile or exposure item now speaks of; Infinity for none.
 */
export function evolve(w: World, c: number, fact: Fact, origin: string): number {
  const { touched } = w.customers;
  touched.clear();
  const ref = refOf(fact, origin);
  if (!takesItsPlace(w, c, fact, ref, touched)) return never;
  const plan = w.kinds.get(fact.kind);
  if (plan !== undefined) {
    const may = mayHold(plan, fact.data);
    const { memory: m, names } = w.customers;
    const from = new Incoming(w, c, ref);
    for (const { bit, reader } of plan.made) {
      const { template, slot } = reader;
      if ((may & bit) === 0 || !slot.test(fact)) continue;
      const key = slot.key(fact);
      if (key === null) continue;
      const p = pledgeOf(w, c, template.index, key);
      if (from.heldIn(termsOf(m, p), -1)) continue;
      const tag = slot.tag(fact);
      const stated = orNone(slot.stated(fact));
      const text = tag === null ? 0 : newText(m, tag);
      const term = newTerm(m, slot.at(fact), from.node(), orNone(slot.value(fact)), stated, text);
      insertItem(m, names, termsAt(p), term);
      bound(m, termsAt(p), -1, from.node(), w.policy.limits.termsPerPledge, dropTerm);
      touched.push(p);
    }
    for (const { bit, reader } of plan.slots) {
      if ((may & bit) !== 0 && reader.slot.test(fact)) addMark(fact, reader, from, touched);
    }
    for (const { bit, rule } of plan.noises) {
      if ((may & bit) === 0 || !rule.test(fact)) continue;
      const value = rule.value(fact);
      if (rule.credit === null && stepOf(rule, value) === 0) continue;
      if (from.heldIn(noisesOf(m, c), rule.index)) continue;
      addNoise(from, rule, rule.at(fact), value);
    }
    from.done();
  }
  return foldProfile(w, c, fact, ref, touched);
}

/** True if a term of the pledge was made at or after `at`. */
function madeFrom(m: Memory, p: number, at: number): boolean {
  for (let term = termsOf(m, p); term !== 0; term = nextItem(m, term)) {
    if (atOf(m, term) >= at) return true;
  }
  return false;
}

function foldProfile(w: World, c: number, fact: Fact, ref: FactRef, touched: Touched): number {
  const { memory: m } = w.customers;
  const most = w.policy.limits.profileFactsPerCustomer;
  if (fact.kind === "profile.updated" || fact.kind === "preference.set") {
    const { profile } = w.customers.extrasFor(c);
    if (profile.some((one) => sameItem(one.ref, ref))) return never;
    const item = { at: fact.time, kind: fact.kind, data: fact.data, ref };
    const gone = insert(profile, item, most, true);
    // A profile that arrives late, or goes, may change which variant of an earlier promise applies.
    const since = Math.min(item.at, gone?.at ?? item.at);
    for (let p = pledgesOf(m, c); p !== 0; p = nextPledge(m, p)) {
      if (w.policy.pledges[templateOf(m, p)]?.variants.length === 0) continue;
      if (madeFrom(m, p, since)) touched.push(p);
    }
    return item.at;
  }
  if (fact.kind !== "advert.exposed") return never;
  const campaignId = fact.data["campaignId"];
  if (typeof campaignId !== "string") return never;
  const { exposures } = w.customers.extrasFor(c);
  if (exposures.some((one) => sameItem(one.ref, ref))) return never;
  insert(exposures, { at: fact.time, campaignId, ref }, most, false);
  return fact.time;
}

/** Takes the items whose fact `drops` names out of a list; true if there was one. */
function removeFrom(
  m: Memory,
  link: number,
  drops: (fact: number) => boolean,
  drop: (m: Memory, link: number) => void,
): boolean {
  let removed = false;
  for (let to = link; m.int(to) !== 0; ) {
    if (drops(factOf(m, m.int(to)))) {
      drop(m, to);
      removed = true;
    } else to = linkOfItem(m.int(to));
  }
  return removed;
}

/** Takes away every item whose fact `drops` names; adds the pledges that may judge otherwise now. */
export function removeItems(
  w: World,
  c: number,
  drops: (ref: FactRef) => boolean,
  touched: Touched,
): void {
  const { memory: m, names } = w.customers;
  const dropped = (fact: number): boolean => drops(refAt(m, names, c, fact));
  for (let p = pledgesOf(m, c); p !== 0; p = nextPledge(m, p)) {
    const terms = removeFrom(m, termsAt(p), dropped, dropTerm);
    const marks = removeFrom(m, keyedMarksAt(p), dropped, dropMark);
    if (terms || marks) touched.push(p);
  }
  const touchAll = (template: number | null): void => {
    for (let p = pledgesOf(m, c); p !== 0; p = nextPledge(m, p)) {
      if (template === null || templateOf(m, p) === template) touched.push(p);
    }
  };
  for (let loose = looseListOf(m, c); loose !== 0; loose = nextLoose(m, loose)) {
    if (removeFrom(m, looseMarksAt(loose), dropped, dropMark)) touchAll(looseTemplate(m, loose));
  }
  removeFrom(m, noisesAt(c), dropped, dropMark);
  const extras = w.customers.extrasOf(c);
  if (extras !== null) {
    extras.exposures = extras.exposures.filter(({ ref }) => !drops(ref));
    const before = extras.profile.length;
    extras.profile = extras.profile.filter(({ ref }) => !drops(ref));
    if (extras.profile.length < before) touchAll(null);
  }
}
