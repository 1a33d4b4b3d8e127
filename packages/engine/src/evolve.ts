import type { Fact } from "@troth/events";
import { recordKeyOf, revisionOf } from "@troth/events";
import type { NoiseRule, PledgeTemplate, Policy, Readers, SlotReader } from "@troth/policy";
import { stepOf } from "./score.ts";
import type { Customer, FactRef, LooseMarks, Mark, NoiseItem, Pledge } from "./state.ts";
import { indexKey, indexPledges, sameItem, withItem } from "./state.ts";

function findPledge(customer: Customer, template: PledgeTemplate, key: string): Pledge | undefined {
  const index = customer.pledgeIndex;
  if (index !== null) return index.get(indexKey(template, key));
  for (const pledge of customer.pledges) {
    if (pledge.template === template && pledge.key === key) return pledge;
  }
  return undefined;
}

const closedAt = (pledge: Pledge): number =>
  pledge.rows.reduce((latest, row) => {
    const closed = row.verdict === "broken" ? row.mendedAt : row.since;
    return Math.max(latest, closed ?? Number.POSITIVE_INFINITY);
  }, 0);

/** Makes room by letting go of the pledge that was closed longest ago. */
function evictPledge(customer: Customer): void {
  let oldest: Pledge | null = null;
  let oldestAt = Number.POSITIVE_INFINITY;
  for (const pledge of customer.pledges) {
    const at = pledge.nextAt === Number.POSITIVE_INFINITY ? closedAt(pledge) : oldestAt;
    if (oldest === null || at < oldestAt) {
      oldest = pledge;
      oldestAt = at;
    }
  }
  if (oldest !== null) dropPledge(customer, oldest);
}

function dropPledge(customer: Customer, pledge: Pledge): void {
  customer.pledges = customer.pledges.filter((one) => one !== pledge);
  customer.hot = customer.hot.filter((one) => one !== pledge);
  customer.soonest = Number.NaN;
  customer.pledgeIndex?.delete(indexKey(pledge.template, pledge.key));
}

export function pledgeOf(
  policy: Policy,
  customer: Customer,
  template: PledgeTemplate,
  key: string,
): Pledge {
  const known = findPledge(customer, template, key);
  if (known !== undefined) return known;
  if (customer.pledges.length >= policy.limits.pledgesPerCustomer) evictPledge(customer);
  const pledge: Pledge = {
    template,
    key,
    terms: [],
    marks: [],
    rows: [],
    nextAt: Number.POSITIVE_INFINITY,
    customer,
  };
  customer.pledges.push(pledge);
  if (customer.pledgeIndex === null) indexPledges(customer);
  else customer.pledgeIndex.set(indexKey(template, key), pledge);
  return pledge;
}

export const refOf = (fact: Fact, origin: string): FactRef => {
  const revision = revisionOf(fact);
  const named = revision >= 1 || fact.data["sourceRecordId"] !== undefined;
  const record = named ? `${fact.kind}\u0000${recordKeyOf(fact)}` : null;
  return { id: fact.id, source: fact.source, record, revision, origin };
};

function holds(items: readonly { readonly ref: FactRef }[], ref: FactRef): boolean {
  for (const item of items) if (sameItem(item.ref, ref)) return true;
  return false;
}

function holdsMark(marks: readonly Mark[], slot: number, ref: FactRef): boolean {
  for (const mark of marks) if (mark.slot === slot && sameItem(mark.ref, ref)) return true;
  return false;
}

function holdsNoise(noises: readonly NoiseItem[], rule: NoiseRule, ref: FactRef): boolean {
  for (const noise of noises) if (noise.rule === rule && sameItem(noise.ref, ref)) return true;
  return false;
}

export function looseOf(customer: Customer, template: PledgeTemplate, slot: number): LooseMarks {
  for (const one of customer.loose) {
    if (one.slot === slot && one.template === template) return one;
  }
  const fresh: LooseMarks = { template, slot, marks: [] };
  customer.loose.push(fresh);
  return fresh;
}

