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
import { withItem } from "./state.ts";

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
function joined<T extends { readonly at: number; readonly ref: FactRef }>(
  to: T[],
  items: readonly T[],
): T[] {
  let list = to;
  for (const item of items) list = withItem(list, item, Number.POSITIVE_INFINITY, false);
  return list;
}

/** Takes in what was handed over, but for the episode; returns the pledges that may judge otherwise. */
export function takeOver(policy: Policy, to: Customer, handover: Handover): Pledge[] {
  const gained = new Set<Pledge>();
  for (const { template: index, key, terms, marks } of handover.pledges) {
    const template = policy.pledges[index];
    if (template === undefined) continue;
    const twin = pledgeOf(policy, to, template, key);
    twin.terms = joined(twin.terms, terms);
    twin.marks = joined(twin.marks, marks);
    gained.add(twin);
  }
  for (const { template: index, slot, marks } of handover.loose) {
    const template = policy.pledges[index];
    if (template === undefined) continue;
    const loose = looseOf(to, template, slot);
    loose.marks = joined(loose.marks, marks);
    for (const pledge of to.pledges) if (pledge.template === template) gained.add(pledge);
  }
  for (const noise of handover.noises) {
    const rule = policy.noises[noise.rule];
    if (rule !== undefined) to.noises = joined(to.noises, [{ ...noise, rule }]);
  }
  to.exposures = joined(to.exposures, handover.exposures);
  to.profile = joined(to.profile, handover.profile);
  if (handover.profile.length > 0) for (const pledge of to.pledges) gained.add(pledge);
  for (const [record, revision] of handover.revisions) {
    to.revisions ??= new Map();
    to.revisions.set(record, Math.max(revision, to.revisions.get(record) ?? 0));
  }
  for (const pledge of removeItems(to, (ref) => isReplaced(to, ref))) gained.add(pledge);
  return [...gained];
}
