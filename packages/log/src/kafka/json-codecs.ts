import {
  decodeNoise,
  decodeOutput,
  invariant,
  isoTime,
  joinNoise,
  type NoiseRecord,
  type Output,
  openLogged,
  outputText,
  splitNoise,
} from "@troth/events";
import type { LogInput, LogRecord } from "../port.ts";
import {
  factFromWire,
  factValue,
  fileIds,
  required,
  type SchemaIds,
  writeFact,
} from "./fact-codec.ts";
import { asBuffer, headerName, plainCodec, type RecordCodec } from "./message.ts";
import { noiseHeadIn } from "./noise-head.ts";
import { fixedHeaders } from "./record-pen.ts";

const noiseHeader = headerName("troth_noise");
const flagHeader = headerName("troth_at");

/** What a customer's records are kept under; a record about nobody, or about all, has none. */
function keyIn(head: Buffer): string | null {
  const { body }: Pick<NoiseRecord, "body"> = JSON.parse(head.toString("utf8"));
  if ("customer" in body) return body.customer.key;
  return "part" in body ? body.part.key : null;
}

/**
 * What the registrar hands to a partition. A fact is a CloudEvent in binary mode under its customer's
 * key, as in the topic of facts; what else is known of it is JSON in one header. Records that are no
 * facts (joins, ticks, feeds) are JSON.
 */
export const noiseCodecBy = (ids: SchemaIds): RecordCodec => ({
  write: (pen, { bytes }) => {
    const split = splitNoise(bytes);
    if (split === null) {
      pen.key(keyIn(asBuffer(bytes)));
      pen.value(asBuffer(bytes));
      return;
    }
    const fact = openLogged(split.fact);
    invariant(fact !== null, "a record of noise holds a fact of a schema that is known");
    writeFact(pen, keyIn(split.head), fact, ids);
    pen.header(noiseHeader, split.head);
  },
  toBytes: (message) => {
    if (!message.find(noiseHeader)) return plainCodec.toBytes(message);
    const head = message.bytes.subarray(message.foundAt, message.foundEnd);
    return joinNoise(head, factFromWire(message, ids));
  },
  toValue: (message): NoiseRecord => {
    if (!message.find(noiseHeader)) return decodeNoise(plainCodec.toBytes(message));
    const head = noiseHeadIn(message.bytes, message.foundAt, message.foundEnd);
    return { ...head, body: { ...head.body, fact: factValue(message, ids) } } as NoiseRecord;
  },
});
export const noiseCodec = noiseCodecBy(fileIds);

/** A record of a log of noise, whatever it lies in. */
export const noiseOf = (record: LogRecord): NoiseRecord =>
  (record.value as NoiseRecord | undefined) ?? decodeNoise(record.bytes);

const outputTime = headerName("ce_time");
const outputId = headerName("ce_id");
const outputType = headerName("ce_type");
const outputFirst = fixedHeaders({ ce_specversion: "1.0" });
const outputLast = fixedHeaders({ "content-type": "application/json" });

/** An output to be appended; its bytes are made only where a log wants them. */
export class OutputInput implements LogInput {
  readonly value: Output;
  readonly text: string;
  readonly trace: string | undefined;

  constructor(output: Output, trace: string | undefined) {
    this.value = output;
    this.text = outputText(output);
    this.trace = trace;
  }

  get bytes(): Buffer {
    return Buffer.from(this.text);
  }
}

/**
 * What a judge says: JSON as CloudEvents in binary mode, under the customer's reference. Log and place
 * make the id, so a copy that another owner wrote has the same one.
 */
export const outputCodec = (genesis: string): RecordCodec => {
  const source = fixedHeaders({ ce_source: `urn:troth:decisions:${genesis}` });
  return {
    write: (pen, input) => {
      const said = input instanceof OutputInput ? input : null;
      const { inOffset, seq, stamp, body } = said?.value ?? decodeOutput(asBuffer(input.bytes));
      pen.key("customer" in body ? body.customer : null);
      pen.value(said?.text ?? asBuffer(input.bytes));
      pen.fixed(outputFirst);
      pen.header(outputId, `${inOffset}.${seq}`);
      pen.fixed(source);
      pen.header(outputType, `org.troth.said.${body.kind}.v1`);
      pen.header(outputTime, isoTime(stamp));
      pen.fixed(outputLast);
    },
    toBytes: plainCodec.toBytes,
  };
};

type Posted = { readonly at: { readonly key: string }; readonly flag: unknown };

/** A flag to be shown, its parts as JSON; null takes it down. */
export class FlagInput implements LogInput {
  readonly key: string;
  readonly at: string;
  readonly flag: string | null;

  constructor(key: string, at: string, flag: string | null) {
    this.key = key;
    this.at = at;
    this.flag = flag;
  }

  get bytes(): Buffer {
    return Buffer.from(`{"at":${this.at},"flag":${this.flag ?? "null"}}`);
  }
}

function postedIn(bytes: Uint8Array): FlagInput {
  const { at, flag } = JSON.parse(asBuffer(bytes).toString("utf8")) as Posted;
  return new FlagInput(at.key, JSON.stringify(at), flag === null ? null : JSON.stringify(flag));
}

/**
 * How a customer stands: under the customer's key, so that compaction leaves the latest. No flag is a
 * tombstone, and the customer is gone from the topic in time; where it was said is in a header.
 */
export const flagCodec: RecordCodec = {
  write: (pen, input) => {
    const { key, at, flag } = input instanceof FlagInput ? input : postedIn(input.bytes);
    pen.key(key);
    pen.value(flag);
    pen.header(flagHeader, at);
    pen.fixed(outputLast);
  },
  toBytes: (message) => {
    const flag = message.value === null ? "null" : message.value.toString("utf8");
    return Buffer.from(`{"at":${required(message, flagHeader)},"flag":${flag}}`);
  },
};
