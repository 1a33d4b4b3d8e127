import { z } from "zod";
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

/**
 * Nothing is an answer too: null and empty text are read as "not given". The same object comes
 * back when there is nothing to leave out, as is usual.
 */
export function withoutBlanks(value: unknown): unknown {
  if (!isRecord(value)) return value;
  for (const name in value) {
    if (isBlank(value[name])) {
      return Object.fromEntries(Object.entries(value).filter(([, kept]) => !isBlank(kept)));
    }
  }
  return value;
}

const bad = { code: "custom", message: "" } as const;

/** What `read` makes of a text; NaN means it is not one. */
const readNumber = (read: (text: string) => number): z.ZodType =>
  z.transform((text: unknown, context) => {
    const value = typeof text === "string" ? read(text) : Number.NaN;
    if (Number.isNaN(value)) context.issues.push({ ...bad, input: text });
    return value;
  });

const moneyShape = z.transform((value: unknown, context) => {
  const given = typeof value === "object" && value !== null ? value : {};
  const amount = "amount" in given ? normalAmount(given.amount) : null;
  const currency = "currency" in given ? given.currency : null;
  if (amount === null || !isCurrency(currency)) context.issues.push({ ...bad, input: value });
  return { amount, currency };
});

const isAttribute = (name: string, value: unknown): boolean =>
  name !== "" &&
  name.length <= attributeNameMax &&
  isWellFormed(name) &&
  (typeof value === "boolean" ||
    (typeof value === "number" && Number.isFinite(value)) ||
    (typeof value === "string" && value.length <= attributeTextMax && isWellFormed(value)));

const attributesShape = (max: number): z.ZodType =>
  z.transform((value: unknown, context) => {
    const kept: Record<string, unknown> = {};
    if (value === null || typeof value !== "object" || Array.isArray(value)) {
      context.issues.push({ ...bad, input: value });
      return kept;
    }
    let count = 0;
    for (const [name, item] of Object.entries(value)) {
      if (item === null || unsafeNames.has(name)) continue;
      if (!isAttribute(name, item) || ++count > max) {
        context.issues.push({ ...bad, input: item, path: [name] });
        return kept;
      }
      kept[name] = item;
    }
    return kept;
  });

function shapeOfType(type: FieldType): z.ZodType {
  switch (type.is) {
    case "text":
      return z.string().min(1).max(type.max).refine(isWellFormed);
    case "where":
      return z.string().regex(/^[^\s\p{Cc}\p{Cs}]{1,512}$/u);
    case "reference":
      return z
        .string()
        .refine((text) => isReference(text) && (type.scheme === null || isCustomer(text)));
    case "int":
      return z.int().min(type.min).max(type.max);
    case "number":
      return z.number().min(type.min).max(type.max);
    case "flag":
      return z.boolean();
    case "one-of":
      return z.enum(type.words);
    case "instant":
      return readNumber((text) => parseInstant(text, false));
    case "until":
      return readNumber((text) => parseInstant(text, true));
    case "duration":
      return readNumber(parseDuration);
    case "money":
      return moneyShape;
    case "list":
      return z.array(shapeOfType(type.of)).max(type.max);
    case "group":
      return z.preprocess(withoutBlanks, shapeOf(type.fields, nothing));
    case "attributes":
      return attributesShape(type.max);
  }
}

/** The zod schema of a table: checks, converts, and drops what the table does not name. */
const shapeOf = (
  fields: Fields,
  present: ReadonlySet<string>,
): z.ZodType<Record<string, unknown>> =>
  z.object(
    Object.fromEntries(
      Object.entries(fields).map(([name, { type, required }]) => [
        name,
        required || present.has(name) ? shapeOfType(type) : shapeOfType(type).optional(),
      ]),
    ),
  );

const nothing: ReadonlySet<string> = new Set();

type DataShape = z.ZodType<Record<string, unknown>>;

/** Combinations of fields kept ready per table; sources send few, and strangers may not fill memory. */
const combinationsMax = 64;

/**
 * The schema for one object of a table. Tables name dozens of optional fields and an event carries
 * a handful, so the schema holds only those present (and the required ones): three times as fast
 * as asking for every absent field, with the same answer.
 */
export function shapesOf(fields: Fields): (data: object) => DataShape {
  const required = Object.keys(fields).filter((name) => fields[name]?.required === true);
  const ready = new Map<string, DataShape>();
  let whole: DataShape | null = null;
  return (data) => {
    let combination = "";
    for (const name of Object.keys(data)) {
      if (Object.hasOwn(fields, name)) combination += `${name} `;
    }
    const known = ready.get(combination);
    if (known !== undefined) return known;
    if (ready.size >= combinationsMax) {
      whole ??= shapeOf(fields, nothing);
      return whole;
    }
    const names = new Set([...combination.split(" "), ...required]);
    const shape = shapeOf(
      Object.fromEntries(Object.entries(fields).filter(([name]) => names.has(name))),
      names,
    );
    ready.set(combination, shape);
    return shape;
  };
}