const hasTag = (pledge: Pledge, tag: string | null): boolean =>
  pledge.terms.some((term) => term.tag === tag);

/** Adds the pledges a loose mark speaks of to `touched`. */
function touchSpokenOf(
  customer: Customer,
  reader: SlotReader,
  mark: Mark,
  touched: Pledge[],
): void {
  const byTag = reader.slot.by === "tag";
  for (const pledge of customer.pledges) {
    if (pledge.template !== reader.template) continue;
    if (!byTag || hasTag(pledge, mark.name)) touched.push(pledge);
  }
}

/** Marks of all slots lie in one list; the limit is each slot's own. */
function boundSlot(marks: Mark[], slot: number, most: number): void {
  if (marks.length <= most) return;
  let count = 0;
  for (const mark of marks) if (mark.slot === slot) count += 1;
  if (count <= most) return;
  let seen = 0;
  const second = marks.findIndex((mark) => {
    if (mark.slot === slot) seen += 1;
    return seen === 2;
  });
  marks.splice(second, 1);
}

function addMark(
  policy: Policy,
  customer: Customer,
  reader: SlotReader,
  fact: Fact,
  ref: FactRef,
  touched: Pledge[],
): void {
  const { slot, template, number } = reader;
  const name = slot.by === "any" ? null : slot.name(fact);
  if (slot.by !== "any" && name === null) return;
  const mark: Mark = { slot: number, at: slot.at(fact), value: slot.value(fact), name, ref };
  if (slot.by === "key") {
    const pledge = pledgeOf(policy, customer, template, name ?? "");
    if (holdsMark(pledge.marks, number, ref)) return;
    pledge.marks = withItem(pledge.marks, mark, Number.POSITIVE_INFINITY, true);
    boundSlot(pledge.marks, number, policy.limits.marksPerSlot);
    touched.push(pledge);
    return;
  }
  const loose = looseOf(customer, template, number);
  if (holds(loose.marks, ref)) return;
  loose.marks = withItem(loose.marks, mark, policy.limits.looseMarksPerSlot, true);
  touchSpokenOf(customer, reader, mark, touched);
}

const supersededKey = (source: string, id: string): string =>
  `superseded\u0000${source}\u0000${id}`;

/** True when a later revision of its record, or a fact that names it, has taken the fact's place. */
export function isReplaced(customer: Customer, ref: FactRef): boolean {
  const revisions = customer.revisions;
  if (revisions === null) return false;
  if (revisions.has(supersededKey(ref.source, ref.id))) return true;
  return ref.record !== null && ref.revision < (revisions.get(ref.record) ?? 0);
}

/**
 * Lets go of what this fact replaces. False when the fact itself was already replaced, by a later
 * revision of its record or by one that names it: then it counts for nothing.
 */
function takesItsPlace(customer: Customer, fact: Fact, ref: FactRef, touched: Pledge[]): boolean {
  const supersedes = fact.data["supersedes"];
  if (customer.revisions === null && ref.revision === 0 && supersedes === undefined) return true;
  if (isReplaced(customer, ref)) return false;
  customer.revisions ??= new Map();
  const revisions = customer.revisions;
  if (ref.record !== null && ref.revision >= 1) {
    revisions.set(ref.record, ref.revision);
    const older = (held: FactRef): boolean =>
      held.record === ref.record && held.revision < ref.revision;
    touched.push(...removeItems(customer, older));
  }
  if (typeof supersedes === "string") {
    revisions.set(supersededKey(ref.source, supersedes), 1);
    const named = (held: FactRef): boolean => held.source === ref.source && held.id === supersedes;
    touched.push(...removeItems(customer, named));
  }
  return true;
}

/**
 * Folds a fact into a customer's items and names the pledges it speaks of. Judges nothing.
 * `profileAt` of the result is the earliest moment a profile or exposure item now speaks of, or null.
 */
