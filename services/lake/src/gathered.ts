import type { Cell, Column, ColumnType } from "./columns.ts";

/** One column's cells. */
type Cells = {
  readonly add: (cell: Cell) => void;
  /** Cells of the rows from `from` to before `to`, as the Parquet writer takes them. */
  readonly values: (from: number, to: number) => unknown[];
};

const bytesAtFirst = 4_096;
/** UTF-8 takes no more for a UTF-16 unit. */
const bytesPerChar = 3;
/** The 64-bit types: the writer takes them as BigInt. */
const wide: ReadonlySet<ColumnType> = new Set(["long", "decimal", "instant"]);

/** As bytes, one behind the other: whole objects as strings are what most of a chunk would be. */
function jsonCells(): Cells {
  const ends: number[] = [];
  let bytes = Buffer.allocUnsafeSlow(bytesAtFirst);
  let filled = 0;
  return {
    add: (cell) => {
      const text = String(cell);
      const most = filled + bytesPerChar * text.length;
      if (most > bytes.length) {
        const larger = Buffer.allocUnsafeSlow(Math.max(2 * bytes.length, most));
        bytes.copy(larger, 0, 0, filled);
        bytes = larger;
      }
      filled += bytes.write(text, filled);
      ends.push(filled);
    },
    values: (from, to) =>
      ends.slice(from, to).map((end, n) => bytes.subarray(ends[from + n - 1] ?? 0, end)),
  };
}

function plainCells(type: ColumnType): Cells {
  const cells: Cell[] = [];
  return {
    add: (cell) => void cells.push(cell),
    values: (from, to) => {
      const some = cells.slice(from, to);
      if (!wide.has(type)) return some;
      return some.map((cell) => (typeof cell === "number" ? BigInt(cell) : cell));
    },
  };
}

/** Rows of a table, kept column by column as a file holds them. */
export class Gathered {
  readonly columns: readonly Column[];
  readonly #cells: readonly Cells[];
  #rows = 0;

  constructor(columns: readonly Column[]) {
    this.columns = columns;
    this.#cells = columns.map(({ type }) => (type === "json" ? jsonCells() : plainCells(type)));
  }

  get rows(): number {
    return this.#rows;
  }

  /** Takes a row, its cells in the order of the columns; gives its characters of text. */
  add(row: readonly Cell[]): number {
    let chars = 0;
    for (let at = 0; at < this.#cells.length; at += 1) {
      const cell = row[at] ?? null;
      this.#cells[at]?.add(cell);
      if (typeof cell === "string") chars += cell.length;
    }
    this.#rows += 1;
    return chars;
  }

  /** What the writer takes of the rows from `from` to before `to`, column by column. */
  values(from: number, to: number): unknown[][] {
    return this.#cells.map((cells) => cells.values(from, to));
  }
}
