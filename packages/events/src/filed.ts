import type { Type } from "avsc";
import { avroTypeOf, filedSchemaOf } from "./avro.ts";
import { openAt, readLong, readUpTo } from "./avro-reader.ts";
import { asPresent, factReader } from "./codec.ts";
import type { Fact } from "./fact.ts";
import type { Kind } from "./kinds/index.ts";

/** A record of the log of facts with its place; no fact means that log time went on by itself. */
export type Filed = {
  readonly offset: number;
  /** Log time, UTC ms. */
  readonly stamp: number;
  readonly fact: Fact | null;
};

/** Ticks are filed beside the facts, or log time could not be told from the files. */
export const filedKindOf = ({ fact }: Filed): Kind | "tick" => fact?.kind ?? "tick";

export type FiledCodec = {
  /** Writer's schema as JSON, with documentation. */
  readonly schema: string;
  /** Writes at `at` and gives the end; a negative end says how many bytes were missing. */
  readonly encode: (record: Filed, into: Buffer, at: number) => number;
};

type Read = { readonly record: Filed; readonly end: number };

const types = new Map<Kind | "tick", { readonly type: Type; readonly schema: string }>();

function presentOf(kind: Kind | "tick"): { readonly type: Type; readonly schema: string } {
  const known = types.get(kind);
  if (known !== undefined) return known;
  const schema = filedSchemaOf(kind);
  const fresh = { type: avroTypeOf(schema), schema: JSON.stringify(schema) };
  types.set(kind, fresh);
  return fresh;
}

export function filedCodec(kind: Kind | "tick"): FiledCodec {
  const { type, schema } = presentOf(kind);
  return {
    schema,
    encode: ({ offset, stamp, fact }, into, at) =>
      type.encode({ offset, logTime: stamp, ...fact }, into, at),
  };
}

/** Reads records of this kind written under `schema`, now or by an earlier release. */
export function filedReader(
  kind: Kind | "tick",
  schema: string,
): (bytes: Buffer, at: number) => Read {
  const present = presentOf(kind);
  const resolve =
    schema === present.schema ? null : asPresent(present.type, avroTypeOf(JSON.parse(schema)));
  const readFact = kind === "tick" ? () => null : factReader(kind);
  const readHere = (bytes: Buffer, at: number): Read => {
    openAt(bytes, at);
    const record = { offset: readLong(), stamp: readLong(), fact: readFact() };
    return { record, end: readUpTo() };
  };
  return (bytes, at) => {
    if (resolve === null) return readHere(bytes, at);
    const { record, end } = resolve(bytes, at);
    return { ...readHere(record, 0), end };
  };
}
