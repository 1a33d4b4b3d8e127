import type { Type } from "avsc";
import { avroSchemaOf, avroTypeOf, decisionSchemaOf, loggedSchemaOf } from "./avro.ts";
import type { Decision } from "./decision.ts";
import { type DecisionKind, decisionKinds, decisionTables } from "./decision-tables.ts";
import { refusal } from "./explain.ts";
import type { Fact, Refusal } from "./fact.ts";
import type { Fields, FieldType } from "./kinds/field.ts";
import { type Kind, kinds, tableOf } from "./kinds/index.ts";
import { decisionIds, factIds, supersededDecisions, supersededFacts } from "./registry.ts";
import { InvariantError, invariant, ok, type Result } from "./result.ts";

/** Magic byte 0 and a four-byte schema id, as Confluent's registry has it. */
const headerBytes = 5;

let scratch = Buffer.allocUnsafe(64 * 1024);

/** Header and record in bytes of their own; the scratch buffer only saves growing them. */
function encode(type: Type, id: number, value: unknown): Buffer {
  let end = type.encode(value, scratch, headerBytes);
  if (end < 0) {
    // A negative end says how many bytes were missing.
    scratch = Buffer.allocUnsafe(2 * (scratch.length - end));
    end = type.encode(value, scratch, headerBytes);
  }
  scratch[0] = 0;
  scratch.writeUInt32BE(id, 1);
  return Buffer.from(scratch.subarray(0, end));
}

type Convert = (value: unknown) => unknown;
type Members = { readonly [name: string]: unknown };

/** avsc hands out instances of classes it made up; facts and decisions are plain objects. */
function toPlain(type: FieldType, blanks: "left out" | "null"): Convert | null {
  if (type.is === "group") return plainRecord(type.fields, blanks);
  if (type.is === "money") {
    return (value) => {
      const { amount, currency } = value as Members;
      return { amount, currency };
    };
  }
  const each = type.is === "list" ? toPlain(type.of, blanks) : null;
  return each === null ? null : (value) => (value as unknown[]).map(each);
}

function plainRecord(fields: Fields, blanks: "left out" | "null"): (value: unknown) => Members {
  const converts = Object.entries(fields).map(
    ([name, field]) => [name, toPlain(field.type, blanks)] as const,
  );
  return (value) => {
    const record = value as Members;
    const plain: Record<string, unknown> = {};
    for (const [name, convert] of converts) {
      const item = record[name];
      if (item !== null && item !== undefined) {
        plain[name] = convert === null ? item : convert(item);
      } else if (blanks === "null") plain[name] = null;
    }
    return plain;
  };
}

/** How records of one schema id are read: its own writer's schema, seen through the present one. */
type Reader<K> = { readonly kind: K; readonly read: (bytes: Buffer) => unknown };

export function readerOf<K>(kind: K, present: () => Type, writer: (() => Type) | null): Reader<K> {
  let read: ((bytes: Buffer) => unknown) | null = null;
  return {
    kind,
    read: (bytes) => {
      if (read === null) {
        const type = present();
        const resolver = writer === null ? undefined : type.createResolver(writer());
        read = (given) => {
          const { value, offset } = type.decode(given, headerBytes, resolver);
          if (offset < 0) throw new RangeError("the record is cut short");
          if (offset !== given.length) {
            throw new RangeError(`${given.length - offset} bytes follow the record`);
          }
          return value;
        };
      }
      return read(bytes);
    },
  };
}

/** Built when first needed: most processes meet a few kinds only. */
function lazily<K, T>(make: (key: K) => T): (key: K) => T {
  const made = new Map<K, T>();
  return (key) => {
    const known = made.get(key);
    if (known !== undefined) return known;
    const fresh = make(key);
    made.set(key, fresh);
    return fresh;
  };
}

const factType = lazily((kind: Kind) => avroTypeOf(loggedSchemaOf(avroSchemaOf(kind))));
/** Data as avsc hands it out made plain: what is null is left out. */
export const plainDataOf = lazily((kind: Kind) => plainRecord(tableOf(kind).fields, "left out"));
const decisionType = lazily((kind: DecisionKind) => avroTypeOf(decisionSchemaOf(kind)));
const plainDecision = lazily((kind: DecisionKind) =>
  plainRecord(decisionTables[kind].fields, "null"),
);

const factReaders: ReadonlyMap<number, Reader<Kind>> = new Map([
  ...kinds.map((kind) => [factIds[kind], readerOf(kind, () => factType(kind), null)] as const),
  ...supersededFacts.flatMap(({ id, kind: name, schema }) =>
    kinds
      .filter((kind) => kind === name)
      .map((kind) => {
        const writer = (): Type => avroTypeOf(loggedSchemaOf(JSON.parse(schema)));
        return [id, readerOf(kind, () => factType(kind), writer)] as const;
      }),
  ),
]);

const decisionReaders: ReadonlyMap<number, Reader<DecisionKind>> = new Map([
  ...decisionKinds.map(
    (kind) => [decisionIds[kind], readerOf(kind, () => decisionType(kind), null)] as const,
  ),
  ...supersededDecisions.flatMap(({ id, kind: name, schema }) =>
    decisionKinds
      .filter((kind) => kind === name)
      .map((kind) => {
        const writer = (): Type => avroTypeOf(JSON.parse(schema));
        return [id, readerOf(kind, () => decisionType(kind), writer)] as const;
      }),
  ),
]);

function decode<K>(
  readers: ReadonlyMap<number, Reader<K>>,
  bytes: Buffer,
): Result<{ readonly kind: K; readonly value: unknown }, Refusal> {
  if (bytes.length < headerBytes || bytes[0] !== 0) {
    return refusal("bad-avro", null, "The record does not begin with byte 0 and a schema id.");
  }
  const id = bytes.readUInt32BE(1);
  const reader = readers.get(id);
  if (reader === undefined) {
    return refusal("bad-avro", null, `Schema id ${id} is not known here; see schemas/*/ids.json.`);
  }
  try {
    return ok({ kind: reader.kind, value: reader.read(bytes) });
  } catch (error) {
    const why =
      error instanceof RangeError || error instanceof InvariantError
        ? error.message
        : "it does not fit its schema";
    return refusal("bad-avro", null, `The record cannot be read as Avro: ${why}.`);
  }
}

/** Envelope and data of a fact in one record, for the log. The bytes are the caller's own. */
export const encodeFact = (fact: Fact): Buffer =>
  encode(factType(fact.kind), factIds[fact.kind], fact);

/**
 * The fact in bytes that `encodeFact` wrote, now or under an earlier release. It checks their form
 * only: what a stranger sent goes through `parseEvent` first.
 */
export function decodeFact(bytes: Buffer): Result<Fact, Refusal> {
  const read = decode(factReaders, bytes);
  if (!read.ok) return read;
  const { kind, value } = read.value;
  const fact = value as Fact;
  return ok({
    id: fact.id,
    source: fact.source,
    kind,
    tenant: fact.tenant,
    time: fact.time,
    recordedTime: fact.recordedTime,
    subject: fact.subject,
    data: plainDataOf(kind)(fact.data),
  });
}

export const encodeDecision = (decision: Decision): Buffer =>
  encode(decisionType(decision.kind), decisionIds[decision.kind], decision);

export function decodeDecision(bytes: Buffer): Result<Decision, Refusal> {
  const read = decode(decisionReaders, bytes);
  if (!read.ok) return read;
  const { kind, value } = read.value;
  const decision = { kind, ...plainDecision(kind)(value) } as unknown;
  invariant(typeof decision === "object", "a record is read as an object");
  return ok(decision as Decision);
}
