import type { Fields, FieldType } from "./kinds/field.ts";
import { isCurrency, normalAmount } from "./money.ts";
import { isCustomer, isPlainAscii, isReference } from "./reference.ts";
import { parseDuration, parseInstant } from "./time.ts";

/** A half of a character on its own cannot be written as UTF-8. */
const loneSurrogate = /\p{Cs}/u;
export const isWellFormed = (text: string): boolean =>
  isPlainAscii(text, 0) || !loneSurrogate.test(text);

/** Names that mean something to the language itself; never taken over from outside. */
const unsafeNames: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

export const attributeNameMax = 64;
export const attributeTextMax = 256;

const isBlank = (value: unknown): boolean => value === null || value === "" || value === undefined;

export type Members = { readonly [name: string]: unknown };

export const isRecord = (value: unknown): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Nothing is an answer too: null and empty text are read as "not given". */
export const withoutBlanks = (value: Members): Members =>
  Object.fromEntries(Object.entries(value).filter(([, kept]) => !isBlank(kept)));

/** What a check makes of a value that is none. */
const bad = Symbol("bad");

/** The value as facts hold it, or `bad`. */
type Check = (value: unknown) => unknown;

const textOf =
  (max: number): Check =>
  (value) =>
    typeof value === "string" && value !== "" && value.length <= max && isWellFormed(value)
      ? value
      : bad;

const whereShape = /^[^\s\p{Cc}\p{Cs}]{1,512}$/u;
const where: Check = (value) => (typeof value === "string" && whereShape.test(value) ? value : bad);

const referenceOf =
  (customersOnly: boolean): Check =>
  (value) =>
    typeof value === "string" && isReference(value) && (!customersOnly || isCustomer(value))
      ? value
      : bad;

const numberFrom =
  (min: number, max: number, isOne: (value: unknown) => boolean): Check =>
  (value) =>
    typeof value === "number" && isOne(value) && value >= min && value <= max ? value : bad;

const flag: Check = (value) => (typeof value === "boolean" ? value : bad);

/** What `read` makes of a text; NaN means it is not one. */
const numberOf =
  (read: (text: string) => number): Check =>
  (value) => {
    const number = typeof value === "string" ? read(value) : Number.NaN;
    return Number.isNaN(number) ? bad : number;
  };

const money: Check = (value) => {
  if (typeof value !== "object" || value === null) return bad;
  const amount = "amount" in value ? normalAmount(value.amount) : null;
  const currency = "currency" in value ? value.currency : null;
  return amount === null || !isCurrency(currency) ? bad : { amount, currency };
};

const isAttribute = (name: string, value: unknown): boolean =>
  name !== "" &&
  name.length <= attributeNameMax &&
  isWellFormed(name) &&
  (typeof value === "boolean" ||
    (typeof value === "number" && Number.isFinite(value)) ||
    (typeof value === "string" && value.length <= attributeTextMax && isWellFormed(value)));

/** Null means an attribute is not given, and some names are nobody's to give. */
const isTaken = (name: string, value: unknown): boolean => value !== null && !unsafeNames.has(name);

const attributesOf =
  (max: number): Check =>
  (value) => {
    if (!isRecord(value)) return bad;
    const kept: Record<string, unknown> = {};
    let count = 0;
    for (const [name, item] of Object.entries(value)) {
      if (!isTaken(name, item)) continue;
      if (!isAttribute(name, item) || ++count > max) return bad;
      kept[name] = item;
    }
    return kept;
  };

const listOf =
  (of: Check, max: number): Check =>
  (value) => {
    if (!Array.isArray(value) || value.length > max) return bad;
    const list: unknown[] = [];
    for (const item of value) {
      const read = of(item);
      if (read === bad) return bad;
      list.push(read);
    }
    return list;
  };

function checkOf(type: FieldType): Check {
  switch (type.is) {
    case "text":
      return textOf(type.max);
    case "where":
      return where;
    case "reference":
      return referenceOf(type.scheme !== null);
    case "int":
      return numberFrom(type.min, type.max, Number.isSafeInteger);
    case "number":
      return numberFrom(type.min, type.max, Number.isFinite);
    case "flag":
      return flag;
    case "one-of": {
      const words: ReadonlySet<unknown> = new Set(type.words);
      return (value) => (words.has(value) ? value : bad);
    }
    case "instant":
      return numberOf((text) => parseInstant(text, false));
    case "until":
      return numberOf((text) => parseInstant(text, true));
    case "duration":
      return numberOf(parseDuration);
    case "money":
      return money;
    case "list":
      return listOf(checkOf(type.of), type.max);
    case "group": {
      const read = membersReader(type.fields);
      return (value) => (isRecord(value) ? (read(value) ?? bad) : bad);
    }
    case "attributes":
      return attributesOf(type.max);
  }
}

/**
 * Checks the members of an object against a table, converts them, and drops what the table does not
 * name; null when one of them is none. Tables name dozens of fields and an event carries a handful,
 * so what is there is looked at, not what is not; nothing is said here of why, see `faultIn`.
 */
export function membersReader(
  fields: Fields,
): (
  given: Members,
  more?: { readonly name: string; readonly value: unknown } | null,
) => Members | null {
  const all = Object.entries(fields);
  const checks = new Map(all.map(([name, { type }]) => [name, checkOf(type)]));
  const required = all.flatMap(([name, one]) => (one.required ? [name] : []));
  return (given, more = null) => {
    const members: Record<string, unknown> = {};
    for (const name in given) {
      const value = given[name];
      const check = checks.get(name);
      if (check === undefined || isBlank(value)) continue;
      const read = check(value);
      if (read === bad) return null;
      members[name] = read;
    }
    // Of what stands beside the object: only where the object itself does not say it.
    const check = more === null ? undefined : checks.get(more.name);
    if (more !== null && check !== undefined && members[more.name] === undefined) {
      const read = check(more.value);
      if (read === bad) return null;
      members[more.name] = read;
    }
    for (const name of required) if (members[name] === undefined) return null;
    return members;
  };
}

/** The path to the first thing wrong with an object, in the order of its table. */
export function faultIn(fields: Fields, given: Members): readonly PropertyKey[] {
  const members = withoutBlanks(given);
  for (const [name, { type, required }] of Object.entries(fields)) {
    const value = members[name];
    if (value === undefined ? required : checkOf(type)(value) === bad) {
      return [name, ...(value === undefined ? [] : faultAt(type, value))];
    }
  }
  return [];
}

/** Where in a value that is none the fault is; empty: it is the value itself. */
function faultAt(type: FieldType, value: unknown): readonly PropertyKey[] {
  if (type.is === "group" && isRecord(value)) return faultIn(type.fields, value);
  if (type.is === "list" && Array.isArray(value)) {
    const check = checkOf(type.of);
    const index = value.findIndex((item) => check(item) === bad);
    return index === -1 ? [] : [index, ...faultAt(type.of, value[index])];
  }
  if (type.is === "attributes" && isRecord(value)) {
    const wrong = Object.entries(value).find(
      ([name, item]) => isTaken(name, item) && !isAttribute(name, item),
    );
    const taken = Object.keys(value).filter((name) => isTaken(name, value[name]));
    const name = wrong?.[0] ?? taken[type.max];
    return name === undefined ? [] : [name];
  }
  return [];
}
