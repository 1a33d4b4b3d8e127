import type { Policy } from "@troth/policy";
import { isReplaced, looseOf, pledgeOf, removeItems } from "./evolve.ts";
import type {
  Customer,
  Episode,
  Exposure,
  FactRef,
  Mark,
  NoiseItem,
  Pledge,
  ProfileItem,
  Terms,
} from "./state.ts";
import { insertItem } from "./state.ts";

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
  readonly noises: readonly (Omit<NoiseItem, "rule"> & { readonly rule: number })[];
  readonly profile: readonly ProfileItem[];
  readonly exposures: readonly Exposure[];
  readonly revisions: readonly (readonly [string, number])[];
  /** The open alert follows the person on a merge; null on a split. */
  readonly episode: Episode | null;
};

type Moves = (ref: FactRef) => boolean;

/** Reads only: what is handed over is taken away by `removeItems`, once it is known to arrive. */
export function handOver(from: Customer, moves: Moves, episode: Episode | null): Handover {
  const that = <T extends { readonly ref: FactRef }>(items: readonly T[]): T[] =>
    items.filter((item) => moves(item.ref));
  return {
    tenant: from.tenant,
    pledges: from.pledges
      .map(({ template, key, terms, marks }) => ({
        template: template.index,
        key,
        terms: that(terms),
        marks: that(marks),
      }))
      .filter(({ terms, marks }) => terms.length + marks.length > 0),
    loose: from.loose
      .map(({ template, slot, marks }) => ({ template: template.index, slot, marks: that(marks) }))
      .filter(({ marks }) => marks.length > 0),
    noises: that(from.noises).map((noise) => ({ ...noise, rule: noise.rule.index })),
    profile: that(from.profile),
    exposures: that(from.exposures),
    revisions: [...(from.revisions ?? [])],
    episode: episode === null ? null : { ...episode },
  };
}

/**
 * A fact both customers hold is held twice afterwards, once under each origin, so that parting them
 * again gives each their own; judging counts it once.
 */
function add<T extends { readonly at: number; readonly ref: FactRef }>(
  items: readonly T[],
  to: T[],
): void {
  for (const item of items) insertItem(to, item, Number.POSITIVE_INFINITY, false);
}

/** Takes in what was handed over, but for the episode; returns the pledges that may judge otherwise. */
export function takeOver(policy: Policy, to: Customer, handover: Handover): Pledge[] {
  const gained = new Set<Pledge>();
  for (const { template: index, key, terms, marks } of handover.pledges) {
    const template = policy.pledges[index];
    if (template === undefined) continue;
    const twin = pledgeOf(policy, to, template, key);
    add(terms, twin.terms);
    add(marks, twin.marks);
    gained.add(twin);
  }
  for (const { template: index, slot, marks } of handover.loose) {
    const template = policy.pledges[index];
    if (template === undefined) continue;
    add(marks, looseOf(to, template, slot).marks);
    for (const pledge of to.pledges) if (pledge.template === template) gained.add(pledge);
  }
  for (const noise of handover.noises) {
    const rule = policy.noises[noise.rule];
    if (rule !== undefined) add([{ ...noise, rule }], to.noises);
  }
  add(handover.exposures, to.exposures);
  add(handover.profile, to.profile);
  if (handover.profile.length > 0) for (const pledge of to.pledges) gained.add(pledge);
  for (const [record, revision] of handover.revisions) {
    to.revisions ??= new Map();
    to.revisions.set(record, Math.max(revision, to.revisions.get(record) ?? 0));
  }
  for (const pledge of removeItems(to, (ref) => isReplaced(to, ref))) gained.add(pledge);
  return [...gained];
}
