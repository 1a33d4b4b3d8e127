import { parquetMetadata, parquetReadObjects } from "hyparquet";
import { ByteWriter, ParquetWriter } from "hyparquet-writer";
import { type Cell, type Column, schemaOf, stored } from "./columns.ts";

/**
 * Rows per row group, and rows encoded before others get their turn: about 40 ms of work on a slow
 * core, so that the door and the desk in the same process hardly notice.
 */
const rowsPerGroup = 2_000;

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A Parquet file of these rows, Snappy inside; the same rows give the same bytes. */
export async function encodeTable(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
): Promise<Uint8Array> {
  const writer = new ByteWriter();
  const file = new ParquetWriter({ writer, schema: schemaOf(columns), createdBy: "troth" });
  for (let from = 0; from < rows.length; from += rowsPerGroup) {
    const group = rows.slice(from, from + rowsPerGroup);
    const columnData = columns.map(({ name, type }, at) => ({
      name,
      data: group.map((row) => stored(type, row[at] ?? null)),
    }));
    await file.write({ columnData, rowGroupSize: rowsPerGroup });
    await turn();
  }
  await file.finish();
  return writer.getBytes();
}

/** Own copy: a Buffer may be a slice of a pool others write to. */
const ownBuffer = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer;

/** Rows in a file, from its footer; throws when there is no sound footer. */
export const rowCount = (bytes: Uint8Array): number =>
  Number(parquetMetadata(ownBuffer(bytes)).num_rows);

/** Some columns of a file as objects; throws when they cannot be read. */
export async function readRows(
  bytes: Uint8Array,
  columns: readonly string[],
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  return parquetReadObjects({ file: ownBuffer(bytes), columns: [...columns] });
}
