import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Filed, Output } from "@troth/events";
import { type Cell, openLake, type Table, tables } from "@troth/lake";
import { openFolderStore, openSimulatedStore } from "@troth/runtime";
import { parquetWriteBuffer } from "hyparquet-writer";
import { Gathered } from "../../../services/lake/src/gathered.ts";
import { encodeTable } from "../../../services/lake/src/parquet.ts";
import { judgedDay } from "../../support/judged-day.ts";
import { type Suite, timed } from "../suite.ts";

const genesis = "7a1e0001-0000-4000-8000-00000000be4c";
const customers = 1_200;
const closing = { windowMs: Number.POSITIVE_INFINITY, longestMs: Number.POSITIVE_INFINITY };

type Rows = readonly (readonly [table: Table, rows: readonly (readonly Cell[])[]])[];

const rowsOf = (outputs: readonly Output[]): Rows =>
  tables
    .map(
      (table) =>
        [table, outputs.map((output) => table.row(output)).filter((row) => row !== null)] as const,
    )
    .filter(([, rows]) => rows.length > 0);

/** The types that the library works out by itself, from cells it need not convert. */
const peerType = {
  text: "STRING",
  json: "STRING",
  texts: "JSON",
  int: "INT32",
  long: "INT64",
  decimal: "INT64",
  double: "DOUBLE",
  flag: "BOOLEAN",
  instant: "TIMESTAMP",
} as const;

type Columns = Parameters<typeof parquetWriteBuffer>[0]["columnData"];

/** Columns made ready beforehand, so that the peer only encodes: what the library itself can do. */
const columnsOf = (rows: Rows): readonly Columns[] =>
  rows.map(([{ columns }, cells]) =>
    columns.map(({ name, type }, at) => ({
      name,
      type: peerType[type],
      data: cells.map((row) => {
        const cell = row[at] ?? null;
        const wide = type === "long" || type === "decimal";
        if (cell === null) return null;
        if (type === "instant") return new Date(Number(cell));
        return wide ? BigInt(Number(cell)) : cell;
      }),
    })),
  );

export const suite: Suite = {
  says: "what is heard and said, into Parquet and Avro",
  prepare: async ({ scale }) => {
    const day = await judgedDay(Math.max(30, Math.round(customers * scale)));
    const rows = rowsOf(day.outputs);
    const count = rows.reduce((sum, [, cells]) => sum + cells.length, 0);
    const columns = columnsOf(rows);
    const dir = mkdtempSync(join(tmpdir(), "troth-bench-lake-"));
    let lakes = 0;
    const write = async (
      store: Awaited<ReturnType<typeof openFolderStore>>,
      facts: readonly Filed[],
    ): Promise<void> => {
      const lake = await openLake({ store, genesis, begin: "anew", closing });
      let next = 0;
      for (const output of day.outputs) {
        for (; (facts[next]?.offset ?? Number.POSITIVE_INFINITY) <= output.inOffset; next += 1) {
          const record = facts[next];
          if (record !== undefined) lake.file(record);
        }
        lake.fold(output);
        await lake.drained();
      }
      for (const record of facts.slice(next)) lake.file(record);
      await lake.finish();
    };
    return {
      close: () => rmSync(dir, { recursive: true, force: true }),
      cases: [
        {
          id: "the library alone",
          unit: "rows/s",
          peer: null,
          run: () =>
            timed(count, () => {
              for (const columnData of columns) {
                parquetWriteBuffer({ columnData, rowGroupSize: 20_000 });
              }
            }),
        },
        {
          id: "rows to Parquet",
          unit: "rows/s",
          peer: "the library alone",
          run: () =>
            timed(count, async () => {
              for (const [table, cells] of rows) {
                const gathered = new Gathered(table.columns);
                for (const row of cells) gathered.add(row);
                await encodeTable(gathered);
              }
            }),
        },
        {
          id: "outputs to rows and Parquet",
          unit: "rows/s",
          peer: "the library alone",
          run: () => timed(count, () => write(openSimulatedStore(), [])),
        },
        {
          id: "the same with the facts in Avro, to a folder, synced",
          unit: "rows/s",
          peer: "the library alone",
          run: () =>
            timed(count + day.facts.length, async () =>
              write(await openFolderStore(join(dir, `${lakes++}`)), day.facts),
            ),
        },
      ],
    };
  },
};
