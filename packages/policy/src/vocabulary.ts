import type { Fact, FieldType, Kind, Field as TableField } from "@troth/events";
import { tableOf } from "@troth/events";
import { type Dimension, tenThousandths, unitMs } from "./quantity.ts";

/** A field as a policy sees it: what it may be compared with and how it is measured. */
export type Field = {
  readonly type: "text" | "flag" | "number" | "instant" | "money" | "duration" | "list" | "map";
  /** The closed list its words come from; null where any text may stand. */
  readonly words: readonly string[] | null;
  /** How it is measured; null where it cannot be. */
  readonly dimension: Dimension | null;
  /** Milliseconds per unit of a number that counts time; 1 otherwise. */
  readonly scale: number;
};
/** Fields by path, such as `queueWaitSeconds` or `sentiment.score`. */
export type Fields = ReadonlyMap<string, Field>;

const plain = (type: Field["type"], dimension: Dimension | null = null): Field => ({
  type,
  words: null,
  dimension,
  scale: 1,
});
const text = plain("text");

function numberIn(unit: string | null): Field {
  switch (unit) {
    case "s":
      return { ...plain("number", "duration"), scale: unitMs.s };
    case "ms":
      return plain("number", "duration");
    default:
      return plain("number", "number");
  }
}

function fieldOf(type: FieldType): Field {
  switch (type.is) {
    case "text":
    case "where":
    case "reference":
      return text;
    case "one-of":
      return { ...text, words: type.words };
    case "int":
    case "number":
      return numberIn(type.unit);
    case "flag":
      return plain("flag");
    case "instant":
    case "until":
      return plain("instant", "instant");
    case "duration":
      return plain("duration", "duration");
    case "money":
      return plain("money", "money");
    case "list":
      return { ...plain("list"), words: fieldOf(type.of).words };
    case "group":
    case "attributes":
      return plain("map");
  }
}

function addFields(
  into: Map<string, Field>,
  fields: Readonly<Record<string, TableField>>,
  before: string,
): void {
  for (const [name, { type }] of Object.entries(fields)) {
    const path = before + name;
    if (!into.has(path)) into.set(path, fieldOf(type));
    if (type.is === "group") addFields(into, type.fields, `${path}.`);
    if (type.is === "money" && !into.has(`${path}.amount`)) {
      into.set(`${path}.amount`, plain("money", "money"));
      into.set(`${path}.currency`, text);
    }
  }
}

const unions = new Map<string, Fields>();

/** Every field at least one of the kinds has. Where two differ, the first kind's meaning holds. */
export function fieldsOf(kinds: readonly Kind[]): Fields {
  const name = kinds.join();
  const known = unions.get(name);
  if (known !== undefined) return known;
  const union = new Map<string, Field>();
  for (const kind of kinds) addFields(union, tableOf(kind).fields, "");
  unions.set(name, union);
  return union;
}

/** What the envelope of every fact has; a field of the kind with the same name comes first. */
export const envelope: ReadonlyMap<string, Field> = new Map([
  ["id", text],
  ["source", text],
  ["subject", text],
  ["kind", text],
  ["time", plain("instant", "instant")],
  ["recordedTime", plain("instant", "instant")],
]);

export type Read = (fact: Fact) => unknown;

const readEnvelope: Readonly<Record<string, Read>> = {
  id: (fact) => fact.id,
  source: (fact) => fact.source,
  subject: (fact) => fact.subject,
  kind: (fact) => fact.kind,
  time: (fact) => fact.time,
  recordedTime: (fact) => fact.recordedTime,
};

function inner(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  const record: { readonly [key: string]: unknown } = Object(value);
  return record[name];
}

/** A path looked up among the fields of some kinds. */
export type FoundField = { readonly field: Field; readonly read: Read };

export function findField(fields: Fields, path: string): FoundField | null {
  const [head = "", ...rest] = path.split(".");
  const [second] = rest;
  const field = fields.get(path);
  if (field !== undefined) {
    if (second === undefined) return { field, read: (fact) => fact.data[head] };
    return { field, read: (fact) => inner(fact.data[head], second) };
  }
  if (head === "attributes" && second !== undefined && rest.length === 1) {
    return { field: anything, read: (fact) => inner(fact.data["attributes"], second) };
  }
  const shared = envelope.get(path);
  const read = readEnvelope[path];
  return shared === undefined || read === undefined ? null : { field: shared, read };
}

/** An attribute may be text, number or flag; as a number it is measured like any other. */
export const anything: Field = plain("map", "number");

/** Integers of the field's dimension: milliseconds, or ten-thousandths; null where it has none. */
export function measure({ field, read }: FoundField): (fact: Fact) => number | null {
  const { dimension, scale, type } = field;
  switch (dimension) {
    case null:
      return () => null;
    case "instant":
    case "duration":
      return (fact) => {
        const value = read(fact);
        return typeof value === "number" ? Math.round(value * scale) : null;
      };
    case "number":
      return (fact) => {
        const value = read(fact);
        return typeof value === "number" ? tenThousandths(value) : null;
      };
    case "money":
      return (fact) => {
        const value = read(fact);
        const amount =
          type === "money" && typeof value === "object" ? inner(value, "amount") : value;
        return typeof amount === "string" ? tenThousandths(amount) : null;
      };
  }
}
