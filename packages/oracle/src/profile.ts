import type { Fact } from "@troth/events";
import type { Profile } from "@troth/policy";
import { numberOf, textOf, textsOf } from "./field.ts";
import { latest } from "./order.ts";
import type { ProfileItem } from "./traces.ts";

/** The profile as of `t` (RULES.md 4). An entitlement leaves what was only inferred aside. */
export function profileAsOf(
  items: readonly ProfileItem[],
  t: number,
  withInferred: boolean,
): Profile {
  const known = items.filter((item) => item.at <= t);
  const updates = known.filter(({ fact }) => fact.kind === "profile.updated");
  const preferences = known.filter(({ fact }) => fact.kind === "preference.set");
  const declared = preferences.filter(({ fact }) => !isInferred(fact));
  const inferred = withInferred
    ? preferences.filter(({ fact }) => isInferred(fact) && !hasExpired(fact, t))
    : [];
  const preferred = (field: string): string | null =>
    lastText(declared, field) ?? lastText(inferred, field);
  return {
    segment: lastText(updates, "segment"),
    tier: lastText(updates, "tier"),
    region: lastText(updates, "region"),
    products: lastTexts(updates, "products"),
    contact: preferred("contact"),
    pace: preferred("pace"),
    price: preferred("price"),
    familiarity: preferred("familiarity"),
  };
}

const isInferred = (fact: Fact): boolean => textOf(fact, "basis") === "inferred";

function hasExpired(fact: Fact, t: number): boolean {
  const expiresAt = numberOf(fact, "expiresAt");
  return expiresAt !== null && t >= expiresAt;
}

function lastText(items: readonly ProfileItem[], field: string): string | null {
  const item = latest(items.filter(({ fact }) => textOf(fact, field) !== null));
  return item === null ? null : textOf(item.fact, field);
}

function lastTexts(items: readonly ProfileItem[], field: string): readonly string[] {
  const item = latest(items.filter(({ fact }) => textsOf(fact, field) !== null));
  return item === null ? [] : (textsOf(item.fact, field) ?? []);
}
