import { parquetMetadata, parquetReadObjects } from "hyparquet";
import { ByteWriter, ParquetWriter } from "hyparquet-writer";
import { type Cell, type Column, type ColumnType, decimalScale, schemaOf } from "./columns.ts";
import type { Gathered } from "./gathered.ts";

/**
 * Rows per row group, and rows encoded before others get their turn: about 40 ms of work on a slow
 * core, so that the door and the desk in the same process hardly notice.
 */
const rowsPerGroup = 2_000;

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

type Hints = { readonly encoding?: "PLAIN" | "DELTA_BINARY_PACKED"; readonly statistics?: false };

/**
 * What the library need not find out by itself: whole objects hardly ever repeat, and nobody asks for
 * those between two others; places and moments follow each other closely.
 */
const hints: Readonly<Record<ColumnType, Hints>> = {
  json: { encoding: "PLAIN", statistics: false },
  long: { encoding: "DELTA_BINARY_PACKED" },
  instant: { encoding: "DELTA_BINARY_PACKED" },
  decimal: {},
  text: {},
  texts: {},
  int: {},
  double: {},
  flag: {},
};

/** A Parquet file of these rows, Snappy inside; the same rows give the same bytes. */
export async function encodeTable(table: Gathered, groupRows = rowsPerGroup): Promise<Uint8Array> {
  const { columns, rows } = table;
  const writer = new ByteWriter();
  const file = new ParquetWriter({ writer, schema: schemaOf(columns), createdBy: "troth" });
  for (let from = 0; from < rows; from += groupRows) {
    const values = table.values(from, Math.min(rows, from + groupRows));
    const columnData = columns.map(({ name, type }, at) => ({
      name,
      data: values[at] ?? [],
      ...hints[type],
    }));
    await file.write({ columnData, rowGroupSize: groupRows });
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

/** Back to a cell from what the reader makes of it: dates, wide integers and scaled decimals. */
function cellOf(type: ColumnType, value: unknown): Cell {
  if (value === null || value === undefined) return null;
  switch (type) {
    case "instant":
      return value instanceof Date ? value.getTime() : Number(value);
    case "decimal":
      // Fifteen digits, four of them after the point, are exact in a double.
      return Math.round(Number(value) * 10 ** decimalScale);
    case "long":
    case "int":
    case "double":
      return Number(value);
    case "flag":
      return value === true;
    case "texts":
      return Array.isArray(value) ? value.map(String) : [];
    case "text":
    case "json":
      return String(value);
  }
}

/** Rows of a file as the table's cells; a column the file was written without is null. */
export async function readCells(
  bytes: Uint8Array,
  columns: readonly Column[],
): Promise<readonly (readonly Cell[])[]> {
  const held = new Set(parquetMetadata(ownBuffer(bytes)).schema.map(({ name }) => name));
  const missing = columns.find(({ name, nullable }) => !nullable && !held.has(name));
  if (missing !== undefined) throw new RangeError(`it has no column ${missing.name}`);
  const names = columns.map(({ name }) => name).filter((name) => held.has(name));
  const rows = await readRows(bytes, names);
  return rows.map((row) => columns.map(({ name, type }) => cellOf(type, row[name])));
}
