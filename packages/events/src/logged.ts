import { avroSchemaOf, loggedSchemaOf, schemaIdOf } from "./avro.ts";
import { openAt, readLong, readPresence, readText, readUpTo } from "./avro-reader.ts";
import { type Kind, kinds } from "./kinds/index.ts";
import { factIds, supersededFacts } from "./registry.ts";

/**
 * A logged fact taken apart without decoding its data: where envelope and data must part, as on
 * Kafka, where the envelope is in headers.
 */
export type LoggedFact = {
  readonly kind: Kind;
  readonly id: string;
  readonly source: string;
  readonly tenant: string;
  readonly time: number;
  readonly recordedTime: number;
  readonly subject: string | null;
  /** Id of the schema of `data` alone: `data` in schemas/noise/ids.json. */
  readonly dataId: number;
  /** Avro, without anything in front. */
  readonly data: Buffer;
};

type Ids = {
  readonly kind: Kind;
  readonly fact: number;
  readonly data: number;
  /** The schema of data that was in force before; null when it still is. */
  readonly superseded: unknown;
};

let known: { byFact: ReadonlyMap<number, Ids>; byData: ReadonlyMap<number, Ids> } | null = null;

/** Present and superseded schemas; worked out once, when the first fact is taken apart. */
function ids() {
  if (known !== null) return known;
  const present = kinds.map((kind) => ({
    kind,
    fact: factIds[kind] as number,
    data: schemaIdOf(avroSchemaOf(kind)),
    superseded: null,
  }));
  const superseded = supersededFacts.flatMap(({ kind: name, schema }) =>
    kinds
      .filter((kind) => kind === name)
      .map((kind) => {
        const data: unknown = JSON.parse(schema);
        const fact = schemaIdOf(loggedSchemaOf(data));
        return { kind, fact, data: schemaIdOf(data), superseded: data };
      }),
  );
  const all = [...superseded, ...present];
  known = {
    byFact: new Map(all.map((one) => [one.fact, one])),
    byData: new Map(all.map((one) => [one.data, one])),
  };
  return known;
}

/** Schemas of the data of facts by the id that follows from each, older ones of a kind first. */
export const dataSchemas = (): readonly { readonly id: number; readonly schema: unknown }[] =>
  [...ids().byData].map(([id, { kind, superseded }]) => ({
    id,
    schema: superseded ?? avroSchemaOf(kind),
  }));

/** What the data of a fact was written with, by the id of that schema; null for one not known here. */
export const dataSchemaOf = (
  id: number,
): { readonly kind: Kind; readonly superseded: unknown } | null => ids().byData.get(id) ?? null;

/**
 * Null when the bytes are no logged fact of a schema known here (a tick, say); throws a RangeError
 * when they end within its envelope.
 */
export function openLogged(bytes: Buffer): LoggedFact | null {
  if (bytes.length < 5 || bytes[0] !== 0) return null;
  const found = ids().byFact.get(bytes.readUInt32BE(1));
  if (found === undefined) return null;
  openAt(bytes, 5);
  return {
    kind: found.kind,
    id: readText(),
    source: readText(),
    tenant: readText(),
    time: readLong(),
    recordedTime: readLong(),
    subject: readPresence() ? readText() : null,
    dataId: found.data,
    data: bytes.subarray(readUpTo()),
  };
}

function long(out: number[], value: number): void {
  let rest = value < 0 ? -2 * value - 1 : 2 * value;
  while (rest >= 128) {
    out.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  out.push(rest);
}

function head(write: (out: number[]) => void): Buffer {
  const out: number[] = [];
  write(out);
  return Buffer.from(out);
}

function text(value: string): readonly Buffer[] {
  const bytes = Buffer.from(value);
  return [head((out) => long(out, bytes.length)), bytes];
}

/** The inverse: the very bytes the fact was logged in. Null when `dataId` is not known here. */
export function closeLogged(fact: Omit<LoggedFact, "kind">): Buffer | null {
  const found = ids().byData.get(fact.dataId);
  if (found === undefined) return null;
  const header = Buffer.alloc(5);
  header.writeUInt32BE(found.fact, 1);
  return Buffer.concat([
    header,
    ...text(fact.id),
    ...text(fact.source),
    ...text(fact.tenant),
    head((out) => {
      long(out, fact.time);
      long(out, fact.recordedTime);
      long(out, fact.subject === null ? 0 : 1);
    }),
    ...(fact.subject === null ? [] : text(fact.subject)),
    fact.data,
  ]);
}
