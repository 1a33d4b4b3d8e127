import { type Filed, filedKindOf, type Output } from "@troth/events";
import { encodeFactFile } from "./avro-file.ts";
import { Gathered } from "./gathered.ts";
import { dateOf, type Period } from "./key.ts";
import type { ManifestObject, Place } from "./manifest.ts";
import { encodeTable } from "./parquet.ts";
import { factsTable, type Table } from "./table.ts";
import { partitionKind, tables } from "./tables.ts";

/** What will be one object. */
export type Part = {
  readonly table: string;
  readonly date: string;
  readonly kind: string;
  readonly rows: number;
  readonly encode: () => Promise<Uint8Array>;
};

type RowsPart = { readonly table: Table; readonly rows: Gathered };
type FactsPart = { readonly table: null; readonly facts: Filed[] };
type Begun = { readonly date: string; readonly kind: string } & (RowsPart | FactsPart);

/** Facts and outputs gathered and not yet written. */
export type Chunk = {
  readonly from: number;
  /** Offset of the last fact gathered, or of the last that outputs were gathered of. */
  to: number;
  readonly firstStamp: number;
  facts: number;
  first: Place | null;
  last: Place | null;
  outputs: number;
  /** Characters of text gathered: about the bytes before compression. */
  chars: number;
  readonly parts: Map<string, Begun>;
  /** Parts already stored, by the same name: a failed attempt goes on with the rest. */
  readonly stored: Map<string, ManifestObject>;
};

/**
 * When a chunk is closed: by what the log says alone, so that reading the log again, at any speed and
 * on any machine, gives the same objects. A chunk never parts the outputs of one fact.
 */
export type Closing = {
  /** Facts and outputs. */
  readonly records: number;
  readonly chars: number;
  /** After this much log time, if it holds at least `windowRecords`. */
  readonly windowMs: number;
  readonly windowRecords: number;
  /** After this much log time however little it holds. */
  readonly longestMs: number;
};

export const emptyChunk = (from: number, to: number, stamp: number): Chunk => ({
  from,
  to,
  firstStamp: stamp,
  facts: 0,
  first: null,
  last: null,
  outputs: 0,
  chars: 0,
  parts: new Map(),
  stored: new Map(),
});

/** Whether the chunk is to be closed before a record of log time `stamp` is taken. */
export function isFull(chunk: Chunk, closing: Closing, stamp: number): boolean {
  const elapsed = stamp - chunk.firstStamp;
  const records = chunk.facts + chunk.outputs;
  return (
    records >= closing.records ||
    chunk.chars >= closing.chars ||
    elapsed >= closing.longestMs ||
    (elapsed >= closing.windowMs && records >= closing.windowRecords)
  );
}

/** About what a fact's envelope takes; its data is counted text by text. */
const envelopeChars = 100;

function charsOf(value: unknown): number {
  if (typeof value === "string") return value.length;
  if (typeof value !== "object" || value === null) return 8;
  let chars = 0;
  for (const inner of Object.values(value)) chars += charsOf(inner);
  return chars;
}

export function gatherFact(chunk: Chunk, record: Filed, period: Period): void {
  const date = dateOf(record.stamp, period);
  const kind = filedKindOf(record);
  const name = `${factsTable}/${date}/${kind}`;
  const part = chunk.parts.get(name) ?? { table: null, date, kind, facts: [] };
  if (part.table === null) part.facts.push(record);
  chunk.parts.set(name, part);
  chunk.chars += record.fact === null ? 0 : envelopeChars + charsOf(record.fact.data);
  chunk.facts += 1;
  chunk.to = record.offset;
}

export function gatherOutput(chunk: Chunk, output: Output, period: Period): void {
  const date = dateOf(output.stamp, period);
  const kind = partitionKind(output.body);
  for (const table of tables) {
    const row = table.row(output);
    if (row === null) continue;
    const name = `${table.name}/${date}/${kind}`;
    const begun = chunk.parts.get(name);
    const part = begun ?? { table, date, kind, rows: new Gathered(table.columns) };
    if (part.table !== null) chunk.chars += part.rows.add(row);
    chunk.parts.set(name, part);
  }
  chunk.outputs += 1;
  chunk.to = output.inOffset;
  chunk.last = { inOffset: output.inOffset, seq: output.seq };
  chunk.first ??= chunk.last;
}

/** What is left to be written of a chunk, by name. */
export function* partsLeft(chunk: Chunk): Generator<readonly [name: string, part: Part]> {
  for (const [name, part] of chunk.parts) {
    if (chunk.stored.has(name)) continue;
    const { date, kind } = part;
    if (part.table === null) {
      const { facts } = part;
      const encode = async () => encodeFactFile(facts);
      yield [name, { table: factsTable, date, kind, rows: facts.length, encode }];
    } else {
      const { table, rows } = part;
      const encode = () => encodeTable(rows);
      yield [name, { table: table.name, date, kind, rows: rows.rows, encode }];
    }
  }
}
