import type { Policy } from "@troth/policy";
import { isReplaced, looseOf, pledgeOf, removeItems } from "./evolve.ts";
import type { Customer, FactRef, Pledge } from "./state.ts";
import { insertItem } from "./state.ts";

type Held = { readonly at: number; readonly ref: FactRef };

/**
 * Copies the items to where they belong now. A fact both customers hold is held twice afterwards, once
 * under each origin, so that parting them again gives each their own; judging counts it once.
 */
function moveItems<T extends Held>(from: T[], to: T[], moves: (ref: FactRef) => boolean): boolean {
  let moved = false;
  for (const item of from) {
    if (!moves(item.ref)) continue;
    insertItem(to, item, Number.POSITIVE_INFINITY, false);
    moved = true;
  }
  return moved;
}

/**
 * Moves the items whose fact `moves` names from one customer to another, each keeping its origin, so
 * that a join can be undone. Returns the pledges of either side that may judge otherwise now.
 */
export function moveBetween(
  policy: Policy,
  from: Customer,
  to: Customer,
  moves: (ref: FactRef) => boolean,
): { readonly lost: Pledge[]; readonly gained: Pledge[] } {
  const gained = new Set<Pledge>();
  for (const pledge of from.pledges) {
    const speaks = [...pledge.terms, ...pledge.marks].some((item) => moves(item.ref));
    if (!speaks) continue;
    const twin = pledgeOf(policy, to, pledge.template, pledge.key);
    moveItems(pledge.terms, twin.terms, moves);
    moveItems(pledge.marks, twin.marks, moves);
    gained.add(twin);
  }
  for (const loose of from.loose) {
    const twin = looseOf(to, loose.template, loose.slot);
    if (!moveItems(loose.marks, twin.marks, moves)) continue;
    for (const pledge of to.pledges) if (pledge.template === loose.template) gained.add(pledge);
  }
  moveItems(from.noises, to.noises, moves);
  moveItems(from.exposures, to.exposures, moves);
  if (moveItems(from.profile, to.profile, moves)) {
    for (const pledge of to.pledges) gained.add(pledge);
  }
  for (const [record, revision] of from.revisions ?? []) {
    to.revisions ??= new Map();
    to.revisions.set(record, Math.max(revision, to.revisions.get(record) ?? 0));
  }
  for (const pledge of removeItems(to, (ref) => isReplaced(to, ref))) gained.add(pledge);
  return { lost: removeItems(from, moves), gained: [...gained] };
}
