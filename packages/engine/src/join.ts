import { isReplaced, removeItems } from "./evolve.ts";
import { looseOf, pledgeOf } from "./pledges.ts";
import { newFact, refAt, release, retain } from "./register/facts.ts";
import { insertItem } from "./register/items.ts";
import {
  atOf,
  factOf,
  itemValue,
  keyedMarksAt,
  keyedMarksOf,
  looseListOf,
  looseMarks,
  looseMarksAt,
  looseSlot,
  looseTemplate,
  nameOf,
  newMark,
  newTerm,
  nextItem,
  nextLoose,
  nextPledge,
  noisesAt,
  noisesOf,
  orNone,
  orNull,
  pledgeKeyText,
  pledgesOf,
  slotOf,
  statedOf,
  tagOf,
  templateOf,
  termsAt,
  termsOf,
} from "./register/layout.ts";
import { newText, textAt } from "./register/texts.ts";
import {
  type Episode,
  type Exposure,
  type FactRef,
  insert,
  type ProfileItem,
  type World,
} from "./state.ts";

type Terms = {
  readonly at: number;
  readonly stated: number | null;
  readonly value: number | null;
  readonly tag: string | null;
  readonly ref: FactRef;
};

type Mark = {
  readonly slot: number;
  readonly at: number;
  readonly value: number | null;
  readonly name: string | null;
  readonly ref: FactRef;
};

type Noise = {
  readonly rule: number;
  readonly at: number;
  readonly value: number | null;
  readonly ref: FactRef;
};

/**
 * What one customer hands to another when the two are joined or parted: copies of items, each keeping
 * its origin, so that a join can be undone. Plain data, templates and rules named by their number in
 * the policy: it may cross from one partition to another.
 */
export type Handover = {
  readonly tenant: string;
  readonly pledges: readonly {
    readonly template: number;
    readonly key: string;
    readonly terms: readonly Terms[];
    readonly marks: readonly Mark[];
  }[];
  readonly loose: readonly {
    readonly template: number;
    readonly slot: number;
    readonly marks: readonly Mark[];
  }[];
  readonly noises: readonly Noise[];
  readonly profile: readonly ProfileItem[];
  readonly exposures: readonly Exposure[];
  readonly revisions: readonly (readonly [string, number])[];
  /** The open alert follows the person on a merge; null on a split. */
  readonly episode: Episode | null;
};

type Moves = (ref: FactRef) => boolean;

/** The items of a list that move, as plain data. */
function moving<T>(
  w: World,
  c: number,
  first: number,
  moves: Moves,
  plain: (item: number, ref: FactRef) => T,
): T[] {
  const { memory: m, names } = w.customers;
  const list: T[] = [];
  for (let item = first; item !== 0; item = nextItem(m, item)) {
    const ref = refAt(m, names, c, factOf(m, item));
    if (moves(ref)) list.push(plain(item, ref));
  }
  return list;
}

/** Reads only: what is handed over is taken away by `removeItems`, once it is known to arrive. */
export function handOver(w: World, c: number, moves: Moves, episode: Episode | null): Handover {
  const { memory: m } = w.customers;
  const extras = w.customers.extrasOf(c);
  const textOf = (at: number): string | null => (at === 0 ? null : textAt(m, at));
  const termOf = (item: number, ref: FactRef): Terms => ({
    at: atOf(m, item),
    stated: orNull(statedOf(m, item)),
    value: orNull(itemValue(m, item)),
    tag: textOf(tagOf(m, item)),
    ref,
  });
  const markOf = (item: number, ref: FactRef): Mark => ({
    slot: slotOf(m, item),
    at: atOf(m, item),
    value: orNull(itemValue(m, item)),
    name: textOf(nameOf(m, item)),
    ref,
  });
  const pledges: Handover["pledges"][number][] = [];
  for (let p = pledgesOf(m, c); p !== 0; p = nextPledge(m, p)) {
    const terms = moving(w, c, termsOf(m, p), moves, termOf);
    const marks = moving(w, c, keyedMarksOf(m, p), moves, markOf);
    if (terms.length + marks.length === 0) continue;
    pledges.push({ template: templateOf(m, p), key: textAt(m, pledgeKeyText(m, p)), terms, marks });
  }
  const loose: Handover["loose"][number][] = [];
  for (let list = looseListOf(m, c); list !== 0; list = nextLoose(m, list)) {
    const marks = moving(w, c, looseMarks(m, list), moves, markOf);
    if (marks.length === 0) continue;
    loose.push({ template: looseTemplate(m, list), slot: looseSlot(m, list), marks });
  }
  return {
    tenant: w.customers.tenantOf(c),
    pledges,
    loose,
    noises: moving(w, c, noisesOf(m, c), moves, (item, ref) => {
      const { slot: rule, at, value } = markOf(item, ref);
      return { rule, at, value, ref };
    }),
    profile: extras?.profile.filter(({ ref }) => moves(ref)) ?? [],
    exposures: extras?.exposures.filter(({ ref }) => moves(ref)) ?? [],
    revisions: [...(extras?.revisions ?? [])],
    episode: episode === null ? null : { ...episode },
  };
}

