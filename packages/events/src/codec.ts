import type { Type } from "avsc";
import { avroSchemaOf, avroTypeOf, decisionSchemaOf, loggedSchemaOf } from "./avro.ts";
import {
  openAt,
  type ReadMembers,
  readLong,
  readPresence,
  readText,
  readUpTo,
  readWord,
  recordReader,
} from "./avro-reader.ts";
import type { Decision } from "./decision.ts";
import { type DecisionKind, decisionKinds, decisionTables } from "./decision-tables.ts";
import { refusal } from "./explain.ts";
import type { Fact, Refusal } from "./fact.ts";
import { type Kind, kinds, tableOf } from "./kinds/index.ts";
import { dataSchemaOf } from "./logged.ts";
import { decisionIds, factIds, supersededDecisions, supersededFacts } from "./registry.ts";
import { InvariantError, ok, type Result } from "./result.ts";

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

/** A record as the present schema would have it, written by an earlier one; and where it ended. */
export type AsPresent = (
  bytes: Buffer,
  position: number,
) => { readonly record: Buffer; readonly end: number };

/** avsc resolves what differs; nothing but the bytes of the present schema goes on from here. */
export function asPresent(present: Type, writer: Type): AsPresent {
  const resolver = present.createResolver(writer);
  return (bytes, position) => {
    const { value, offset } = present.decode(bytes, position, resolver);
    if (offset < 0) throw new RangeError("the record is cut short");
    return { record: present.toBuffer(value), end: offset };
  };
}

/** How records of one schema id are read. */
type Reader<T> = (bytes: Buffer) => T;

/** A record that ends where the bytes do. */
function whole<T>(bytes: Buffer, position: number, read: () => T): T {
  openAt(bytes, position);
  const value = read();
  const follow = bytes.length - readUpTo();
  if (follow !== 0) throw new RangeError(`${follow} bytes follow the record`);
  return value;
}

function superseded<T>(present: () => Type, writer: () => Type, read: () => T): Reader<T> {
  let resolve: AsPresent | null = null;
  return (bytes) => {
    resolve ??= asPresent(present(), writer());
    const { record, end } = resolve(bytes, headerBytes);
    const follow = bytes.length - end;
    if (follow !== 0) throw new RangeError(`${follow} bytes follow the record`);
    return whole(record, 0, read);
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
const readDataOf = lazily((kind: Kind) => recordReader(tableOf(kind).fields, "left out"));
const decisionType = lazily((kind: DecisionKind) => avroTypeOf(decisionSchemaOf(kind)));
const readDecisionOf = lazily((kind: DecisionKind) =>
  recordReader(decisionTables[kind].fields, "null"),
);

/** Reads a fact, envelope and data, at the place opened. */
export function factReader(kind: Kind): () => Fact {
  let readData: ReadMembers | null = null;
  return () => {
    readData ??= readDataOf(kind);
    return {
      id: readText(),
      source: readWord(),
      kind,
      tenant: readWord(),
      time: readLong(),
      recordedTime: readLong(),
      subject: readPresence() ? readText() : null,
      data: readData(),
    };
  };
}

const decisionReader = (kind: DecisionKind) => (): Decision => {
  const decision: unknown = { kind, ...readDecisionOf(kind)() };
  return decision as Decision;
};

const factReaders: ReadonlyMap<number, Reader<Fact>> = new Map([
  ...kinds.map((kind) => {
    const read = factReader(kind);
    return [factIds[kind], (bytes: Buffer) => whole(bytes, headerBytes, read)] as const;
  }),
  ...supersededFacts.flatMap(({ id, kind: name, schema }) =>
    kinds
      .filter((kind) => kind === name)
      .map((kind) => {
        const writer = (): Type => avroTypeOf(loggedSchemaOf(JSON.parse(schema)));
        return [id, superseded(() => factType(kind), writer, factReader(kind))] as const;
      }),
  ),
]);

const decisionReaders: ReadonlyMap<number, Reader<Decision>> = new Map([
  ...decisionKinds.map((kind) => {
    const read = decisionReader(kind);
    return [decisionIds[kind], (bytes: Buffer) => whole(bytes, headerBytes, read)] as const;
  }),
  ...supersededDecisions.flatMap(({ id, kind: name, schema }) =>
    decisionKinds
      .filter((kind) => kind === name)
      .map((kind) => {
        const writer = (): Type => avroTypeOf(JSON.parse(schema));
        return [id, superseded(() => decisionType(kind), writer, decisionReader(kind))] as const;
      }),
  ),
]);

function decode<T>(readers: ReadonlyMap<number, Reader<T>>, bytes: Buffer): Result<T, Refusal> {
  if (bytes.length < headerBytes || bytes[0] !== 0) {
    return refusal("bad-avro", null, "The record does not begin with byte 0 and a schema id.");
  }
  const id = bytes.readUInt32BE(1);
  const read = readers.get(id);
  if (read === undefined) {
    return refusal("bad-avro", null, `Schema id ${id} is not known here; see schemas/*/ids.json.`);
  }
  try {
    return ok(read(bytes));
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
export const decodeFact = (bytes: Buffer): Result<Fact, Refusal> => decode(factReaders, bytes);

/** Reads the data of facts that were written with one schema, out of a larger block of bytes. */
export type DataReader = {
  readonly kind: Kind;
  /** Null when they do not fit the schema. */
  readonly read: (bytes: Buffer, from: number, to: number) => Fact["data"] | null;
};

function makeDataReader(id: number): DataReader | null {
  const found = dataSchemaOf(id);
  if (found === null) return null;
  const { kind, superseded: writer } = found;
  const readData = readDataOf(kind);
  if (writer === null)
    return { kind, read: (bytes, from, to) => within(bytes, from, to, readData) };
  const resolve = asPresent(avroTypeOf(avroSchemaOf(kind)), avroTypeOf(writer));
  return {
    kind,
    read: (bytes, from, to) => {
      const { record, end } = resolve(bytes, from);
      return end === to ? within(record, 0, record.length, readData) : null;
    },
  };
}

function within<T>(bytes: Buffer, from: number, to: number, read: () => T): T | null {
  try {
    openAt(bytes, from);
    const value = read();
    return readUpTo() === to ? value : null;
  } catch (error) {
    if (error instanceof RangeError || error instanceof InvariantError) return null;
    throw error;
  }
}

/** By the id of the schema of `data` alone; null for one that is not known here. */
export const dataReader = lazily(makeDataReader);

export const encodeDecision = (decision: Decision): Buffer =>
  encode(decisionType(decision.kind), decisionIds[decision.kind], decision);

export const decodeDecision = (bytes: Buffer): Result<Decision, Refusal> =>
  decode(decisionReaders, bytes);