export function evolve(
  policy: Policy,
  readers: Readers | undefined,
  customer: Customer,
  fact: Fact,
  origin: string,
): { readonly touched: Pledge[]; readonly profileFrom: number | null } {
  const touched: Pledge[] = [];
  const ref = refOf(fact, origin);
  if (!takesItsPlace(customer, fact, ref, touched)) return { touched, profileFrom: null };
  if (readers !== undefined) {
    for (const { template, slot } of readers.made) {
      if (!slot.test(fact)) continue;
      const key = slot.key(fact);
      if (key === null) continue;
      const pledge = pledgeOf(policy, customer, template, key);
      if (holds(pledge.terms, ref)) continue;
      const term = {
        at: slot.at(fact),
        stated: slot.stated(fact),
        value: slot.value(fact),
        tag: slot.tag(fact),
        ref,
      };
      pledge.terms = withItem(pledge.terms, term, policy.limits.termsPerPledge, true);
      touched.push(pledge);
    }
    for (const reader of readers.slots) {
      if (reader.slot.test(fact)) addMark(policy, customer, reader, fact, ref, touched);
    }
    for (const rule of readers.noises) {
      if (rule.touches !== null || !rule.test(fact)) continue;
      const value = rule.value(fact);
      if (rule.credit === null && stepOf(rule, value) === 0) continue;
      if (holdsNoise(customer.noises, rule, ref)) continue;
      const noise = { rule, at: rule.at(fact), value, ref };
      customer.noises = withItem(customer.noises, noise, policy.limits.noisesPerCustomer, true);
    }
  }
  const profileFrom = foldProfile(policy, customer, fact, ref, touched);
  return { touched, profileFrom };
}

function foldProfile(
  policy: Policy,
  customer: Customer,
  fact: Fact,
  ref: FactRef,
  touched: Pledge[],
): number | null {
  if (fact.kind === "profile.updated" || fact.kind === "preference.set") {
    if (holds(customer.profile, ref)) return null;
    const item = { at: fact.time, kind: fact.kind, data: fact.data, ref };
    customer.profile = withItem(
      customer.profile,
      item,
      policy.limits.profileFactsPerCustomer,
      true,
    );
    // A profile that arrives late may change which variant of an earlier promise applies.
    for (const pledge of customer.pledges) {
      if (pledge.template.variants.length === 0) continue;
      if (pledge.terms.some((term) => term.at >= item.at)) touched.push(pledge);
    }
    return item.at;
  }
  if (fact.kind !== "advert.exposed") return null;
  const campaignId = fact.data["campaignId"];
  if (typeof campaignId !== "string" || holds(customer.exposures, ref)) return null;
  const item = { at: fact.time, campaignId, ref };
  customer.exposures = withItem(
    customer.exposures,
    item,
    policy.limits.profileFactsPerCustomer,
    false,
  );
  return item.at;
}

function removeFrom<T extends { readonly ref: FactRef }>(
  items: T[],
  drops: (ref: FactRef) => boolean,
  taken?: T[],
): boolean {
  let kept = 0;
  for (const item of items) {
    if (drops(item.ref)) taken?.push(item);
    else {
      items[kept] = item;
      kept += 1;
    }
  }
  const removed = kept < items.length;
  items.length = kept;
  return removed;
}

/** Takes away every item whose fact `drops` names; returns the pledges that may judge otherwise now. */
export function removeItems(customer: Customer, drops: (ref: FactRef) => boolean): Pledge[] {
  const touched = new Set<Pledge>();
  for (const pledge of customer.pledges) {
    const terms = removeFrom(pledge.terms, drops);
    const marks = removeFrom(pledge.marks, drops);
    if (terms || marks) touched.add(pledge);
  }
  for (const loose of customer.loose) {
    if (!removeFrom(loose.marks, drops)) continue;
    for (const pledge of customer.pledges) {
      if (pledge.template === loose.template) touched.add(pledge);
    }
  }
  removeFrom(customer.noises, drops);
  removeFrom(customer.exposures, drops);
  if (removeFrom(customer.profile, drops)) for (const one of customer.pledges) touched.add(one);
  return [...touched];
}
