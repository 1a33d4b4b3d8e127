import type { Fact } from "@troth/events";

/** The fields a rule reads by name; null where the fact does not carry them. */
export function textOf(fact: Fact, name: string): string | null {
  const value = fact.data[name];
  return typeof value === "string" ? value : null;
}

export function numberOf(fact: Fact, name: string): number | null {
  const value = fact.data[name];
  return typeof value === "number" ? value : null;
}

export function textsOf(fact: Fact, name: string): readonly string[] | null {
  const value = fact.data[name];
  if (!Array.isArray(value)) return null;
  return value.filter((entry) => typeof entry === "string");
}
