import avro, { type Schema, type Type } from "avsc";
import { type DecisionKind, decisionTables } from "./decision-tables.ts";
import type { Field, Fields, FieldType } from "./kinds/field.ts";
import { type Kind, tableOf } from "./kinds/index.ts";
import { amountOf, amountUnits } from "./money.ts";
import { invariant } from "./result.ts";

/**
 * Money's amount is Avro's `decimal`, so that Spark, DuckDB and the like add it up exactly without
 * being told; 15 digits with 4 after the point are exact in a double on our side as well.
 */
export const decimalPrecision = 15;
export const decimalScale = 4;

const money = {
  type: "record",
  name: "Money",
  namespace: "org.troth",
  fields: [
    {
      name: "amount",
      type: {
        type: "bytes",
        logicalType: "decimal",
        precision: decimalPrecision,
        scale: decimalScale,
      },
    },
    { name: "currency", doc: "ISO 4217.", type: "string" },
  ],
};

const moment = { type: "long", logicalType: "timestamp-millis" };

/**
 * The Avro type. Words of a list are plain strings: a reader that does not know a word added later
 * can still read the rest, which an Avro enum would not allow.
 */
function avroType(type: FieldType, named: Set<string>): unknown {
  switch (type.is) {
    case "text":
    case "where":
    case "reference":
    case "one-of":
      return "string";
    case "int":
    case "duration":
      return "long";
    case "number":
      return "double";
    case "flag":
      return "boolean";
    case "instant":
    case "until":
      return moment;
    case "money":
      return once("org.troth.Money", named, () => money);
    case "list":
      return { type: "array", items: avroType(type.of, named) };
    case "group":
      return once(`org.troth.${type.name}`, named, () => ({
        type: "record",
        name: type.name,
        namespace: "org.troth",
        fields: avroFields(type.fields, named),
      }));
    case "attributes":
      return { type: "map", values: ["string", "double", "boolean"] };
  }
}

/** Avro defines a name where it first stands and refers to it by name afterwards. */
function once(name: string, named: Set<string>, define: () => unknown): unknown {
  if (named.has(name)) return name;
  named.add(name);
  return define();
}

/** Optional fields may be null and are null by default, so that fields can come and go. */
const avroFields = (fields: Fields, named: Set<string>): unknown[] =>
  Object.entries(fields).map(([name, field]) => {
    const type = avroType(field.type, named);
    const doc = avroDoc(field);
    return field.required
      ? { name, doc, type }
      : { name, doc, type: ["null", type], default: null };
  });

function avroDoc({ type, doc, standard }: Field): string {
  const notes = [doc];
  if (type.is === "one-of") notes.push(`One of ${type.words.join(", ")}.`);
  if (type.is === "duration") notes.push("In milliseconds.");
  if (type.is === "number" && type.unit === "s") notes.push("In seconds.");
  if (standard !== "") notes.push(`(${standard})`);
  return notes.join(" ");
}

export type RecordSchema = {
  readonly type: "record";
  readonly name: string;
  readonly namespace: string;
  readonly doc: string;
  readonly fields: readonly unknown[];
};

/** `delivery.status` is the record `org.troth.delivery.status`; Avro names have no hyphens. */
export function recordSchema(name: string, doc: string, fields: Fields): RecordSchema {
  const steps = `org.troth.${name}`.replaceAll("-", "_").split(".");
  const last = steps.pop() ?? name;
  return {
    type: "record",
    name: last,
    namespace: steps.join("."),
    doc,
    fields: avroFields(fields, new Set()),
  };
}

/** The Avro schema of a kind's data: what schemas/noise/<kind>.avsc holds. */
export const avroSchemaOf = (kind: Kind): RecordSchema =>
  recordSchema(kind, tableOf(kind).doc, tableOf(kind).fields);

/** The Avro schema of a decision: what schemas/decisions/<kind>.avsc holds. */
export const decisionSchemaOf = (kind: DecisionKind): RecordSchema =>
  recordSchema(`decision.${kind}`, decisionTables[kind].doc, decisionTables[kind].fields);

const envelope = [
  { name: "id", type: "string" },
  { name: "source", type: "string" },
  { name: "tenant", type: "string" },
  { name: "time", type: moment },
  { name: "recordedTime", type: moment },
  { name: "subject", type: ["null", "string"], default: null },
];

/** Envelope and data in one record, as the log on disk keeps a fact. */
export const loggedSchemaOf = (data: unknown): unknown => ({
  type: "record",
  name: "fact",
  namespace: "org.troth.logged",
  fields: [...envelope, { name: "data", type: data }],
});

const place = [
  { name: "offset", doc: "Its place in the log of facts.", type: "long" },
  { name: "logTime", doc: "Log time at which it was taken.", type: moment },
];

/** A fact with its place in the log, as files for others keep it; a tick is a place alone. */
export const filedSchemaOf = (kind: Kind | "tick"): unknown => ({
  type: "record",
  name: kind === "tick" ? "tick" : "fact",
  namespace: "org.troth.filed",
  doc: kind === "tick" ? "Log time went on by itself." : tableOf(kind).doc,
  fields:
    kind === "tick" ? place : [...place, ...envelope, { name: "data", type: avroSchemaOf(kind) }],
});

/** Decimal text in our code, big-endian two's complement ten-thousandths on the wire. */
class DecimalType extends avro.types.LogicalType {
  readonly scale: unknown;

  constructor(schema: Schema, options?: unknown) {
    super(schema, options);
    this.scale = typeof schema === "object" && "scale" in schema ? schema["scale"] : 0;
  }

  /** An older schema's decimal is read as it is, provided the point stood at the same place. */
  protected override _resolve(writer: Type): ((amount: unknown) => unknown) | undefined {
    return writer instanceof DecimalType && writer.scale === this.scale
      ? (amount) => amount
      : undefined;
  }

  protected override _fromValue(bytes: Buffer): string {
    invariant(bytes.length >= 1 && bytes.length <= 8, "a decimal has 1 to 8 bytes");
    const wide = Buffer.alloc(8, (bytes[0] ?? 0) >= 0x80 ? 0xff : 0);
    bytes.copy(wide, 8 - bytes.length);
    return amountOf(Number(wide.readBigInt64BE()));
  }

  protected override _toValue(amount: unknown): Buffer | undefined {
    if (typeof amount !== "string") return undefined;
    const wide = Buffer.alloc(8);
    wide.writeBigInt64BE(BigInt(amountUnits(amount)));
    let from = 0;
    while (from < 7 && sameSign(wide[from] ?? 0, wide[from + 1] ?? 0)) from++;
    return wide.subarray(from);
  }
}

/** The first byte only repeats the sign of the second. */
const sameSign = (first: number, second: number): boolean =>
  (first === 0 && second < 0x80) || (first === 0xff && second >= 0x80);

/** Our schemas are plain JSON, which avsc's own type for them does not describe. */
const isSchema = (schema: unknown): schema is Schema => typeof schema === "object";

export function avroTypeOf(schema: unknown): Type {
  invariant(isSchema(schema), "a schema is an object");
  return avro.Type.forSchema(schema, { logicalTypes: { decimal: DecimalType } });
}

/**
 * The number in front of a record: 31 bits of the hash of what decides its bytes (names, types and
 * their order, not the documentation). Taken from the content, a changed schema can never be
 * mistaken for the old one.
 */
export const schemaIdOf = (schema: unknown): number =>
  avroTypeOf(schema).fingerprint("sha256").readUInt32BE() >>> 1;
