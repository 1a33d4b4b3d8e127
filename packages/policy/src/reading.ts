import type { Fact, Kind } from "@troth/events";
import { kinds as allKinds, isKind } from "@troth/events";
import { compileCel } from "./cel.ts";
import { allOf, compileTest } from "./condition.ts";
import { suggest } from "./nearest.ts";
import type { Needs } from "./policy.ts";
import type { PolicyPath, Problems } from "./problem.ts";
import type { Test } from "./shape-parts.ts";
import {
  envelope,
  type Fields,
  type FoundField,
  fieldsOf,
  findField,
  measure,
} from "./vocabulary.ts";

/** The kinds a rule reads and what can be read of them. */
export type Reading = {
  readonly kinds: readonly Kind[];
  readonly fields: Fields;
  readonly path: PolicyPath;
  readonly problems: Problems;
};

/** Kinds in the order of the vocabulary; null when none of those named exists. */
export function readingOf(
  on: readonly string[],
  path: PolicyPath,
  problems: Problems,
): Reading | null {
  const named = new Set<string>();
  on.forEach((name, i) => {
    if (isKind(name)) named.add(name);
    else {
      const remedy = suggest(name, allKinds);
      problems.add({
        path: [...path, "on", i],
        part: "value",
        found: `the kind "${name}"`,
        expected: "a kind of fact",
        remedy,
      });
    }
  });
  const kinds = allKinds.filter((kind) => named.has(kind));
  return kinds.length === 0 ? null : { kinds, fields: fieldsOf(kinds), path, problems };
}

/** The field of that name; a problem that names the near ones when no kind read here has it. */
export function fieldNamed(reading: Reading, name: string, path: PolicyPath): FoundField | null {
  const found = findField(reading.fields, name);
  if (found !== null) return found;
  const remedy = suggest(name, [...reading.fields.keys(), ...envelope.keys()]);
  const expected = `a field of ${reading.kinds.join(", ")}`;
  reading.problems.add({ path, part: "value", found: `the field "${name}"`, expected, remedy });
  return null;
}

export const at = (reading: Reading, ...steps: (string | number)[]): PolicyPath => [
  ...reading.path,
  ...steps,
];

export type Reads = {
  readonly where: Readonly<Record<string, Test>>;
  readonly when?: string | undefined;
};

/** True if a field that is not there fails the test, whatever else it says. */
function wantsField(test: Test): boolean {
  if (typeof test !== "object" || Array.isArray(test)) return true;
  const { exists, min, max, over, under } = test;
  return exists === true || [min, max, over, under].some((edge) => edge !== undefined);
}

const rootOf = (name: string): string => name.split(".")[0] ?? name;

/** First names of those of these fields that stand in a fact's data, not in its envelope. */
const inData = (reading: Reading, names: readonly string[]): readonly string[] =>
  names.filter((name) => reading.fields.has(name) || name.startsWith("attributes.")).map(rootOf);

/** What a fact must carry for `where` to hold, and for fields to be there of which one alone is read. */
export function needsOf(
  reading: Reading,
  where: Reads["where"],
  readAlone: readonly (readonly string[] | undefined)[],
): Needs {
  const tests = Object.entries(where);
  const tested = tests.filter(([, test]) => wantsField(test));
  const alone = readAlone.flatMap((names) => (names?.length === 1 ? names : []));
  const needsWords = tests.flatMap(([field, test]) => {
    if (field.includes(".") || !reading.fields.has(field)) return [];
    const scalars = Array.isArray(test) ? test : typeof test === "object" ? null : [test];
    if (scalars === null) return [];
    return [{ field, words: scalars.filter((scalar) => typeof scalar === "string") }];
  });
  const names = [...tested.map(([name]) => name), ...alone];
  return { needsFields: [...new Set(inData(reading, names))].sort(), needsWords };
}

/** `where` first, because it is cheap, then `when`. */
export function compileReads(reading: Reading, reads: Reads): (fact: Fact) => boolean {
  const checks: ((fact: Fact) => boolean)[] = [];
  const names = Object.keys(reads.where).sort();
  for (const name of names) {
    const test = reads.where[name];
    const path = at(reading, "where", name);
    const found = findField(reading.fields, name);
    if (found === null) {
      const remedy = suggest(name, [...reading.fields.keys(), ...envelope.keys()]);
      const expected = `a field of ${reading.kinds.join(", ")}`;
      const part = "key";
      reading.problems.add({ path, part, found: `the field "${name}"`, expected, remedy });
    } else if (test !== undefined) checks.push(compileTest(found, test, path, reading.problems));
  }
  if (reads.when !== undefined) {
    const compiled = compileCel(reads.when, reading.fields);
    if (compiled.ok) checks.push(compiled.value);
    else {
      reading.problems.add({
        path: at(reading, "when"),
        part: "value",
        expected: "a CEL condition that is true or false",
        ...compiled.error,
      });
    }
  }
  return allOf(checks);
}

function fieldsNamed(
  reading: Reading,
  names: readonly string[],
  step: string,
  fits: (found: FoundField) => boolean,
  expected: string,
): readonly FoundField[] {
  const list: FoundField[] = [];
  names.forEach((name, i) => {
    const path = at(reading, step, i);
    const found = fieldNamed(reading, name, path);
    if (found === null) return;
    if (fits(found)) list.push(found);
    else {
      const candidates = [...reading.fields].filter(([, field]) => fits({ ...found, field }));
      const remedy = suggest(
        name,
        candidates.map(([candidate]) => candidate),
      );
      reading.problems.add({ path, part: "value", found: `the field "${name}"`, expected, remedy });
    }
  });
  return list;
}

export function firstOf<Value>(
  reads: readonly ((fact: Fact) => Value | null)[],
): (fact: Fact) => Value | null {
  const [only, ...others] = reads;
  if (only === undefined) return () => null;
  if (others.length === 0) return only;
  return (fact) => {
    for (const read of reads) {
      const value = read(fact);
      if (value !== null) return value;
    }
    return null;
  };
}

/** The first of the fields that is there, as a moment. */
export function compileMoment(
  reading: Reading,
  names: readonly string[],
  step: string,
): (fact: Fact) => number | null {
  const isMoment = (found: FoundField): boolean => found.field.type === "instant";
  const found = fieldsNamed(reading, names, step, isMoment, "a field that is a moment");
  return firstOf(found.map(measure));
}

/** When it happened: the first of the fields that is there, or the fact's time. */
export function compileAt(
  reading: Reading,
  names: readonly string[] | undefined,
): (fact: Fact) => number {
  if (names === undefined) return (fact) => fact.time;
  const moment = compileMoment(reading, names, "at");
  return (fact) => moment(fact) ?? fact.time;
}

function nameReader({ read }: FoundField): (fact: Fact) => string | null {
  return (fact) => {
    const value = read(fact);
    if (typeof value === "string") return value === "" ? null : value;
    return typeof value === "number" && Number.isFinite(value) ? String(value) : null;
  };
}

/** The first of the fields that is there, as a name. */
export function compileName(
  reading: Reading,
  names: readonly string[],
  step: string,
): (fact: Fact) => string | null {
  const isName = ({ field }: FoundField): boolean =>
    field.type === "text" || field.type === "number" || field.dimension === "number";
  const found = fieldsNamed(reading, names, step, isName, "a field that names something");
  return firstOf(found.map(nameReader));
}
