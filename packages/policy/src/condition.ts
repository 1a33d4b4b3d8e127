import type { Fact } from "@troth/events";
import { suggest } from "./nearest.ts";
import type { Profile } from "./policy.ts";
import type { PolicyPath, Problems } from "./problem.ts";
import { shown } from "./problem.ts";
import { type Dimension, parseThreshold } from "./quantity.ts";
import type { ProfileTest, Test } from "./shape-parts.ts";
import { anything, type FoundField, measure } from "./vocabulary.ts";

type Scalar = string | number | boolean;
type Check = (fact: Fact) => boolean;

const isMissing = (value: unknown): boolean => value === undefined || value === null;
const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);

/** What to write as a threshold of that dimension, for messages. */
export const thresholdForm = (dimension: Dimension): string =>
  dimension === "duration" ? "a duration such as 2m or 3d" : "a number such as 2 or 12.50";

function checkScalar(
  found: FoundField,
  scalar: Scalar,
  path: PolicyPath,
  problems: Problems,
): void {
  const { field } = found;
  const say = (expected: string, remedy: string): void =>
    problems.add({ path, part: "value", found: shown(scalar), expected, remedy });
  if (field.words !== null) {
    if (typeof scalar !== "string" || !field.words.includes(scalar)) {
      say(`one of: ${field.words.join(", ")}`, suggest(String(scalar), field.words));
    }
  } else if (field === anything) return;
  else if (field.type === "flag" && typeof scalar !== "boolean")
    say("true or false", "write true or false");
  else if (field.type === "text" && typeof scalar !== "string")
    say("text", `write "${scalar}" in quotes`);
  else if (field.type === "list" && typeof scalar !== "string")
    say("text", `write "${scalar}" in quotes`);
  else if (field.type === "map") say("exists: true", "name a field inside it");
  else if (field.type === "number" && typeof scalar !== "number")
    say("a number", "write digits without a unit");
  else if (["money", "instant", "duration"].includes(field.type)) {
    say("exists, min, max, over or under", "write { min: … } or { exists: true }");
  }
}

/** Equal to one of these; for a field that is a list: one of its items is. */
function equalsAny(found: FoundField, scalars: readonly Scalar[]): Check {
  const { read } = found;
  const [only, ...others] = scalars;
  if (others.length === 0) {
    return (fact) => {
      const value = read(fact);
      return value === only || (isList(value) && value.includes(only));
    };
  }
  const set = new Set<unknown>(scalars);
  return (fact) => {
    const value = read(fact);
    return set.has(value) || (isList(value) && value.some((item) => set.has(item)));
  };
}

type Ranged = Exclude<Test, Scalar | readonly unknown[]>;

function rangeChecks(
  found: FoundField,
  test: Ranged,
  path: PolicyPath,
  problems: Problems,
): Check[] {
  const value = measure(found);
  const { dimension } = found.field;
  const checks: Check[] = [];
  const bound = (
    name: "min" | "max" | "over" | "under",
    holds: (a: number, b: number) => boolean,
  ) => {
    const text = test[name];
    if (text === undefined) return;
    const usable = dimension !== null && dimension !== "instant";
    const edge = usable ? parseThreshold(text, dimension) : null;
    if (edge === null) {
      const expected = usable ? thresholdForm(dimension) : "a field that can be measured";
      const remedy = usable ? `write ${expected}` : "use exists, not or a `when` condition";
      problems.add({ path: [...path, name], part: "value", found: shown(text), expected, remedy });
      return;
    }
    checks.push((fact) => {
      const measured = value(fact);
      return measured !== null && holds(measured, edge);
    });
  };
  bound("min", (a, b) => a >= b);
  bound("max", (a, b) => a <= b);
  bound("over", (a, b) => a > b);
  bound("under", (a, b) => a < b);
  return checks;
}

/** One line of `where`. A field the fact does not carry equals nothing, and is `not` anything. */
export function compileTest(
  found: FoundField,
  test: Test,
  path: PolicyPath,
  problems: Problems,
): Check {
  if (typeof test !== "object" || Array.isArray(test)) {
    const scalars = Array.isArray(test) ? test : [test];
    scalars.forEach((scalar, i) => {
      checkScalar(found, scalar, Array.isArray(test) ? [...path, i] : path, problems);
    });
    return equalsAny(found, scalars);
  }
  const checks = rangeChecks(found, test, path, problems);
  const { exists, not } = test;
  if (exists !== undefined) checks.push((fact) => isMissing(found.read(fact)) !== exists);
  if (not !== undefined) {
    const scalars = Array.isArray(not) ? not : [not];
    for (const scalar of scalars) checkScalar(found, scalar, [...path, "not"], problems);
    const equals = equalsAny(found, scalars);
    checks.push((fact) => !equals(fact));
  }
  if (checks.length === 0) {
    const expected = "exists, min, max, over, under or not";
    problems.add({
      path,
      part: "value",
      found: "an empty test",
      expected,
      remedy: "say what it must be",
    });
  }
  return allOf(checks);
}

export function allOf<Input>(
  checks: readonly ((input: Input) => boolean)[],
): (input: Input) => boolean {
  const [first, second, ...more] = checks;
  if (first === undefined) return () => true;
  if (second === undefined) return first;
  if (more.length === 0) return (input) => first(input) && second(input);
  return (input) => checks.every((check) => check(input));
}

type Who = NonNullable<ProfileTest["segment"]>;

function whoCheck(
  who: Who,
  read: (profile: Profile) => string | null,
): (profile: Profile) => boolean {
  const names = Array.isArray(who) ? who : who.not;
  const wanted = Array.isArray(who);
  return (profile) => names.includes(read(profile) ?? "") === wanted;
}

/** A condition on a customer's profile. What is not known of the customer is not any of the names. */
export function compileProfile(test: ProfileTest): (profile: Profile) => boolean {
  const checks: ((profile: Profile) => boolean)[] = [];
  const { segment, tier, region, product, preference } = test;
  if (segment !== undefined) checks.push(whoCheck(segment, (profile) => profile.segment));
  if (tier !== undefined) checks.push(whoCheck(tier, (profile) => profile.tier));
  if (region !== undefined) checks.push(whoCheck(region, (profile) => profile.region));
  if (product !== undefined) {
    const names = Array.isArray(product) ? product : product.not;
    const wanted = Array.isArray(product);
    checks.push((profile) => profile.products.some((held) => names.includes(held)) === wanted);
  }
  const prefer = (
    names: readonly string[] | undefined,
    read: (profile: Profile) => string | null,
  ): void => {
    if (names !== undefined) checks.push((profile) => names.includes(read(profile) ?? ""));
  };
  prefer(preference?.contact, (profile) => profile.contact);
  prefer(preference?.pace, (profile) => profile.pace);
  prefer(preference?.price, (profile) => profile.price);
  prefer(preference?.familiarity, (profile) => profile.familiarity);
  return allOf(checks);
}
