import { Environment } from "@marcbachmann/cel-js";
import { err, ok, type Result } from "@troth/events";
import { functionsCalled, suggest } from "@troth/policy";
import { centsOf, commaOf, decimalOf, moneyOf } from "./amounts.ts";
import { BadValue, fromDays, fromLocal, fromMicros, fromMillis, fromSeconds } from "./moments.ts";

/** What an expression may look at; which of them are there depends on the format and the source. */
export const variables = [
  ...["value", "key", "headers", "topic", "partition", "offset", "timestamp", "line"],
  ...["op", "before", "after", "item"],
] as const;
export type Variable = (typeof variables)[number];
export type Scope = Readonly<Partial<Record<Variable, unknown>>>;

/** An expression gives a value, finds that something it names is not there, or cannot go on. */
export type Evaluated =
  | { readonly kind: "value"; readonly value: unknown }
  | { readonly kind: "missing"; readonly name: string }
  | { readonly kind: "failed"; readonly why: string };
export type Expression = (scope: Scope) => Evaluated;

export type ExpressionProblem = {
  readonly offset: number;
  readonly found: string;
  readonly remedy: string;
};

const expressionMax = 2_000;

const limits = {
  maxAstNodes: 300,
  maxDepth: 24,
  maxListElements: 100,
  maxMapEntries: 40,
  maxCallArguments: 8,
};

const textOf = (value: unknown): string => {
  if (typeof value === "string") return value;
  if (["number", "bigint", "boolean"].includes(typeof value)) return String(value);
  throw new BadValue("text needs a text, a number, true or false");
};

function parsed(value: unknown): unknown {
  try {
    return JSON.parse(textOf(value));
  } catch {
    throw new BadValue("json needs a text that is JSON");
  }
}

function numberOf(value: unknown): number {
  const text = textOf(value).trim();
  const number = Number(text);
  if (text !== "" && Number.isFinite(number)) return number;
  throw new BadValue("number needs a text that is a number, with a point");
}

const isNothing = (value: unknown): boolean =>
  value === null || value === "" || value === undefined;

const texts: Readonly<Record<string, (...given: never[]) => unknown>> = {
  "text(dyn): string": textOf,
  "trim(dyn): string": (value: unknown) => textOf(value).trim(),
  "replace(string, string, string): string": (s: string, a: string, b: string) =>
    s.replaceAll(a, b),
  "lower(string): string": (value: string) => value.toLowerCase(),
  "upper(string): string": (value: string) => value.toUpperCase(),
};

/** Each gives nothing for nothing (null, an empty text): a cell that is empty says nothing. */
const conversions: Readonly<Record<string, (value: unknown, ...more: never[]) => unknown>> = {
  "number(dyn): dyn": numberOf,
  "json(dyn): dyn": parsed,
  "seconds(dyn): dyn": fromSeconds,
  "millis(dyn): dyn": fromMillis,
  "micros(dyn): dyn": fromMicros,
  "days(dyn): dyn": fromDays,
  "local(dyn, string): dyn": fromLocal,
  "local(dyn, string, string): dyn": fromLocal,
  "money(dyn, dyn): dyn": moneyOf,
  "cents(dyn, dyn): dyn": centsOf,
  "decimal(dyn, int): dyn": decimalOf,
  "decimalComma(dyn): dyn": commaOf,
};

/** JSON has one kind of number; whole numbers in an expression mix with it freely. */
function openEnvironment(): Environment {
  const env = new Environment({
    limits,
    unlistedVariablesAreDyn: false,
    homogeneousAggregateLiterals: false,
  });
  const mixed: readonly (readonly [string, (a: number, b: number) => number])[] = [
    ["+", (a, b) => a + b],
    ["-", (a, b) => a - b],
    ["*", (a, b) => a * b],
    ["/", (a, b) => a / b],
  ];
  for (const [sign, apply] of mixed) {
    env.registerOperator(`double ${sign} int`, (a: number, b: bigint) => apply(a, Number(b)));
    env.registerOperator(`int ${sign} double`, (a: bigint, b: number) => apply(Number(a), b));
  }
  env.registerOperator("double == int", (a: number, b: bigint) => a === Number(b));
  env.registerOperator("string + double", (a: string, b: number) => a + String(b));
  env.registerOperator("string + int", (a: string, b: bigint) => a + String(b));
  for (const [signature, handler] of Object.entries(texts))
    env.registerFunction(signature, handler);
  for (const [signature, handler] of Object.entries(conversions)) {
    env.registerFunction(signature, (value: unknown, ...more: never[]) =>
      isNothing(value) ? null : handler(value, ...more),
    );
  }
  env.registerVariable("nothing", "dyn");
  for (const name of variables) env.registerVariable(name, "dyn");
  return env;
}

