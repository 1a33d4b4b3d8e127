import type { Refusal, RefusalReason } from "./fact.ts";
import type { Fields, FieldType } from "./kinds/field.ts";
import { attributeNameMax, attributeTextMax, isWellFormed } from "./shape.ts";

const bounds = (min: number, max: number): string =>
  max < 1e9 ? ` from ${min} to ${max}` : min > -1e9 ? `, ${min} or more` : "";

/** How a value of this type is written; used in refusals and in the documentation. */
export function howToWrite(type: FieldType): string {
  switch (type.is) {
    case "text":
      return `a text of 1 to ${type.max} characters`;
    case "where":
      return "where the text is kept (no spaces, at most 512 characters), not the text itself";
    case "reference":
      return type.scheme === null
        ? "a reference such as order:A-1 or phone:+491701234567"
        : "a reference of the form customer:ID";
    case "int":
      return `a whole number${bounds(type.min, type.max)}`;
    case "number":
      return `a number${type.unit === "s" ? " of seconds" : ""}${bounds(type.min, type.max)}`;
    case "flag":
      return "true or false";
    case "one-of":
      return `one of ${type.words.join(", ")}`;
    case "instant":
      return "a moment such as 2018-01-14T09:30:00Z (with Z or an offset) or a day, 1990 to 2099";
    case "until":
      return "a moment such as 2018-01-14T09:30:00Z (with Z or an offset) or a day (its end counts), 1990 to 2099";
    case "duration":
      return "a duration such as P3D or PT45M (weeks to seconds)";
    case "money":
      return '{"amount": "12.50", "currency": "EUR"} with at most 4 decimals and 11 digits before them';
    case "list":
      return `a list of at most ${type.max}, each ${howToWrite(type.of)}`;
    case "group":
      return `an object of ${Object.keys(type.fields).join(", ")}`;
    case "attributes":
      return `an object of at most ${type.max} names (${attributeNameMax} characters), each with a text of at most ${attributeTextMax} characters, a number, true or false`;
  }
}

/** A moment, possible or not: no name, whatever else is wrong with it. */
const momentLike = /^\d{1,5}-\d{1,2}-\d{1,2}(?:[T ][\d:.]{1,20})?(?:Z|[+-][\d:]{2,6})?$/;

/** Free text and references may name a customer, so of them only the length is told. */
export function whatWasFound(value: unknown, quote: boolean): string {
  if (value === undefined) return "is missing";
  if (value === null) return "is null";
  if (Array.isArray(value)) return `is a list of ${value.length}`;
  if (typeof value === "object") return "is an object";
  if (typeof value !== "string") return `is ${String(value)}`;
  const mayName = value.length > 40 || /[:@]\S*[a-z@]|\d{9}/i.test(value);
  if (!quote || (mayName && !momentLike.test(value))) {
    return `is a text of ${value.length} characters`;
  }
  return `is ${JSON.stringify(value)}`;
}

export const refusal = (
  reason: RefusalReason,
  field: string | null,
  message: string,
): { readonly ok: false; readonly error: Refusal } => ({
  ok: false,
  error: { reason, field, message },
});

function at(value: unknown, step: PropertyKey): unknown {
  if (value === null || typeof value !== "object" || !Object.hasOwn(value, step)) return undefined;
  return Object.getOwnPropertyDescriptor(value, step)?.value;
}

/** Follows zod's path through the table as far as the table goes. */
function typeAt(fields: Fields, path: readonly PropertyKey[]): FieldType | null {
  let inside: Fields | null = fields;
  let type: FieldType | null = null;
  for (const step of path) {
    if (inside !== null && typeof step === "string") {
      const field: Fields[string] | undefined = inside[step];
      if (field === undefined) return type;
      type = field.type;
    } else if (type?.is === "list" && typeof step === "number") type = type.of;
    else return type;
    inside = type.is === "group" ? type.fields : null;
  }
  return type;
}

/** The refusal for the first thing zod found wrong with `data`. */
export function refusalAt(
  fields: Fields,
  data: unknown,
  path: readonly PropertyKey[],
): { readonly ok: false; readonly error: Refusal } {
  const name = path.length === 0 ? "data" : `data.${path.map(shortName).join(".")}`;
  const value = path.reduce<unknown>(at, data);
  const type = typeAt(fields, path);
  if (typeof value === "string" && !isWellFormed(value)) {
    return refusal(
      "not-utf8",
      name,
      `${name} has half a character in it (a lone surrogate); send it as valid UTF-8.`,
    );
  }
  const quote = type !== null && !["text", "where", "reference", "attributes"].includes(type.is);
  const how = type === null ? "an object" : howToWrite(type);
  return refusal(reasonOf(type), name, `${name} ${whatWasFound(value, quote)}; give ${how}.`);
}

/** A name from outside may be anything; it is told only if it is an ordinary one. */
const shortName = (step: PropertyKey): string =>
  typeof step === "number" || /^[\w-]{1,64}$/.test(String(step)) ? String(step) : "?";

function reasonOf(type: FieldType | null): RefusalReason {
  if (type?.is === "instant" || type?.is === "until") return "bad-time";
  return type?.is === "reference" ? "bad-reference" : "bad-field";
}
