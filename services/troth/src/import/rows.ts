import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { readByteStream } from "@troth/runtime";
import { CsvError, type Parser, parse } from "csv-parse";
import { type AsideRow, type Column, ImportError, type Row } from "./importer.ts";

/** A quoted cell that swallows more than this is a quote that never closes. */
const recordCharsMax = 1_000_000;
/** Each repair reads the file again from the start; beyond this it is no CSV file. */
const repairsMax = 100;

/** A record, the line it begins on and how many further lines its quoted cells run over. */
type Line = { readonly line: number; readonly more: number; readonly cells: readonly string[] };

/** The unpacked bytes of a file; gzip is known by its first two bytes, whatever the name says. */
async function* readUnpacked(path: string): AsyncGenerator<Buffer> {
  const pieces = readByteStream(path);
  const first = await pieces.next();
  if (first.done === true) return;
  async function* whole(head: Buffer): AsyncGenerator<Buffer> {
    yield head;
    yield* pieces;
  }
  if (first.value[0] !== 0x1f || first.value[1] !== 0x8b) {
    yield* whole(first.value);
    return;
  }
  // Reading errors reach the consumer through the stream: a torn archive is not a short file.
  const packed = Readable.from(whole(first.value), { objectMode: false });
  const unpacked = createGunzip();
  packed.on("error", (error) => unpacked.destroy(error));
  try {
    yield* packed.pipe(unpacked);
  } finally {
    packed.destroy();
  }
}

/** Drops the first `count` physical lines. */
async function* skipLines(pieces: AsyncIterable<Buffer>, count: number): AsyncGenerator<Buffer> {
  let left = count;
  for await (const piece of pieces) {
    let from = 0;
    while (left > 0) {
      const end = piece.indexOf(0x0a, from);
      if (end === -1) break;
      from = end + 1;
      left -= 1;
    }
    if (left === 0) yield from === 0 ? piece : piece.subarray(from);
  }
}

/** The header tells: public editions of the same data come with commas, semicolons or tabs. */
function delimiterOf(head: Buffer): string {
  const header = head.toString("utf8").split("\n", 1)[0] ?? "";
  const count = (mark: string): number => header.split(mark).length;
  const marks = [",", ";", "\t"];
  return marks.reduce((best, mark) => (count(mark) > count(best) ? mark : best));
}

function openParser(
  delimiter: string,
  take: (cells: readonly string[], lines: number) => void,
): Parser {
  return parse({
    delimiter,
    bom: true,
    relax_quotes: true,
    relax_column_count: true,
    record_delimiter: ["\r\n", "\n"],
    max_record_size: recordCharsMax,
    on_record: (cells: readonly string[], { lines }) => {
      take(cells, lines);
      return null;
    },
  });
}

/** Line feeds inside the cells of one record: the further lines it covers. */
const breaksIn = (cells: readonly string[]): number =>
  cells.reduce((sum, cell) => sum + cell.split("\n").length - 1, 0);

/** What one pass gave, and, if a quote broke it off, the line of the row that broke it. */
type Pass = { last: number; brokenAt: number | null; delimiter: string | null };

/** One reading of the file after its first `skipped` lines. Fills `pass` as it goes. */
async function* readPass(
  path: string,
  skipped: number,
  pass: Pass,
): AsyncGenerator<readonly Line[]> {
  let batch: Line[] = [];
  let parser: Parser | null = null;
  let failure: Error | null = null;
  let counted = 0;
  const take = (cells: readonly string[], lines: number): void => {
    // The library counts a CRLF inside quotes as two lines, so it only says where to look.
    const more = lines - counted === 1 ? 0 : breaksIn(cells);
    batch.push({ line: pass.last + 1, more, cells });
    pass.last += 1 + more;
    counted = lines;
  };
  const open = (head: Buffer): Parser => {
    pass.delimiter ??= delimiterOf(head);
    const opened = openParser(pass.delimiter, take);
    opened.on("error", (error) => {
      failure = error;
    });
    return opened.resume();
  };
  const settled = (until: "write" | "end", piece?: Buffer): Promise<void> =>
    new Promise((done) => {
      if (until === "write") parser?.write(piece, () => done());
      else parser?.once("close", done).end();
    });
  for await (const piece of skipLines(readUnpacked(path), skipped)) {
    parser ??= open(piece);
    await settled("write", piece);
    yield batch;
    batch = [];
    if (failure !== null) break;
  }
  if (failure === null && parser !== null) await settled("end");
  yield batch;
  if (failure === null) return;
  if (!((failure as unknown) instanceof CsvError)) throw failure;
  pass.brokenAt = pass.last + 1;
}

