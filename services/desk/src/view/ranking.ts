/**
 * Rows kept in order while they change under it. A change only marks the row; the next reading takes
 * the marked ones out, sorts them alone and merges them back, so that a reading costs one pass over
 * the rows and not a sort, and a million changes nobody looks at cost nothing.
 */
export class Ranking<Row> {
  readonly #compare: (a: Row, b: Row) => number;
  readonly #belongs: (row: Row) => boolean;
  readonly #marked = new Set<Row>();
  #rows: readonly Row[] = [];

  constructor(compare: (a: Row, b: Row) => number, belongs: (row: Row) => boolean) {
    this.#compare = compare;
    this.#belongs = belongs;
  }

  mark(row: Row): void {
    this.#marked.add(row);
  }

  read(): readonly Row[] {
    if (this.#marked.size > 0) {
      const marked = [...this.#marked].filter(this.#belongs).sort(this.#compare);
      this.#rows = this.#merged(marked);
      this.#marked.clear();
    }
    return this.#rows;
  }

  #merged(marked: readonly Row[]): readonly Row[] {
    const rows: Row[] = [];
    let next = 0;
    for (const row of this.#rows) {
      if (this.#marked.has(row)) continue;
      for (let other = marked[next]; other !== undefined; other = marked[next]) {
        if (this.#compare(other, row) > 0) break;
        rows.push(other);
        next += 1;
      }
      rows.push(row);
    }
    for (const other of marked.slice(next)) rows.push(other);
    return rows;
  }
}

/** Where in the sorted `rows` the first one stands that is ordered behind `key`. */
export function firstBehind<Row extends Key, Key>(
  rows: readonly Row[],
  key: Key,
  compare: (a: Key, b: Key) => number,
): number {
  let from = 0;
  let to = rows.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    const row = rows[middle];
    if (row !== undefined && compare(row, key) <= 0) from = middle + 1;
    else to = middle;
  }
  return from;
}
