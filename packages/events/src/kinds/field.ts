/**
 * The little language the vocabulary is written in. One table per kind says name, type, unit,
 * meaning and the standard a name comes from; the door, the Avro schemas and the documentation are
 * all worked out from it, so they cannot disagree.
 */
export type FieldType =
  /** Free or coded text of 1 to `max` UTF-16 units. */
  | { readonly is: "text"; readonly max: number }
  /** A name for where a longer text is kept; the text itself stays out of events. */
  | { readonly is: "where" }
  /** `customer:42`, `order:A-1` …; with `scheme` only of that scheme. */
  | { readonly is: "reference"; readonly scheme: "customer" | null }
  | { readonly is: "int"; readonly min: number; readonly max: number; readonly unit: string | null }
  | {
      readonly is: "number";
      readonly min: number;
      readonly max: number;
      readonly unit: string | null;
    }
  | { readonly is: "flag" }
  | { readonly is: "one-of"; readonly words: readonly string[] }
  /** A moment; a day alone means its first millisecond in UTC. Held as UTC milliseconds. */
  | { readonly is: "instant" }
  /** The end of something; a day alone means its last millisecond in UTC. Held as UTC milliseconds. */
  | { readonly is: "until" }
  /** ISO 8601 weeks, days, hours, minutes, seconds. Held as milliseconds. */
  | { readonly is: "duration" }
  /** `{amount, currency}`; the amount is held as decimal text, never as a binary fraction. */
  | { readonly is: "money" }
  | { readonly is: "list"; readonly of: FieldType; readonly max: number }
  | { readonly is: "group"; readonly name: string; readonly fields: Fields }
  /** Text, number or flag by name, for facts of one house that have no field of their own. */
  | { readonly is: "attributes"; readonly max: number };

export type Field = {
  readonly type: FieldType;
  readonly doc: string;
  /** The standard or practice the name is taken from; empty where it is ours. */
  readonly standard: string;
  readonly required: boolean;
};
export type Fields = { readonly [name: string]: Field };

export type KindTable = {
  readonly doc: string;
  /** May come without a subject: who it touches is worked out (or it is about a feed). */
  readonly subject: "required" | "cohort" | "none";
  readonly fields: Fields;
};

const field = (type: FieldType, doc: string, standard: string): Field => ({
  type,
  doc,
  standard,
  required: false,
});

/** The kind cannot be judged without it. */
export const required = (one: Field): Field => ({ ...one, required: true });

export const text = (doc: string, standard = "", max = 256): Field =>
  field({ is: "text", max }, doc, standard);
export const where = (doc: string, standard = ""): Field => field({ is: "where" }, doc, standard);
export const reference = (doc: string, standard = ""): Field =>
  field({ is: "reference", scheme: null }, doc, standard);
export const customer = (doc: string, standard = ""): Field =>
  field({ is: "reference", scheme: "customer" }, doc, standard);
export const flag = (doc: string, standard = ""): Field => field({ is: "flag" }, doc, standard);
export const instant = (doc: string, standard = ""): Field =>
  field({ is: "instant" }, doc, standard);
export const until = (doc: string, standard = ""): Field => field({ is: "until" }, doc, standard);
export const duration = (doc: string, standard = ""): Field =>
  field({ is: "duration" }, doc, standard);
export const money = (doc: string, standard = ""): Field => field({ is: "money" }, doc, standard);
export const oneOf = (words: readonly string[], doc: string, standard = ""): Field =>
  field({ is: "one-of", words }, doc, standard);

/** Largest whole number a field may hold; well inside what doubles and Avro longs hold exactly. */
export const wholeMax = 1_000_000_000_000;

export const int = (doc: string, standard = "", min = 0, max = wholeMax): Field =>
  field({ is: "int", min, max, unit: null }, doc, standard);
export const number = (doc: string, standard = "", min = -wholeMax, max = wholeMax): Field =>
  field({ is: "number", min, max, unit: null }, doc, standard);
/** Seconds, fractions allowed, never negative. */
export const seconds = (doc: string, standard = ""): Field =>
  field({ is: "number", min: 0, max: wholeMax, unit: "s" }, doc, standard);
/** A share or probability, 0 to 1. */
export const share = (doc: string, standard = ""): Field =>
  field({ is: "number", min: 0, max: 1, unit: "ratio" }, doc, standard);
/** A score from -1 (worst) to 1 (best). */
export const leaning = (doc: string, standard = ""): Field =>
  field({ is: "number", min: -1, max: 1, unit: "ratio" }, doc, standard);

export const listOf = (one: Field, max: number): Field => ({
  ...one,
  type: { is: "list", of: one.type, max },
});
export const group = (name: string, fields: Fields, doc: string, standard = ""): Field =>
  field({ is: "group", name, fields }, doc, standard);
export const attributesOf = (max: number, doc: string): Field =>
  field({ is: "attributes", max }, doc, "");
