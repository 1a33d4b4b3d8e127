import { closeLogged, isoTime, type LoggedFact, openLogged, typeOf } from "@troth/events";
import type { IHeaders } from "kafkajs";
import { LogError } from "../log-error.ts";
import type { Message } from "./connection.ts";
import { asBuffer, headerText, plainCodec, type RecordCodec } from "./message.ts";

const confluentHeaderBytes = 5;

/** A fact's value on Kafka and the headers that name it, as CloudEvents has it in binary mode. */
export function factOnWire(fact: LoggedFact): {
  readonly value: Buffer;
  readonly headers: IHeaders;
} {
  const header = Buffer.alloc(confluentHeaderBytes);
  header.writeUInt32BE(fact.dataId, 1);
  return {
    value: Buffer.concat([header, fact.data]),
    headers: {
      ce_specversion: "1.0",
      ce_id: fact.id,
      ce_source: fact.source,
      ce_type: typeOf(fact.kind),
      ce_time: isoTime(fact.time),
      ce_recordedtime: isoTime(fact.recordedTime),
      ce_tenantid: fact.tenant,
      ...(fact.subject === null ? null : { ce_subject: fact.subject }),
      "content-type": "application/avro",
    },
  };
}

export function required(message: Message, name: string): string {
  const text = headerText(message, name);
  if (text === null)
    throw new LogError("corrupt", `Kafka offset ${message.offset}: a record without ${name}`);
  return text;
}

/** The logged bytes of a fact; throws on what troth did not write. */
export function factFromWire(message: Message): Buffer {
  const value = message.value ?? Buffer.alloc(0);
  const place = `Kafka offset ${message.offset}`;
  if (value.length < confluentHeaderBytes || value[0] !== 0)
    throw new LogError("corrupt", `${place}: a value without byte 0 and a schema id`);
  const dataId = value.readUInt32BE(1);
  const bytes = closeLogged({
    id: required(message, "ce_id"),
    source: required(message, "ce_source"),
    tenant: required(message, "ce_tenantid"),
    time: Date.parse(required(message, "ce_time")),
    recordedTime: Date.parse(required(message, "ce_recordedtime")),
    subject: headerText(message, "ce_subject"),
    dataId,
    data: value.subarray(confluentHeaderBytes),
  });
  if (bytes !== null) return bytes;
  throw new LogError(
    "unknown-format",
    `${place}: schema ${dataId} is not known here: it was written by another version of troth`,
  );
}

/**
 * Facts as CloudEvents in binary mode: the envelope in `ce_` headers, the data as Avro behind
 * Confluent's five bytes, whose id is the one of schemas/noise/ids.json. Anything else in the log (a tick) is stored as it is.
 */
export const factCodec: RecordCodec = {
  toMessage: (bytes) => {
    const fact = openLogged(asBuffer(bytes));
    if (fact === null) return plainCodec.toMessage(bytes);
    return { key: fact.subject, ...factOnWire(fact) };
  },
  toBytes: (message) =>
    headerText(message, "ce_specversion") === null
      ? plainCodec.toBytes(message)
      : factFromWire(message),
};