/**
 * Whether a stray quote made one record of several. The cell it opened then begins with the quote
 * itself, its first line holds the rest of its own row and its last line the start of another.
 */
function hasRunOn({ more, cells }: Line, width: number, delimiter: string): boolean {
  if (more === 0) return false;
  if (cells.length !== width) return true;
  return cells.some((cell, column) => {
    if (!cell.startsWith('"')) return false;
    const lines = cell.split("\n").map((line) => line.split(delimiter).length - 1);
    const [first = 0] = lines;
    return lines.length > 1 && first >= width - 1 - column && (lines.at(-1) ?? 0) >= column;
  });
}

/**
 * Every record of the file with the line it begins on, the header first. A quote that does not
 * close in its row would swallow the rows after it: that row alone is set aside and reading
 * resumes on the next line.
 */
async function* readLines(
  path: string,
  setAside: (row: AsideRow) => void,
): AsyncGenerator<readonly Line[]> {
  const pass: Pass = { last: 0, brokenAt: null, delimiter: null };
  let width: number | null = null;
  for (let repairs = 0; ; repairs += 1) {
    pass.brokenAt = null;
    for await (const batch of readPass(path, pass.last, pass)) {
      width ??= batch[0]?.cells.length ?? null;
      const runOn = batch.findIndex((line) => hasRunOn(line, width ?? 0, pass.delimiter ?? ","));
      yield runOn === -1 ? batch : batch.slice(0, runOn);
      if (runOn === -1) continue;
      pass.brokenAt = batch[runOn]?.line ?? null;
      break;
    }
    if (pass.brokenAt === null) return;
    if (repairs >= repairsMax) {
      throw new ImportError("unreadable-file", `${path} has over ${repairsMax} unclosed quotes`);
    }
    const message = "a quote opens in this row and does not close in it; only this row is left out";
    setAside({ file: path, line: pass.brokenAt, reason: "bad-quotes", field: null, message });
    pass.last = pass.brokenAt;
  }
}

const nameOf = <N extends string>(column: Column<N>): N =>
  typeof column === "string" ? column : column.name;

/** Where each wanted column is in the file; -1 for an optional one the file does not have. */
function placesOf<N extends string>(
  path: string,
  header: readonly string[],
  columns: readonly Column<N>[],
): readonly (readonly [N, number])[] {
  const names = header.map((name) => name.trim());
  return columns.map((column) => {
    const accepted = typeof column === "string" ? [column] : [column.name, ...(column.also ?? [])];
    const place = accepted.reduce((at, name) => (at === -1 ? names.indexOf(name) : at), -1);
    if (place === -1 && (typeof column === "string" || column.optional !== true)) {
      const wanted = accepted.join(" or ");
      throw new ImportError("missing-column", `${path} has no column ${wanted} in its first line`);
    }
    return [nameOf(column), place] as const;
  });
}

/** Rows of a CSV file for `ImportIo.openRows`. */
export async function* readRows<N extends string>(
  path: string,
  columns: readonly Column<N>[],
  setAside: (row: AsideRow) => void,
): AsyncGenerator<Row<N>> {
  let places: readonly (readonly [N, number])[] | null = null;
  let width = 0;
  try {
    for await (const batch of readLines(path, setAside)) {
      for (const { line, cells } of batch) {
        if (places === null) {
          places = placesOf(path, cells, columns);
          width = cells.length;
        } else if (cells.length === width) {
          const row: Partial<Record<N, string>> = {};
          for (const [name, place] of places) row[name] = cells[place] ?? "";
          yield { line, row: row as Record<N, string> };
        } else if (cells.length > 1 || cells[0] !== "") {
          const message = `the row has ${cells.length} cells, the header ${width}`;
          setAside({ file: path, line, reason: "bad-columns", field: null, message });
        }
      }
    }
  } catch (error) {
    if (error instanceof ImportError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new ImportError("unreadable-file", `${path} cannot be read to its end: ${why}`, error);
  }
  if (places === null) {
    throw new ImportError("missing-column", `${path} is empty: it has no header line`);
  }
}
