import { canonicalJson, type Output } from "@troth/events";
import { expect, test } from "vitest";
import type { Cell, ColumnType } from "./columns.ts";
import { outputsOf } from "./fixture.ts";
import { baseTables } from "./table.ts";
import { tables } from "./tables.ts";

const fits: Readonly<Record<ColumnType, (cell: Cell) => boolean>> = {
  text: (cell) => typeof cell === "string",
  json: (cell) => typeof cell === "string" && JSON.parse(cell) !== undefined,
  texts: (cell) => Array.isArray(cell),
  int: (cell) => Number.isInteger(cell) && Math.abs(Number(cell)) < 2 ** 31,
  long: (cell) => Number.isSafeInteger(cell),
  decimal: (cell) => Number.isSafeInteger(cell),
  double: (cell) => Number.isFinite(cell),
  flag: (cell) => typeof cell === "boolean",
  instant: (cell) => Number.isSafeInteger(cell),
};

const outputs = outputsOf(60);
const cellOf = (table: string, output: Output | undefined, name: string): Cell | undefined => {
  const found = tables.find((one) => one.name === table);
  const row = output === undefined ? null : found?.row(output);
  return row?.[found?.columns.findIndex((one) => one.name === name) ?? -1];
};

test("every cell is of its column's type, and null only where the column says so", () => {
  for (const table of tables) {
    const rows = outputs.flatMap((output) => table.row(output) ?? []);
    expect(rows.length, table.name).toBeGreaterThan(0);
    for (const output of outputs) {
      for (const [n, cell] of (table.row(output) ?? []).entries()) {
        const column = table.columns[n];
        if (column === undefined) throw new Error("more cells than columns");
        const right = cell === null ? column.nullable : fits[column.type](cell);
        expect(right, `${table.name}.${column.name}: ${String(cell)}`).toBe(true);
      }
    }
  }
});

test("every output is a row of exactly one base table", () => {
  for (const output of outputs) {
    const taken = tables.filter(
      (table) => baseTables.some((name) => name === table.name) && table.row(output) !== null,
    );
    expect(taken, output.body.kind).toHaveLength(1);
  }
});

test("the parts of an alert are canonical JSON, whatever order their keys came in", () => {
  const alert = outputs.find(({ body }) => body.kind === "alert");
  const parts = alert?.body.kind === "alert" ? alert.body.parts : [];
  expect(parts.length).toBeGreaterThan(1);
  expect(cellOf("alerts", alert, "parts")).toBe(canonicalJson(parts));
});

test("facts taken back are named by source and id apart", () => {
  const retraction = outputs.find(({ body }) => body.kind === "retraction");
  expect(cellOf("identity", retraction, "factSources")).toEqual(["urn:shop:1"]);
  expect(cellOf("identity", retraction, "factIds")).toEqual(["e4"]);
});
