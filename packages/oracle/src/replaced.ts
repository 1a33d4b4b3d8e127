import { type Fact, identityOf } from "@troth/events";
import { numberOf, textOf } from "./field.ts";

/**
 * Which facts of a customer others have replaced: a record's latest revision replaces those before
 * it, and a fact may name the one it supersedes. What was replaced stays so (RULES.md 3).
 */
export type Replaced = {
  readonly facts: Set<string>;
  /** Highest revision seen of each record. */
  readonly revisions: Map<string, number>;
};

export const nothingReplaced = (): Replaced => ({ facts: new Set(), revisions: new Map() });

function recordOf(fact: Fact): string {
  const name = textOf(fact, "sourceRecordId") ?? fact.id;
  return `${fact.source}\u0000${fact.kind}\u0000${name}`;
}

const revisionOf = (fact: Fact): number => Math.max(0, numberOf(fact, "revision") ?? 0);

export const isReplaced = (replaced: Replaced, fact: Fact): boolean =>
  replaced.facts.has(identityOf(fact)) ||
  revisionOf(fact) < (replaced.revisions.get(recordOf(fact)) ?? 0);

export function noteReplaced(replaced: Replaced, fact: Fact): void {
  if (revisionOf(fact) >= 1) replaced.revisions.set(recordOf(fact), revisionOf(fact));
  const named = textOf(fact, "supersedes");
  if (named !== null) replaced.facts.add(identityOf({ source: fact.source, id: named }));
}

/** A customer who takes in another's facts takes in what was replaced among them. */
export function takeIn(into: Replaced, from: Replaced): void {
  for (const fact of from.facts) into.facts.add(fact);
  for (const [record, revision] of from.revisions)
    into.revisions.set(record, Math.max(revision, into.revisions.get(record) ?? 0));
}
