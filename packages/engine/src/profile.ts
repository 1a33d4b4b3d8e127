import type { Profile } from "@troth/policy";
import type { ProfileItem } from "./state.ts";

/** Of whom nothing is known. */
export const nobody: Profile = {
  segment: null,
  tier: null,
  region: null,
  products: [],
  contact: null,
  pace: null,
  price: null,
  familiarity: null,
};

const text = (value: unknown): string | null => (typeof value === "string" ? value : null);

type Preference = "contact" | "pace" | "price" | "familiarity";
const preferences: readonly Preference[] = ["contact", "pace", "price", "familiarity"];

/**
 * What was known of a customer as of `at`. A declared preference beats an inferred one whatever
 * their order; with `declaredOnly` (entitlements) inferred ones do not count at all.
 */
export function profileAt(
  items: readonly ProfileItem[],
  at: number,
  declaredOnly: boolean,
): Profile {
  if (items.length === 0) return nobody;
  const profile = { ...nobody };
  const declared: Partial<Record<Preference, string>> = {};
  for (const item of items) {
    if (item.at > at) break;
    const data = item.data;
    if (item.kind === "profile.updated") {
      profile.segment = text(data["segment"]) ?? profile.segment;
      profile.tier = text(data["tier"]) ?? profile.tier;
      profile.region = text(data["region"]) ?? profile.region;
      const products = data["products"];
      if (Array.isArray(products)) profile.products = products;
      continue;
    }
    const inferred = data["basis"] === "inferred";
    if (inferred) {
      const expiresAt = data["expiresAt"];
      if (declaredOnly || (typeof expiresAt === "number" && at >= expiresAt)) continue;
    }
    for (const name of preferences) {
      const value = text(data[name]);
      if (value === null) continue;
      if (!inferred) declared[name] = value;
      profile[name] = declared[name] ?? value;
    }
  }
  return profile;
}
