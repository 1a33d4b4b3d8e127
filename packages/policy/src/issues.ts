import type { z } from "zod";
import { suggest } from "./nearest.ts";
import type { PolicyPath, Problem, Problems } from "./problem.ts";
import { shown } from "./problem.ts";
import { readExpects } from "./shape-parts.ts";

type Issue = z.core.$ZodIssue;

const stepOf = (step: PropertyKey): string | number =>
  typeof step === "symbol" ? String(step) : step;

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value;
  for (const step of path) {
    if (typeof at !== "object" || at === null) return undefined;
    at = Object.getOwnPropertyDescriptor(at, step)?.value;
  }
  return at;
}

/** Of the ways a value might have been meant, the one it comes closest to. */
function closest(branches: readonly (readonly Issue[])[]): readonly Issue[] {
  let best: readonly Issue[] | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const branch of branches) {
    const wrongForm = branch.some(
      (issue) =>
        issue.path.length === 0 &&
        (issue.code === "invalid_type" || issue.code === "invalid_value"),
    );
    const cost = branch.length + (wrongForm ? 1_000 : 0);
    if (cost < least) {
      least = cost;
      best = branch;
    }
  }
  return best ?? [];
}

const typeNames: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  object: "a mapping",
  record: "a mapping",
  array: "a list",
};

/** What the schema wanted, for the ordinary failures that carry no words of their own. */
function wanted(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type":
      return typeNames[issue.expected] ?? issue.expected;
    case "invalid_value":
      return issue.values.map(String).join(", ");
    case "too_big":
      return `at most ${issue.maximum}`;
    case "too_small":
      return issue.origin === "array" && issue.minimum === 1
        ? "at least one"
        : `at least ${issue.minimum}`;
    default:
      return "another value";
  }
}

function remedyOf(issue: Issue, found: unknown): string {
  switch (issue.code) {
    case "invalid_value":
      return suggest(typeof found === "string" ? found : "", issue.values.map(String));
    case "invalid_type":
      return found === undefined
        ? "add it"
        : `write ${typeNames[issue.expected] ?? issue.expected}`;
    default:
      return "change it accordingly";
  }
}

const expectedOf = (issue: Issue): string => readExpects(issue.message)?.expected ?? wanted(issue);

/** Ways of writing that were all refused in form: said together rather than one picked. */
function formsOf(branches: readonly (readonly Issue[])[]): readonly string[] {
  const forms = branches.flat().flatMap((issue) => {
    if (issue.code === "invalid_union") return formsOf(issue.errors);
    return issue.path.length === 0 ? [expectedOf(issue)] : [];
  });
  return [...new Set(forms)];
}

type At = { readonly path: PolicyPath; readonly found: unknown };
type UnionIssue = Extract<Issue, { code: "invalid_union" }>;

/** A value that might have been written in several ways: what is wrong with the likeliest. */
function unionProblems(issue: UnionIssue, { path, found }: At): readonly Problem[] {
  const inner = closest(issue.errors);
  const formless = inner.every(
    ({ path: deeper, code }) =>
      deeper.length === 0 && code !== "unrecognized_keys" && code !== "custom",
  );
  const forms = formsOf(issue.errors);
  if (!formless || forms.length < 2) return problemsOf(inner, found, path);
  const words = issue.errors
    .flat()
    .flatMap((one) => (one.code === "invalid_value" ? one.values.map(String) : []));
  const remedy =
    typeof found === "string" && words.length > 0
      ? suggest(found, words)
      : "write it in one of these forms";
  return [{ path, part: "value", found: shown(found), expected: forms.join(" or "), remedy }];
}

function keyProblems(
  keys: readonly string[],
  message: string,
  path: PolicyPath,
): readonly Problem[] {
  const { expected, remedy: known } = readExpects(message) ?? { expected: "", remedy: "" };
  return keys.map((key) => ({
    path: [...path, key],
    part: "key",
    found: `the key \`${key}\``,
    expected,
    remedy: suggest(key, known.split(", ")),
  }));
}

function problemsOfOne(issue: Issue, { path, found }: At): readonly Problem[] {
  if (issue.code === "invalid_union") return unionProblems(issue, { path, found });
  if (issue.code === "unrecognized_keys") return keyProblems(issue.keys, issue.message, path);
  if (issue.code === "invalid_key") {
    const words = readExpects(issue.issues[0]?.message ?? "");
    const { expected, remedy } = words ?? { expected: "a name", remedy: "rename it" };
    return [{ path, part: "key", found: shown(path.at(-1)), expected, remedy }];
  }
  const hint = readExpects(issue.message)?.remedy ?? remedyOf(issue, found);
  const remedy = found === undefined ? `add \`${String(path.at(-1))}\`` : hint;
  return [{ path, part: "value", found: shown(found), expected: expectedOf(issue), remedy }];
}

/** Problems of one value, with paths from the top of the file. */
function problemsOf(
  issues: readonly Issue[],
  value: unknown,
  base: PolicyPath,
): readonly Problem[] {
  return issues.flatMap((issue) =>
    problemsOfOne(issue, {
      path: [...base, ...issue.path.map(stepOf)],
      found: valueAt(value, issue.path),
    }),
  );
}

/** The value without those parts: keys are dropped, list items too, from the back. */
function without(value: unknown, paths: readonly PolicyPath[]): unknown {
  const copy = structuredClone(value);
  const order = (path: PolicyPath): number => {
    const last = path.at(-1);
    return typeof last === "number" ? last : 0;
  };
  for (const path of [...paths].sort((a, b) => order(b) - order(a))) {
    const last = path.at(-1);
    const parent = valueAt(copy, path.slice(0, -1));
    if (last === undefined || typeof parent !== "object" || parent === null) continue;
    if (Array.isArray(parent)) parent.splice(Number(last), 1);
    else Reflect.deleteProperty(parent, last);
  }
  return copy;
}

/** How often what hung on a part left out is left out in turn; rules are not nested deeper. */
const roundsMax = 8;

/** What of the value can stand once refused parts, and what cannot do without them, are left out. */
function salvage<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
): Shaped<z.output<Schema>> | null {
  let rest = value;
  for (let round = 0; round < roundsMax; round += 1) {
    const read = schema.safeParse(rest);
    if (read.success) return { value: read.data, whole: false };
    const refused = problemsOf(read.error.issues, rest, []).map(({ path }) =>
      valueAt(rest, path) === undefined ? path.slice(0, -1) : path,
    );
    const paths = new Map(refused.map((path) => [path.join("\u0000"), path]));
    rest = without(rest, [...paths.values()]);
  }
  return null;
}

/** `whole`: exactly as written; otherwise refused parts were left out to go on looking at the rest. */
export type Shaped<Value> = { readonly value: Value; readonly whole: boolean };

/**
 * Reads a value by its shape. Refused parts are reported and left out, and what remains is handed on
 * if it can stand without them, so that its other mistakes are found in the same run.
 */
export function readShape<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  base: PolicyPath,
  problems: Problems,
): Shaped<z.output<Schema>> | null {
  const read = schema.safeParse(value);
  if (read.success) return { value: read.data, whole: true };
  for (const problem of problemsOf(read.error.issues, value, base)) problems.add(problem);
  return salvage(schema, value);
}
