import { Cells } from "./cells.ts";
import type { Column, ImportIo } from "./importer.ts";

/** Opens a table and hands its usable rows to `take`; the others are set aside with their line. */
export async function readTable<N extends string>(
  path: string,
  columns: readonly Column<N>[],
  io: ImportIo,
  take: (cells: Cells<N>, line: number) => (() => void) | undefined,
): Promise<void> {
  for await (const { line, row } of io.openRows(path, columns)) {
    const cells = new Cells(row);
    const keep = take(cells, line);
    const trouble = cells.trouble();
    if (trouble !== null) io.setAside({ ...trouble, file: path, line });
    else keep?.();
  }
}
