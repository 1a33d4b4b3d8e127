import type { z } from "zod";
import { readShape, type Shaped } from "./issues.ts";
import type { Problems } from "./problem.ts";
import { shown } from "./problem.ts";
import { entryName, type entryShapes } from "./shape.ts";

type EntryShapes = typeof entryShapes;
export type Section = keyof EntryShapes;

/** Entries of a section by name, ascending; null for one that was refused. */
export type Entries<Schema extends z.ZodType> = ReadonlyMap<
  string,
  Shaped<z.output<Schema>> | null
>;

export type Mapping = { readonly [key: string]: unknown };
export const isMapping = (value: unknown): value is Mapping =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const entriesMax = 1_000;

/** Reads each named entry of a section on its own, so that one bad entry hides no other. */
export function readEntries<Schema extends z.ZodType>(
  section: Section,
  schema: Schema,
  value: unknown,
  problems: Problems,
): Entries<Schema> {
  const entries = new Map<string, Shaped<z.output<Schema>> | null>();
  if (value === undefined) return entries;
  if (!isMapping(value)) {
    const remedy = `write ${section}: with names below it`;
    problems.add({
      path: [section],
      part: "value",
      found: shown(value),
      expected: "a mapping",
      remedy,
    });
    return entries;
  }
  const names = Object.keys(value).sort();
  if (names.length > entriesMax) {
    const expected = `at most ${entriesMax} entries`;
    const found = String(names.length);
    problems.add({ path: [section], part: "key", found, expected, remedy: "remove some" });
    return entries;
  }
  for (const name of names) {
    const path = [section, name];
    if (!entryName.safeParse(name).success) {
      const expected = "a name such as delivery-date";
      const remedy = "use a-z, 0-9 and -";
      problems.add({ path, part: "key", found: `"${name}"`, expected, remedy });
    }
    entries.set(name, readShape(schema, value[name], path, problems));
  }
  return entries;
}

/** The same entries, each made into something else; a refused one stays refused. */
export function mapEntries<Schema extends z.ZodType, Made>(
  entries: Entries<Schema>,
  make: (name: string, value: z.output<Schema>, index: number, whole: boolean) => Made | null,
): ReadonlyMap<string, Made | null> {
  const made = new Map<string, Made | null>();
  let index = 0;
  for (const [name, entry] of entries) {
    made.set(name, entry === null ? null : make(name, entry.value, index, entry.whole));
    index += 1;
  }
  return made;
}
