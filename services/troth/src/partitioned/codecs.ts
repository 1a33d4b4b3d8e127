import { decodeNoise, decodeOutput } from "@troth/events";
import type { RecordCodec } from "@troth/log";

const textOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");

const asItIs = (value: Buffer | null): Buffer =>
  value === null ? Buffer.alloc(0) : Buffer.from(value);

/** Under the customer's key, so that other readers find a customer's records together. */
export const noiseCodec: RecordCodec = {
  toMessage: (bytes) => {
    const { body } = decodeNoise(bytes);
    const key = "customer" in body ? body.customer.key : null;
    return { key, value: Buffer.from(bytes) };
  },
  toBytes: ({ value }) => asItIs(value),
};

/** Place and kind in headers, so that a reader can drop what it has seen without reading it. */
export const decisionsCodec: RecordCodec = {
  toMessage: (bytes) => {
    const { inOffset, seq, body } = decodeOutput(Buffer.from(bytes));
    const key = "customer" in body ? body.customer : null;
    const headers = { troth_in: String(inOffset), troth_seq: String(seq), troth_kind: body.kind };
    return { key, value: Buffer.from(bytes), headers };
  },
  toBytes: ({ value }) => asItIs(value),
};

type Posting = { readonly at: { readonly key: string }; readonly flag: unknown };

/** A customer of whom nothing stands any more has no record left, once Kafka has compacted. */
export const flagsCodec: RecordCodec = {
  toMessage: (bytes) => {
    const { at, flag } = JSON.parse(textOf(bytes)) as Posting;
    return { key: at.key, value: flag === null ? null : Buffer.from(bytes) };
  },
  toBytes: ({ key, value }) =>
    value === null
      ? Buffer.from(JSON.stringify({ at: { key: key?.toString() ?? "" }, flag: null }))
      : asItIs(value),
};
