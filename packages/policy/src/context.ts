import type { Calendar } from "./calendar.ts";
import { suggest } from "./nearest.ts";
import type { Link, SourceRule } from "./policy.ts";
import type { PolicyPath, Problems } from "./problem.ts";
import type { Zone } from "./zone.ts";

/** What a rule can refer to by name. Null stands for an entry that is there but itself refused. */
export type Context = {
  readonly problems: Problems;
  readonly zone: Zone;
  readonly calendars: ReadonlyMap<string, Calendar | null>;
  readonly links: ReadonlyMap<string, Link | null>;
  readonly sources: ReadonlyMap<string, SourceRule | null>;
  /** Ids of all pledges, ascending: a template's place in it is its index. */
  readonly pledgeIds: readonly string[];
  readonly noiseIds: readonly string[];
  /**
   * Whether the rule being read is complete as written. Where a part of it was refused, nothing is
   * said to be missing or not to go together: that may follow from the part left out.
   */
  readonly whole: boolean;
};

/** The entry of that name; null, and a problem unless it is there but refused, when there is none. */
export function lookUp<Entry>(
  entries: ReadonlyMap<string, Entry | null>,
  name: string,
  what: string,
  path: PolicyPath,
  problems: Problems,
): Entry | null {
  const entry = entries.get(name);
  if (entry === undefined) {
    const remedy = suggest(name, [...entries.keys()]);
    problems.add({
      path,
      part: "value",
      found: `"${name}"`,
      expected: `the name of a ${what}`,
      remedy,
    });
  }
  return entry ?? null;
}
