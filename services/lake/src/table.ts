import type { Output } from "@troth/events";
import type { Cell, Column, ColumnType } from "./columns.ts";

export type Body = Output["body"];

/** Every output is a row of exactly one of these; together they are the whole log. */
export const baseTables = ["noise", "decisions", "identity"] as const;
/** The same decisions again, their fields as columns. */
export const typedTables = ["pledges", "alerts", "flags", "surveys"] as const;
export const tableNames = [...baseTables, ...typedTables] as const;
/** What the log of facts holds, record by record, in Avro: what a back-test reads. */
export const factsTable = "facts";
export type TableName = (typeof tableNames)[number];

export type Table = {
  readonly name: TableName;
  readonly says: string;
  readonly columns: readonly Column[];
  /** The output as a row, cells in the order of the columns; null when it is none of this table's. */
  readonly row: (output: Output) => readonly Cell[] | null;
};

export type Reading<B> = Column & { readonly read: (body: B) => Cell };

const column =
  (type: ColumnType, nullable: boolean) =>
  <B>(name: string, says: string, read: (body: B) => Cell): Reading<B> => ({
    name,
    type,
    nullable,
    says,
    read,
  });

export const text = column("text", false);
export const textOrNull = column("text", true);
export const texts = column("texts", false);
export const json = column("json", false);
export const int = column("int", false);
export const intOrNull = column("int", true);
export const long = column("long", false);
export const longOrNull = column("long", true);
export const decimalOrNull = column("decimal", true);
export const double = column("double", false);
export const doubleOrNull = column("double", true);
export const flag = column("flag", false);
export const instant = column("instant", false);
export const instantOrNull = column("instant", true);

const place: readonly Column[] = [
  { name: "inOffset", type: "long", nullable: false, says: "Offset of the fact that caused it." },
  { name: "seq", type: "int", nullable: false, says: "Its number among that fact's outputs." },
  { name: "logTime", type: "instant", nullable: false, says: "Log time at which it was written." },
];

/** A table of the outputs that `select` takes. */
export function table<B extends Body>(
  name: TableName,
  says: string,
  select: (body: Body) => B | null,
  columns: readonly Reading<B>[],
): Table {
  return {
    name,
    says,
    columns: [...place, ...columns.map(({ read, ...column }) => column)],
    row: ({ inOffset, seq, stamp, body }) => {
      const selected = select(body);
      if (selected === null) return null;
      return [inOffset, seq, stamp, ...columns.map(({ read }) => read(selected))];
    },
  };
}