/** Facts taken in so far, so that items of one fact point to one. */
class Arrivals {
  readonly #w: World;
  readonly #c: number;
  readonly #facts = new Map<string, number>();

  constructor(w: World, c: number) {
    this.#w = w;
    this.#c = c;
  }

  factOf(ref: FactRef): number {
    const { memory: m, names } = this.#w.customers;
    const name = JSON.stringify([ref.id, ref.source, ref.origin, ref.record, ref.revision]);
    const known = this.#facts.get(name);
    if (known !== undefined) return known;
    const fact = newFact(m, names, this.#c, ref);
    retain(m, fact);
    this.#facts.set(name, fact);
    return fact;
  }

  done(): void {
    for (const fact of this.#facts.values()) release(this.#w.customers.memory, fact);
  }
}

/**
 * Takes in what was handed over, but for the episode; leaves in `touched` who may judge otherwise. A
 * fact both customers hold is held twice afterwards, once under each origin, so that parting them again
 * gives each their own; judging counts it once.
 */
export function takeOver(w: World, c: number, handover: Handover): void {
  const { customers, policy } = w;
  const { memory: m, names, touched } = customers;
  const arrivals = new Arrivals(w, c);
  touched.clear();
  const addMarks = (link: number, marks: readonly Mark[]): void => {
    for (const { at, ref, value, slot, name } of marks) {
      const text = name === null ? 0 : newText(m, name);
      const mark = newMark(m, at, arrivals.factOf(ref), orNone(value), slot, text);
      insertItem(m, names, link, mark);
    }
  };
  const touchAll = (template: number | null): void => {
    for (let p = pledgesOf(m, c); p !== 0; p = nextPledge(m, p)) {
      if (template === null || templateOf(m, p) === template) touched.push(p);
    }
  };
  for (const { template, key, terms, marks } of handover.pledges) {
    if (policy.pledges[template] === undefined) continue;
    const twin = pledgeOf(w, c, template, key);
    for (const { at, ref, value, stated, tag } of terms) {
      const text = tag === null ? 0 : newText(m, tag);
      const term = newTerm(m, at, arrivals.factOf(ref), orNone(value), orNone(stated), text);
      insertItem(m, names, termsAt(twin), term);
    }
    addMarks(keyedMarksAt(twin), marks);
    touched.push(twin);
  }
  for (const { template, slot, marks } of handover.loose) {
    if (policy.pledges[template] === undefined) continue;
    addMarks(looseMarksAt(looseOf(w, c, template, slot)), marks);
    touchAll(template);
  }
  for (const { rule, at, value, ref } of handover.noises) {
    if (policy.noises[rule] === undefined) continue;
    addMarks(noisesAt(c), [{ slot: rule, at, value, name: null, ref }]);
  }
  arrivals.done();
  takeExtras(w, c, handover);
  if (handover.profile.length > 0) touchAll(null);
  removeItems(w, c, (ref) => isReplaced(w, c, ref), touched);
}

function takeExtras(w: World, c: number, handover: Handover): void {
  const { exposures, profile, revisions } = handover;
  if (exposures.length + profile.length + revisions.length === 0) return;
  const extras = w.customers.extrasFor(c);
  for (const item of exposures) insert(extras.exposures, item, Number.POSITIVE_INFINITY, false);
  for (const item of profile) insert(extras.profile, item, Number.POSITIVE_INFINITY, false);
  for (const [record, revision] of revisions) {
    extras.revisions ??= new Map();
    extras.revisions.set(record, Math.max(revision, extras.revisions.get(record) ?? 0));
  }
}
