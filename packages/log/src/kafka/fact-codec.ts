import {
  closeLogged,
  dataReader,
  type Fact,
  isoTime,
  type LoggedFact,
  openLogged,
  typeOf,
  wordIn,
} from "@troth/events";
import { LogError } from "../log-error.ts";
import {
  asBuffer,
  type HeaderName,
  headerName,
  type Message,
  plainCodec,
  type RecordCodec,
} from "./message.ts";
import { fixedHeaders, type RecordPen } from "./record-pen.ts";
import { timeIn } from "./wire-time.ts";

const confluentHeaderBytes = 5;

/** By which numbers schemas go on Kafka, where troth's own files have others. */
export type SchemaIds = {
  /** By the id of schemas/noise/ids.json. */
  readonly onWire: (fileId: number) => number;
  readonly ofFile: (wireId: number) => number;
};

/** Without a registry a schema's id is the one that follows from its text. */
export const fileIds: SchemaIds = { onWire: (id) => id, ofFile: (id) => id };

export const specHeader = headerName("ce_specversion");
const ce = {
  id: headerName("ce_id"),
  source: headerName("ce_source"),
  type: headerName("ce_type"),
  time: headerName("ce_time"),
  recordedTime: headerName("ce_recordedtime"),
  tenant: headerName("ce_tenantid"),
  subject: headerName("ce_subject"),
} as const;
const first = fixedHeaders({ ce_specversion: "1.0" });
const last = fixedHeaders({ "content-type": "application/avro" });

/** A fact as CloudEvents has it in binary mode: value, and the headers that name it. */
export function writeFact(
  pen: RecordPen,
  key: string | null,
  fact: LoggedFact,
  ids: SchemaIds,
): void {
  const value = Buffer.allocUnsafe(confluentHeaderBytes + fact.data.length);
  value[0] = 0;
  value.writeUInt32BE(ids.onWire(fact.dataId), 1);
  value.set(fact.data, confluentHeaderBytes);
  pen.key(key);
  pen.value(value);
  pen.fixed(first);
  pen.header(ce.id, fact.id);
  pen.header(ce.source, fact.source);
  pen.header(ce.type, typeOf(fact.kind));
  pen.header(ce.time, isoTime(fact.time));
  pen.header(ce.recordedTime, isoTime(fact.recordedTime));
  pen.header(ce.tenant, fact.tenant);
  if (fact.subject !== null) pen.header(ce.subject, fact.subject);
  pen.fixed(last);
}

function without(message: Message, { name }: HeaderName): LogError {
  return new LogError("corrupt", `Kafka offset ${message.offset}: a record without ${name}`);
}

export function required(message: Message, name: HeaderName): string {
  const text = message.text(name);
  if (text === null) throw without(message, name);
  return text;
}

function repeated(message: Message, name: HeaderName): string {
  if (!message.find(name)) throw without(message, name);
  return wordIn(message.bytes, message.foundAt, message.foundEnd);
}

function time(message: Message, name: HeaderName): number {
  if (!message.find(name)) throw without(message, name);
  return timeIn(message.bytes, message.foundAt, message.foundEnd);
}

/** In the order of the headers. */
const envelopeOf = (message: Message): Omit<Fact, "kind" | "data"> => ({
  id: required(message, ce.id),
  source: repeated(message, ce.source),
  time: time(message, ce.time),
  recordedTime: time(message, ce.recordedTime),
  tenant: repeated(message, ce.tenant),
  subject: message.text(ce.subject),
});

function dataIdOf({ bytes, valueAt, valueEnd, offset }: Message): number {
  if (valueEnd - valueAt < confluentHeaderBytes || bytes[valueAt] !== 0)
    throw new LogError("corrupt", `Kafka offset ${offset}: a value without byte 0 and a schema id`);
  return bytes.readUInt32BE(valueAt + 1);
}

const unknown = ({ offset }: Message, dataId: number): LogError =>
  new LogError(
    "unknown-format",
    `Kafka offset ${offset}: schema ${dataId} is not known here: it was written by another version of troth, or by the ids of a registry (--registry)`,
  );

/** The logged bytes of a fact; throws on what troth did not write. */
export function factFromWire(message: Message, ids: SchemaIds): Buffer {
  const dataId = ids.ofFile(dataIdOf(message));
  const { bytes, valueAt, valueEnd } = message;
  const data = bytes.subarray(valueAt + confluentHeaderBytes, valueEnd);
  const logged = closeLogged({ ...envelopeOf(message), dataId, data });
  if (logged === null) throw unknown(message, dataId);
  return logged;
}

/** The fact itself, as `decodeFact` would read it from its logged bytes. */
export function factValue(message: Message, ids: SchemaIds): Fact {
  const dataId = ids.ofFile(dataIdOf(message));
  const reader = dataReader(dataId);
  if (reader === null) throw unknown(message, dataId);
  const { id, source, tenant, time, recordedTime, subject } = envelopeOf(message);
  const { bytes, valueAt, valueEnd } = message;
  const data = reader.read(bytes, valueAt + confluentHeaderBytes, valueEnd);
  if (data !== null)
    return { id, source, kind: reader.kind, tenant, time, recordedTime, subject, data };
  throw new LogError(
    "corrupt",
    `Kafka offset ${message.offset}: data that does not fit its schema`,
  );
}

/**
 * Facts as CloudEvents in binary mode: the envelope in `ce_` headers, the data as Avro behind
 * Confluent's five bytes, whose id is a registry's, or else the one of schemas/noise/ids.json.
 * Anything else in the log (a tick) is stored as it is.
 */
export const factCodecBy = (ids: SchemaIds): RecordCodec => ({
  write: (pen, record) => {
    const fact = openLogged(asBuffer(record.bytes));
    if (fact === null) plainCodec.write(pen, record);
    else writeFact(pen, fact.subject, fact, ids);
  },
  toBytes: (message) =>
    message.find(specHeader) ? factFromWire(message, ids) : plainCodec.toBytes(message),
});
export const factCodec = factCodecBy(fileIds);
