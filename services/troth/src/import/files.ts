import { join } from "node:path";
import { systemDisk } from "@troth/runtime";
import { type AsideRow, ImportError, type ImportIo } from "./importer.ts";
import { readRows } from "./rows.ts";

/** What an import has read and left out so far. */
export type Tally = {
  /** Rows that could be told apart, by file, without the header. */
  readonly rows: Map<string, number>;
  /** Rows left out, by `file reason`. */
  readonly aside: Map<string, number>;
};

const bump = (counts: Map<string, number>, key: string, by = 1): void => {
  counts.set(key, (counts.get(key) ?? 0) + by);
};

/** The folder as importers see it. `tell` hears of every row set aside, `note` of anything else. */
export function openFolder(
  tell: (row: AsideRow) => void,
  note: (message: string) => void,
): { readonly io: ImportIo; readonly tally: Tally } {
  const tally: Tally = { rows: new Map(), aside: new Map() };
  const setAside = (row: AsideRow): void => {
    bump(tally.aside, `${row.file} ${row.reason}`);
    tell(row);
  };
  const io: ImportIo = {
    listFiles: (dir) => systemDisk.list(dir),
    setAside,
    note,
    async *openRows(path, columns) {
      let malformed = 0;
      let count = 0;
      const count1 = (row: AsideRow): void => {
        malformed += 1;
        setAside(row);
      };
      try {
        for await (const row of readRows(path, columns, count1)) {
          count += 1;
          yield row;
        }
      } finally {
        bump(tally.rows, path, count + malformed);
      }
    },
  };
  return { io, tally };
}

/** Names under which a table is published, without `.csv` or `.gz`; `name*` is any beginning so. */
export type TableNames = readonly string[];

const stemOf = (file: string): string | null => /^(.+)\.csv(?:\.gz)?$/i.exec(file)?.[1] ?? null;

/** Files of a folder that carry one of the names, the first name's first. */
export async function findFiles(
  dir: string,
  names: TableNames,
  io: ImportIo,
): Promise<readonly string[]> {
  const files = await io.listFiles(dir);
  const found = names.flatMap((name) => {
    const wanted = name.toLowerCase();
    return files.filter((file) => {
      const stem = stemOf(file)?.toLowerCase();
      if (stem === undefined) return false;
      return wanted.endsWith("*") ? stem.startsWith(wanted.slice(0, -1)) : stem === wanted;
    });
  });
  return [...new Set(found)].map((file) => join(dir, file));
}

const spelledOut = (names: TableNames): string =>
  names.map((name) => `${name}.csv[.gz]`).join(" or ");

/** The one file that holds a table; of several editions side by side the first name wins. */
export async function findFile(dir: string, names: TableNames, io: ImportIo): Promise<string> {
  const [first, ...others] = await findFiles(dir, names, io);
  if (first === undefined) {
    throw new ImportError("missing-file", `${dir} holds no ${spelledOut(names)}`);
  }
  if (others.length > 0) io.note(`reading ${first}; not reading ${others.join(", ")}`);
  return first;
}

/** As `findFile`, for a table the events can do without: null and a note when it is not there. */
export async function findFileIfAny(
  dir: string,
  names: TableNames,
  without: string,
  io: ImportIo,
): Promise<string | null> {
  if ((await findFiles(dir, names, io)).length > 0) return findFile(dir, names, io);
  io.note(`${dir} holds no ${spelledOut(names)}: ${without}`);
  return null;
}
