import { decisionKinds, decisionTables, partFields } from "./decision-tables.ts";
import type { Fields, FieldType } from "./kinds/field.ts";

type Json = { readonly [name: string]: unknown };

const dialect = "http://json-schema.org/draft-07/schema#";
const text: Json = { type: "string" };
const whole: Json = { type: "integer" };
const moment: Json = { type: "integer", description: "UTC milliseconds." };
const orNull = (schema: Json): Json => ({ anyOf: [schema, { type: "null" }] });
const listOf = (items: Json): Json => ({ type: "array", items });

/** Every property is there; more may come, which a reader passes over. */
const object = (properties: Json): Json => ({
  type: "object",
  required: Object.keys(properties),
  properties,
});

/** Words of a list are any text, as in Avro: who does not know a word added later reads the rest. */
function jsonType(type: FieldType): Json {
  switch (type.is) {
    case "text":
    case "where":
    case "reference":
      return text;
    case "one-of":
      return { ...text, examples: type.words };
    case "int":
    case "duration":
      return whole;
    case "instant":
    case "until":
      return moment;
    case "number":
      return { type: "number" };
    case "flag":
      return { type: "boolean" };
    case "money":
      return object({ amount: text, currency: text });
    case "list":
      return listOf(jsonType(type.of));
    case "group":
      return object(jsonFields(type.fields));
    case "attributes":
      return { type: "object" };
  }
}

const jsonFields = (fields: Fields): Json =>
  Object.fromEntries(
    Object.entries(fields).map(([name, { type, doc, required }]) => [
      name,
      { description: doc, ...(required ? jsonType(type) : orNull(jsonType(type))) },
    ]),
  );

const bodyOf = (kind: string, properties: Json): Json =>
  object({ kind: { const: kind }, ...properties });

const fact = object({
  ...{ id: text, source: text, kind: text, tenant: text, time: moment, recordedTime: moment },
  ...{ subject: orNull(text), data: { type: "object" } },
});
const joining: Json = { part: text, whole: text };

/** JSON Schema of a record of `troth.decisions`. */
export const outputJsonSchema = (): Json => ({
  $schema: dialect,
  title: "org.troth.said",
  description:
    "One thing the judge said, and its place: (inOffset, seq) only grows in a partition.",
  ...object({
    inOffset: whole,
    seq: whole,
    stamp: moment,
    body: {
      oneOf: [
        ...decisionKinds.map((kind) => bodyOf(kind, jsonFields(decisionTables[kind].fields))),
        bodyOf("noise", { customer: orNull(text), fact }),
        bodyOf("retraction", { customer: text, facts: listOf(text) }),
        bodyOf("merge", joining),
        bodyOf("split", joining),
      ],
    },
  }),
});

/** JSON Schema of a record of `troth.flags` that is no tombstone. */
export const flagJsonSchema = (): Json => ({
  $schema: dialect,
  title: "org.troth.flag",
  description: "How a customer stands, as last said.",
  ...object({
    at: { ...text, format: "date-time" },
    customer: text,
    do: listOf(text),
    dont: listOf(text),
    level: { ...text, examples: ["low", "medium", "high", "critical"] },
    parts: listOf(object(jsonFields(partFields))),
    policy: text,
    says: text,
    score: whole,
    topLink: orNull(text),
  }),
});
