import type { SchemaElement } from "hyparquet";

/**
 * What a column holds: `long` whole numbers beyond 32 bits, `decimal` an exact amount (its cells are
 * ten-thousandths), `instant` UTC milliseconds, `texts` a list of text, `json` one JSON value as text.
 */
export type ColumnType =
  | "text"
  | "json"
  | "texts"
  | "int"
  | "long"
  | "decimal"
  | "double"
  | "flag"
  | "instant";

export const decimalPrecision = 18;
export const decimalScale = 4;

export type Cell = string | number | boolean | readonly string[] | null;

export type Column = {
  readonly name: string;
  readonly type: ColumnType;
  readonly nullable: boolean;
  /** One sentence, with the unit where there is one. */
  readonly says: string;
};

const listLeaf: readonly SchemaElement[] = [
  { name: "list", repetition_type: "REPEATED", num_children: 1 },
  {
    name: "element",
    type: "BYTE_ARRAY",
    converted_type: "UTF8",
    logical_type: { type: "STRING" },
    repetition_type: "REQUIRED",
  },
];

function elementsOf(column: Column): readonly SchemaElement[] {
  const { name } = column;
  const repetition_type = column.nullable ? "OPTIONAL" : "REQUIRED";
  switch (column.type) {
    case "text":
    case "json":
      return [
        {
          name,
          type: "BYTE_ARRAY",
          converted_type: "UTF8",
          logical_type: { type: "STRING" },
          repetition_type,
        },
      ];
    case "texts":
      return [
        {
          name,
          converted_type: "LIST",
          logical_type: { type: "LIST" },
          repetition_type,
          num_children: 1,
        },
        ...listLeaf,
      ];
    case "int":
      return [{ name, type: "INT32", repetition_type }];
    case "long":
      return [{ name, type: "INT64", repetition_type }];
    case "decimal":
      return [
        {
          name,
          type: "INT64",
          converted_type: "DECIMAL",
          logical_type: { type: "DECIMAL", precision: decimalPrecision, scale: decimalScale },
          precision: decimalPrecision,
          scale: decimalScale,
          repetition_type,
        },
      ];
    case "double":
      return [{ name, type: "DOUBLE", repetition_type }];
    case "flag":
      return [{ name, type: "BOOLEAN", repetition_type }];
    case "instant":
      return [
        {
          name,
          type: "INT64",
          converted_type: "TIMESTAMP_MILLIS",
          logical_type: { type: "TIMESTAMP", isAdjustedToUTC: true, unit: "MILLIS" },
          repetition_type,
        },
      ];
  }
}

/** The Parquet schema of a table, in the order of its columns. */
export const schemaOf = (columns: readonly Column[]): SchemaElement[] => [
  { name: "root", num_children: columns.length },
  ...columns.flatMap(elementsOf),
];
