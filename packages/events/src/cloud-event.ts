import { isoTime } from "./canonical.ts";
import type { Fact } from "./fact.ts";
import type { Fields, FieldType } from "./kinds/field.ts";
import { tableOf, typeOf } from "./kinds/index.ts";
import { isoDuration } from "./time.ts";

export type CloudEvent = {
  readonly specversion: "1.0";
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly time: string;
  readonly recordedtime: string;
  readonly tenantid: string;
  readonly subject?: string;
  readonly data: Readonly<Record<string, unknown>>;
};

function writeValue(type: FieldType, value: unknown): unknown {
  if (typeof value === "number") {
    if (type.is === "instant" || type.is === "until") return isoTime(value);
    return type.is === "duration" ? isoDuration(value) : value;
  }
  if (type.is === "list" && Array.isArray(value)) {
    return value.map((item) => writeValue(type.of, item));
  }
  if (type.is === "group" && typeof value === "object" && value !== null) {
    return writeFields(type.fields, value);
  }
  return value;
}

function writeFields(fields: Fields, values: object): Record<string, unknown> {
  const written: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(values)) {
    const field = fields[name];
    if (field !== undefined && value !== undefined) written[name] = writeValue(field.type, value);
  }
  return written;
}

/** The structured CloudEvents JSON object that `parseEvent` reads back as the same fact. */
export const toCloudEvent = (fact: Fact): CloudEvent => ({
  specversion: "1.0",
  id: fact.id,
  source: fact.source,
  type: typeOf(fact.kind),
  time: isoTime(fact.time),
  recordedtime: isoTime(fact.recordedTime),
  tenantid: fact.tenant,
  ...(fact.subject === null ? {} : { subject: fact.subject }),
  data: writeFields(tableOf(fact.kind).fields, fact.data),
});
