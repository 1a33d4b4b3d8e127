export { type Admitting, admit, type EventParser } from "./admit.ts";
export type { IntakeTell, TurnedAway } from "./answers.ts";
export {
  type FileLine,
  type FileLineOptions,
  readEventFile,
  readEventFileBatches,
  splitFileLines,
} from "./event-file.ts";
export { type Intake, type IntakeOptions, openIntake } from "./intake.ts";
export { IntakeError } from "./intake-error.ts";
export { defaultLimits, type Limits } from "./limits.ts";
export { type AdmittedRecord, admitRecord, type RecordOutcome } from "./mapping/admit-record.ts";
export { type Decoded, type Decoder, type DecoderPorts, openDecoder } from "./mapping/decode.ts";
export { functionNames, variables } from "./mapping/expression.ts";
export type {
  EventRule,
  Mapped,
  Mapping,
  RawRecord,
} from "./mapping/mapping.ts";
export { parseMapping } from "./mapping/parse-mapping.ts";
export { type FileRecord, readRecords } from "./mapping/read-records.ts";
export { type Answer, type Received, receive } from "./receive.ts";
export { encodeSetAside, type SetAside, setAsideOf } from "./set-aside.ts";
export { type Admission, appendTo, type Logs } from "./to-logs.ts";
