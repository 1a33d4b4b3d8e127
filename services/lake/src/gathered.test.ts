import fc from "fast-check";
import { expect, test } from "vitest";
import type { Cell, Column, ColumnType } from "./columns.ts";
import { Gathered } from "./gathered.ts";

const column = (type: ColumnType): Column => ({ name: type, type, nullable: true, says: "" });
const columns = [column("json"), column("text"), column("long"), column("flag")];
const text = fc.string({ unit: fc.constantFrom("a", '"', "ö", "€", "😀", "\ud800") });
const row = fc.tuple(
  fc.oneof(text, fc.constant("€".repeat(2_000))),
  fc.option(text),
  fc.option(fc.integer({ min: -1e15, max: 1e15 })),
  fc.boolean(),
);

test("any stretch of rows is given as the writer takes it: JSON as UTF-8, wide numbers as BigInt", () => {
  fc.assert(
    fc.property(
      fc.array(row, { minLength: 1, maxLength: 60 }),
      fc.nat(60),
      fc.nat(60),
      (rows, some, more) => {
        const gathered = new Gathered(columns);
        const chars = rows.reduce((sum, cells: readonly Cell[]) => sum + gathered.add(cells), 0);
        expect(gathered.rows).toBe(rows.length);
        expect(chars).toBe(rows.reduce((sum, [a, b]) => sum + a.length + (b?.length ?? 0), 0));
        const from = Math.min(some, rows.length);
        const to = Math.min(from + more, rows.length);
        const [json = [], texts, longs, flags] = gathered.values(from, to);
        const within = rows.slice(from, to);
        expect(json.map((bytes) => Buffer.from(bytes as Uint8Array).toString())).toEqual(
          within.map(([one]) => Buffer.from(one).toString()),
        );
        expect(texts).toEqual(within.map(([, one]) => one));
        expect(longs).toEqual(within.map(([, , one]) => (one === null ? null : BigInt(one))));
        expect(flags).toEqual(within.map(([, , , one]) => one));
      },
    ),
  );
});