/** Names of the functions above, for the documentation and for remedies. */
export const functionNames = [
  ...["text", "number", "trim", "replace", "lower", "upper", "json", "seconds", "millis", "micros"],
  ...["days", "local", "money", "cents", "decimal", "decimalComma", "has", "size", "int", "double"],
  ...["string", "startsWith", "endsWith", "contains", "exists", "all", "filter", "map"],
] as const;

const environment = openEnvironment();

type CelError = {
  readonly summary?: unknown;
  readonly message?: unknown;
  readonly range?: { readonly start: number };
  readonly cause?: unknown;
};

const plainMax = 160;
/** The first line of what the library says; the rest draws the expression. */
const said = (error: unknown): string => {
  const { summary, message }: CelError = Object(error);
  const text = typeof summary === "string" ? summary : typeof message === "string" ? message : "";
  return (text.split("\n")[0] ?? "").slice(0, plainMax);
};

/** What cel gives, as JSON has it. */
function plainOf(value: unknown): unknown {
  if (typeof value === "bigint") {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value.toString();
  }
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (Array.isArray(value)) return value.map(plainOf);
  if (value instanceof Map) {
    return Object.fromEntries([...value].map(([name, one]) => [String(name), plainOf(one)]));
  }
  if (value !== null && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plainOf(one)]));
  }
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw new BadValue("a number that is not finite");
  }
  return value;
}

function compileProblem(error: unknown, text: string): ExpressionProblem {
  const { range }: CelError = Object(error);
  const offset = Math.min(range?.start ?? 0, text.length);
  const found = said(error) || "an expression that cannot be read";
  const unknownVariable = /Unknown variable: (\S+)/u.exec(found)?.[1];
  if (unknownVariable !== undefined) {
    const remedy = `${suggest(unknownVariable, variables)}; a fixed text needs quotes of its own: "'${unknownVariable}'"`;
    return { offset, found: `the name \`${unknownVariable}\``, remedy };
  }
  const unknownFunction = /found no matching overload for '([^'(]+)/u.exec(found)?.[1];
  if (unknownFunction !== undefined && !functionNames.some((name) => name === unknownFunction)) {
    const remedy = suggest(unknownFunction, functionNames);
    return { offset, found: `the function \`${unknownFunction}\``, remedy };
  }
  return { offset, found, remedy: "write a CEL expression; a fixed text needs quotes of its own" };
}

/** An expression over a raw record, parsed and checked once. */
export function compileExpression(text: string): Result<Expression, ExpressionProblem> {
  if (text.length > expressionMax) {
    const remedy = `write at most ${expressionMax} characters`;
    return err({ offset: 0, found: `${text.length} characters`, remedy });
  }
  try {
    const check = environment.check(text);
    if (!check.valid) return err(compileProblem(check.error, text));
    const run = environment.parse(text);
    const pattern = functionsCalled(run.ast).find(({ name }) => name === "matches");
    if (pattern !== undefined) {
      // A slow pattern over records from outside would stop the door.
      const remedy = "use contains, startsWith, endsWith or `in`";
      return err({ offset: pattern.start, found: "the function `matches`", remedy });
    }
    return ok((scope) => {
      try {
        return { kind: "value", value: plainOf(run({ ...scope, nothing: null })) };
      } catch (error) {
        if (error instanceof BadValue) return { kind: "failed", why: error.message };
        const { cause }: CelError = Object(error);
        if (cause instanceof BadValue) return { kind: "failed", why: cause.message };
        const why = said(error);
        const missing =
          /^No such key: (\S+)/u.exec(why)?.[1] ?? /^Unknown variable: (\S+)/u.exec(why)?.[1];
        return missing === undefined ? { kind: "failed", why } : { kind: "missing", name: missing };
      }
    });
  } catch (error) {
    return err(compileProblem(error, text));
  }
}
