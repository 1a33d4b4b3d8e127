export {
  avroSchemaOf,
  avroTypeOf,
  decisionSchemaOf,
  filedSchemaOf,
  loggedSchemaOf,
} from "./avro.ts";
export { wordIn } from "./avro-reader.ts";
export { canonicalJson, isoTime } from "./canonical.ts";
export { type CloudEvent, toCloudEvent } from "./cloud-event.ts";
export {
  type DataReader,
  dataReader,
  decodeDecision,
  decodeFact,
  encodeDecision,
  encodeFact,
} from "./codec.ts";
export * from "./decision.ts";
export { decisionJson, flagJson, registerJson } from "./decision-json.ts";
export { type DecisionKind, decisionKinds } from "./decision-tables.ts";
export { lineBytesMax, parseEvent, parseLine } from "./door.ts";
export * from "./fact.ts";
export { type Filed, type FiledCodec, filedCodec, filedKindOf, filedReader } from "./filed.ts";
export { type JsonFault, jsonFault } from "./json-fault.ts";
export { flagJsonSchema, outputJsonSchema } from "./json-schema.ts";
export {
  childrenMax,
  eraseFrom,
  type KeyTree,
  keyIn,
} from "./key-tree.ts";
export type { Field, Fields, FieldType, KindTable } from "./kinds/field.ts";
export {
  fieldAt,
  isCohort,
  isKind,
  type Kind,
  kinds,
  needsSubject,
  tableOf,
  typeOf,
} from "./kinds/index.ts";
export { closeLogged, dataSchemas, type LoggedFact, openLogged } from "./logged.ts";
export { amountOf, amountUnits, isCurrency, type Money, normalAmount } from "./money.ts";
export { nearest } from "./nearest.ts";
export {
  type Across,
  decodeNoise,
  encodeNoise,
  joinNoise,
  type Named,
  type NoiseBody,
  type NoiseRecord,
  partitionOf,
  type SplitNoise,
  splitNoise,
} from "./noise-record.ts";
export {
  decodeOutput,
  encodeOutput,
  isBeyond,
  isDecision,
  type Joining,
  type Noise,
  type Output,
  outputText,
  type Retraction,
} from "./output.ts";
export { personalIn } from "./personal.ts";
export * from "./reference.ts";
export { referencesOf } from "./references.ts";
export * from "./result.ts";
export {
  isToken,
  keyNameOf,
  openFact,
  pathOf,
  type Sealed,
  type Sealing,
  sealed,
  sealFact,
  sealText,
  tokenOf,
  tokenReference,
  unsealText,
  withNames,
} from "./sealing.ts";
export { Tenants } from "./tenants.ts";
export { isoDuration, parseDuration, parseInstant } from "./time.ts";
