import type { Output } from "@troth/events";
import type { Cell } from "./columns.ts";
import { dateOf, type Period } from "./key.ts";
import type { ManifestObject, Place } from "./manifest.ts";
import type { Table } from "./table.ts";
import { partitionKind, tables } from "./tables.ts";

/** Rows that will be one object. */
export type Part = {
  readonly table: Table;
  readonly date: string;
  readonly kind: string;
  readonly rows: (readonly Cell[])[];
};

/** Outputs gathered and not yet written. */
export type Chunk = {
  readonly from: number;
  readonly first: Place;
  last: Place;
  readonly firstStamp: number;
  outputs: number;
  /** Characters of text gathered: about the bytes before compression. */
  chars: number;
  readonly parts: Map<string, Part>;
  /** Parts already stored, by the same name: a failed attempt goes on with the rest. */
  readonly stored: Map<string, ManifestObject>;
};

/**
 * When a chunk is closed: by what the log says alone, so that reading the log again, at any speed and
 * on any machine, gives the same objects. A chunk never parts the outputs of one fact.
 */
export type Closing = {
  readonly outputs: number;
  readonly chars: number;
  /** After this much log time, if it holds at least `windowOutputs`. */
  readonly windowMs: number;
  readonly windowOutputs: number;
  /** After this much log time however little it holds. */
  readonly longestMs: number;
};

export const emptyChunk = (from: number, output: Output): Chunk => ({
  from,
  first: { inOffset: output.inOffset, seq: output.seq },
  last: { inOffset: output.inOffset, seq: output.seq },
  firstStamp: output.stamp,
  outputs: 0,
  chars: 0,
  parts: new Map(),
  stored: new Map(),
});

/** Whether the chunk is to be closed before an output of log time `stamp` is taken. */
export function isFull(chunk: Chunk, closing: Closing, stamp: number): boolean {
  const elapsed = stamp - chunk.firstStamp;
  return (
    chunk.outputs >= closing.outputs ||
    chunk.chars >= closing.chars ||
    elapsed >= closing.longestMs ||
    (elapsed >= closing.windowMs && chunk.outputs >= closing.windowOutputs)
  );
}

export function gather(chunk: Chunk, output: Output, period: Period): void {
  const date = dateOf(output.stamp, period);
  const kind = partitionKind(output.body);
  for (const table of tables) {
    const row = table.row(output);
    if (row === null) continue;
    const key = `${table.name}/${date}/${kind}`;
    const part = chunk.parts.get(key) ?? { table, date, kind, rows: [] };
    chunk.parts.set(key, part);
    part.rows.push(row);
    for (const cell of row) if (typeof cell === "string") chunk.chars += cell.length;
  }
  chunk.outputs += 1;
  chunk.last = { inOffset: output.inOffset, seq: output.seq };
}
