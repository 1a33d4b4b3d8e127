export type { Closing } from "./chunk.ts";
export type { Cell, Column, ColumnType } from "./columns.ts";
export { type Compacted, type CompactOptions, compact } from "./compact.ts";
export { type Period, periods } from "./key.ts";
export { type Lake, type LakeOptions, openLake } from "./lake.ts";
export { LakeError, type LakeErrorCode } from "./lake-error.ts";
export type { Place } from "./manifest.ts";
export { type LakeChunk, readChunks, type Said } from "./read.ts";
export { type Retired, type RetireOptions, retire } from "./retire.ts";
export {
  baseTables,
  factsTable,
  type Table,
  type TableName,
  tableNames,
  typedTables,
} from "./table.ts";
export { tables } from "./tables.ts";
export type { Sign, Tombstone } from "./tombstone.ts";
export {
  type Audit,
  type Fault,
  type Finding,
  faults,
  type VerifyOptions,
  verify,
} from "./verify.ts";
