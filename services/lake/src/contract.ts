import type { Column, ColumnType } from "./columns.ts";
import { decimalPrecision, decimalScale } from "./columns.ts";
import { factsTable } from "./table.ts";
import { tables } from "./tables.ts";

/** Data contracts after the Open Data Contract Standard, one a table, made from the tables themselves. */
export type Contract = Readonly<Record<string, unknown>>;

const version = "1.0.0";

const logicalTypes: Readonly<Record<ColumnType, string>> = {
  text: "string",
  json: "string",
  texts: "array",
  int: "integer",
  long: "integer",
  decimal: "number",
  double: "number",
  flag: "boolean",
  instant: "timestamp",
};

const physicalTypes: Readonly<Record<ColumnType, string>> = {
  text: "BYTE_ARRAY (STRING)",
  json: "BYTE_ARRAY (STRING), one JSON value",
  texts: "LIST of BYTE_ARRAY (STRING)",
  int: "INT32",
  long: "INT64",
  decimal: `INT64 (DECIMAL(${decimalPrecision},${decimalScale}))`,
  double: "DOUBLE",
  flag: "BOOLEAN",
  instant: "INT64 (TIMESTAMP_MILLIS, UTC)",
};

/** The pair that names an output in the log, and the path's parts that prune files. */
const keys = ["inOffset", "seq"];

function propertyOf(column: Column, keyPosition: number): Contract {
  const { name, type, nullable, says } = column;
  return {
    name,
    description: says,
    logicalType: logicalTypes[type],
    physicalType: physicalTypes[type],
    required: !nullable,
    ...(type === "texts" ? { items: { logicalType: "string", required: true } } : {}),
    ...(type === "json" ? { logicalTypeOptions: { format: "json" } } : {}),
    ...(keyPosition > 0 ? { primaryKey: true, primaryKeyPosition: keyPosition } : {}),
  };
}

const partitions: readonly Contract[] = [
  ["date", "date", "First day of the month of log time: date_trunc('month', logTime)."],
  ["kind", "string", "Kind of the event or decision."],
  ["p", "integer", "Partition of the log."],
].map(([name, logicalType, description], n) => ({
  name,
  description,
  logicalType,
  physicalType: "in the path of the object",
  required: true,
  partitioned: true,
  partitionKeyPosition: n + 1,
}));

function contractOf(
  table: string,
  says: string,
  format: string,
  properties: readonly Contract[],
): Contract {
  const path = `s3://BUCKET/PREFIX/${table}/date=*/kind=*/p=*/*.${format}`;
  const held = new Set(properties.map((property) => property["name"]));
  return {
    apiVersion: "v3.1.0",
    kind: "DataContract",
    id: `urn:troth:lake:${table}`,
    name: table,
    version,
    status: "active",
    domain: "customer-experience",
    description: {
      purpose: says,
      usage:
        "Read all objects of the table's folder; date and kind prune them. Join tables by inOffset and seq, and order by them. The last row of a key, by place, is how it stands.",
      limitations:
        "Customers and their things stand under keyed pseudonyms, and what is personal is sealed in the field `sealed`, wherever the house has keys (start makes them); else under the references their sources gave. The newest chunk is written when it closes: after an hour of log time if it is worth a file, on a quiet log up to a day.",
    },
    servers: [
      { server: "bucket", type: "s3", location: path, format },
      { server: "folder", type: "local", path: `./lake/${table}`, format },
    ],
    schema: [
      {
        name: table,
        physicalName: table,
        physicalType: "files",
        logicalType: "object",
        description: says,
        dataGranularityDescription:
          table === factsTable ? "One record of the log of facts." : "One output of the judge.",
        properties: [
          ...properties,
          ...partitions.filter((partition) => !held.has(partition["name"])),
        ],
      },
    ],
    slaProperties: [
      {
        property: "latency",
        value: 1,
        unit: "d",
        element: `${table}.logTime`,
        driver: "analytics",
      },
      { property: "retention", value: "unlimited", driver: "operational" },
    ],
  };
}

const factColumns: readonly (readonly [string, string, string, boolean, string])[] = [
  ["offset", "integer", "long", true, "Its place in the log of facts."],
  ["logTime", "timestamp", "long (timestamp-millis)", true, "Log time at which it was taken."],
  ["id", "string", "string", false, "Event id, unique within its source; a tick has none."],
  ["source", "string", "string", false, "Who said so."],
  ["tenant", "string", "string", false, "Whose customer."],
  ["time", "timestamp", "long (timestamp-millis)", false, "When it happened."],
  ["recordedTime", "timestamp", "long (timestamp-millis)", false, "When we could know."],
  ["subject", "string", "union of null and string", false, "Reference it came with."],
  ["data", "object", "record", false, "Fields of its kind: schemas/noise/KIND.avsc."],
];

const factsContract = (): Contract =>
  contractOf(
    factsTable,
    "The log of facts itself, record by record, as the judge was given it.",
    "avro",
    factColumns.map(([name, logicalType, physicalType, required, description]) => ({
      name,
      description,
      logicalType,
      physicalType,
      required,
      ...(name === "offset" ? { primaryKey: true, primaryKeyPosition: 1 } : {}),
    })),
  );

/** Every contract by the name of its table. */
export function contracts(): ReadonlyMap<string, Contract> {
  const made = new Map<string, Contract>([[factsTable, factsContract()]]);
  for (const { name, says, columns } of tables) {
    const properties = columns.map((column) => propertyOf(column, keys.indexOf(column.name) + 1));
    made.set(name, contractOf(name, says, "parquet", properties));
  }
  return made;
}
