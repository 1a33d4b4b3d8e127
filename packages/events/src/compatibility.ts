import { avroTypeOf } from "./avro.ts";

const isObject = (value: unknown): value is { readonly [name: string]: unknown } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The branch of an optional field that is not null; the schema itself otherwise. */
const given = (schema: unknown): unknown =>
  Array.isArray(schema) ? schema.find((branch) => branch !== "null") : schema;

/** What a value means beyond its bytes: `decimal(15, 4)`, `timestamp-millis`; by path. */
function meanings(schema: unknown, path: string, found: Map<string, string>): Map<string, string> {
  const one = given(schema);
  if (!isObject(one)) return found;
  if (typeof one["logicalType"] === "string") {
    const size = one["precision"] === undefined ? "" : `(${one["precision"]}, ${one["scale"]})`;
    found.set(path, one["logicalType"] + size);
  }
  for (const inner of [one["type"], one["items"], one["values"]]) {
    if (isObject(inner)) meanings(inner, path, found);
  }
  if (Array.isArray(one["fields"])) {
    for (const field of one["fields"]) {
      if (isObject(field)) meanings(field["type"], `${path}.${String(field["name"])}`, found);
    }
  }
  return found;
}

function paths(schema: unknown, path: string, found: Set<string>): Set<string> {
  const one = given(schema);
  if (!isObject(one) || !Array.isArray(one["fields"])) return found;
  for (const field of one["fields"]) {
    if (!isObject(field)) continue;
    found.add(`${path}.${String(field["name"])}`);
    paths(field["type"], `${path}.${String(field["name"])}`, found);
  }
  return found;
}

/**
 * Why a reader of `reader` could misread what was written with `writer`; empty when it cannot.
 *
 * avsc decides whether the bytes resolve, but takes a moment for any other whole number; other
 * readers would also take a decimal whose point moved. So meanings are compared as well.
 */
export function faultsBetween(reader: unknown, writer: unknown): string[] {
  const faults: string[] = [];
  try {
    avroTypeOf(reader).createResolver(avroTypeOf(writer));
  } catch (error) {
    faults.push(error instanceof Error ? error.message : String(error));
  }
  const now = meanings(reader, "", new Map());
  const before = meanings(writer, "", new Map());
  const inBoth = [...paths(reader, "", new Set())].filter((path) =>
    paths(writer, "", new Set()).has(path),
  );
  for (const path of inBoth) {
    if (now.get(path) !== before.get(path)) {
      faults.push(`${path}: ${before.get(path) ?? "plain"} became ${now.get(path) ?? "plain"}`);
    }
  }
  return faults;
}
