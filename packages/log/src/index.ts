export { type FileLog, type FileLogOptions, openFileLog } from "./file/file-log.ts";
export { readLog } from "./file/read-only.ts";
export type { Recovery } from "./file/recover.ts";
export { factCodec, factCodecBy, type SchemaIds } from "./kafka/fact-codec.ts";
export { type GroupOptions, joinGroup, type Membership } from "./kafka/group.ts";
export {
  FlagInput,
  flagCodec,
  noiseCodec,
  noiseCodecBy,
  noiseOf,
  OutputInput,
  outputCodec,
} from "./kafka/json-codecs.ts";
export { type KafkaLogOptions, type KafkaLogs, type NewTopic, openKafka } from "./kafka/kafka.ts";
export { plainCodec, type RecordCodec } from "./kafka/message.ts";
export type { ForeignRecord } from "./kafka/peek.ts";
export type { Permission } from "./kafka/permissions.ts";
export { RecordPen } from "./kafka/record-pen.ts";
export type { KafkaSettings } from "./kafka/settings.ts";
export type { TopicState } from "./kafka/topics.ts";
export { LogError, type LogErrorCode } from "./log-error.ts";
export { openMemoryLog } from "./memory-log.ts";
export type { Appended, Log, LogInput, LogRecord, ReadOptions } from "./port.ts";
export {
  openSnapshots,
  type Snapshot,
  type SnapshotOptions,
  type Snapshots,
} from "./snapshots.ts";
