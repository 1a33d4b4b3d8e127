import type { ASTNode, ObjectSchema } from "@marcbachmann/cel-js";
import { Environment } from "@marcbachmann/cel-js";
import type { Fact } from "@troth/events";
import { err, ok, type Result } from "@troth/events";
import { suggest } from "./nearest.ts";
import { tenThousandths, unitMs } from "./quantity.ts";
import type { Field, Fields } from "./vocabulary.ts";

/** What is wrong with an expression, and how many characters into it. */
export type CelProblem = {
  readonly offset: number;
  readonly found: string;
  readonly remedy: string;
};

const expressionMax = 2_000;
const limits = {
  maxAstNodes: 200,
  maxDepth: 20,
  maxListElements: 100,
  maxMapEntries: 20,
  maxCallArguments: 8,
};

/**
 * The functions an expression may call. Patterns (`matches`) are left out because a policy must not
 * bring a slow regular expression, and zoned clock functions because judging reads no zone data.
 */
const macros = ["exists", "all", "exists_one"];
const functions = [
  ...macros,
  ...["has", "size", "int", "double", "string", "startsWith", "endsWith", "contains", "lowerAscii"],
  ...["minutes", "hours", "days", "amount", "money"],
];

type Mixed = (a: number, b: number) => number;
const arithmetic: readonly (readonly [string, Mixed])[] = [
  ["+", (a, b) => a + b],
  ["-", (a, b) => a - b],
  ["*", (a, b) => a * b],
  ["/", (a, b) => a / b],
];

const amountOf = (money: unknown): number => {
  const record = money instanceof Map ? money.get("amount") : Object(money)["amount"];
  return tenThousandths(String(record)) ?? Number.NaN;
};

/** Numbers of a fact are doubles; whole numbers in an expression mix with them freely. */
function baseEnvironment(): Environment {
  const env = new Environment({ limits, unlistedVariablesAreDyn: false });
  for (const [sign, apply] of arithmetic) {
    env.registerOperator(`double ${sign} int`, (a: number, b: bigint) => apply(a, Number(b)));
    env.registerOperator(`int ${sign} double`, (a: bigint, b: number) => apply(Number(a), b));
  }
  env.registerOperator("double == int", (a: number, b: bigint) => a === Number(b));
  const span = (name: "minutes" | "hours" | "days", ms: number): void => {
    env.registerFunction(`${name}(int): double`, (n: bigint) => Number(n) * ms);
    env.registerFunction(`${name}(double): double`, (n: number) => n * ms);
  };
  span("minutes", unitMs.m);
  span("hours", unitMs.h);
  span("days", unitMs.d);
  env.registerFunction("amount(dyn): double", amountOf);
  env.registerFunction("money(string): double", (text: string) => amountOf({ amount: text }));
  for (const name of ["kind", "source"]) env.registerVariable(name, "string");
  return env.registerVariable("time", "double");
}

/** Evaluates: fields are looked up in the fact as it is. */
const running = baseEnvironment().registerVariable("data", "map");
const checking = baseEnvironment();

function celType(field: Field): string | ObjectSchema {
  switch (field.type) {
    case "text":
      return "string";
    case "flag":
      return "bool";
    case "number":
    case "duration":
    case "instant":
      return "double";
    case "money":
      return "map<string, string>";
    case "list":
      return "list<string>";
    case "map":
      return "map<string, dyn>";
  }
}

/** Fields of a record inside a record (`emotion.category`) are checked as one map. */
function schemaOf(fields: Fields): ObjectSchema {
  const schema: ObjectSchema = Object.create(null);
  for (const [path, field] of fields) {
    const [name = path, inner] = path.split(".");
    if (inner === undefined) schema[name] = celType(field);
    else schema[name] ??= "map<string, dyn>";
  }
  return schema;
}

const environments = new WeakMap<Fields, Environment>();
function checkingOf(fields: Fields): Environment {
  const known = environments.get(fields);
  if (known !== undefined) return known;
  const schema = schemaOf(fields);
  const env = checking.clone().registerVariable({ name: "data", schema });
  environments.set(fields, env);
  return env;
}

type CelError = { readonly summary?: unknown; readonly range?: { readonly start: number } };

function problemOf(error: unknown, fields: Fields, text: string): CelProblem {
  const { summary, range }: CelError = Object(error);
  const found = typeof summary === "string" ? summary : "an expression that cannot be read";
  const offset = Math.min(range?.start ?? 0, text.length);
  const missing = /^No such key: (\S+)/u.exec(found)?.[1];
  if (missing === undefined)
    return { offset, found, remedy: "write a CEL condition that is true or false" };
  const names = [...fields.keys()].filter((name) => !name.includes("."));
  return { offset, found: `the field \`${missing}\``, remedy: suggest(missing, names) };
}

type Called = { readonly name: string; readonly start: number; readonly nested: boolean };

/** Every call in the expression; one list macro inside another is marked, because they multiply. */
function callsIn(node: unknown, inMacro: boolean, found: Called[]): void {
  if (Array.isArray(node)) {
    for (const item of node) callsIn(item, inMacro, found);
    return;
  }
  if (!isNode(node)) return;
  const [name] = Array.isArray(node.args) ? node.args : [];
  const called = (node.op === "call" || node.op === "rcall") && typeof name === "string";
  const isMacro = called && macros.includes(name);
  if (called) found.push({ name, start: node.start, nested: isMacro && inMacro });
  callsIn(node.args, inMacro || isMacro, found);
}

/** Every function that a parsed expression calls, with where it stands in the text. */
export function functionsCalled(ast: ASTNode): readonly Pick<Called, "name" | "start">[] {
  const calls: Called[] = [];
  callsIn(ast, false, calls);
  return calls;
}

function isNode(value: unknown): value is ASTNode {
  return typeof value === "object" && value !== null && "op" in value && "args" in value;
}

function forbidden(ast: ASTNode): CelProblem | null {
  const calls: Called[] = [];
  callsIn(ast, false, calls);
  for (const { name, start, nested } of calls) {
    if (!functions.includes(name)) {
      return { offset: start, found: `the function \`${name}\``, remedy: suggest(name, functions) };
    }
    if (nested)
      return { offset: start, found: "a list inside a list", remedy: "test one list at a time" };
  }
  return null;
}

/**
 * A CEL condition over `data`, `kind`, `source` and `time` (milliseconds, as all times), parsed and
 * type-checked once against the fields of the kinds it reads. What fails while it runs, a field that
 * the fact does not carry above all, makes it false.
 */
export function compileCel(
  text: string,
  fields: Fields,
): Result<(fact: Fact) => boolean, CelProblem> {
  if (text.length > expressionMax) {
    const remedy = "split it over several rules";
    return err({ offset: 0, found: `${text.length} characters`, remedy });
  }
  try {
    const check = checkingOf(fields).check(text);
    if (!check.valid) return err(problemOf(check.error, fields, text));
    if (check.type !== "bool" && check.type !== "dyn") {
      return err({
        offset: 0,
        found: `a value of type ${check.type}`,
        remedy: "compare it with something",
      });
    }
    const run = running.parse(text);
    const wrong = forbidden(run.ast);
    if (wrong !== null) return err(wrong);
    return ok((fact) => {
      try {
        const { kind, source, time, data } = fact;
        return run({ kind, source, time, data }) === true;
      } catch {
        return false;
      }
    });
  } catch (error) {
    return err(problemOf(error, fields, text));
  }
}
