import {
  decodeOutput,
  invariant,
  isoTime,
  joinNoise,
  type NoiseRecord,
  type Output,
  openLogged,
  splitNoise,
} from "@troth/events";
import { factFromWire, factOnWire, required } from "./fact-codec.ts";
import { asBuffer, plainCodec, type RecordCodec } from "./message.ts";

const noiseHeader = "troth_noise";
const flagHeader = "troth_at";

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
export const noiseCodec: RecordCodec = {
  toMessage: (bytes) => {
    const split = splitNoise(bytes);
    if (split === null) return { key: keyIn(asBuffer(bytes)), value: asBuffer(bytes) };
    const fact = openLogged(split.fact);
    invariant(fact !== null, "a record of noise holds a fact of a schema that is known");
    const { value, headers } = factOnWire(fact);
    return { key: keyIn(split.head), value, headers: { ...headers, [noiseHeader]: split.head } };
  },
  toBytes: (message) => {
    const head = message.headers[noiseHeader];
    return head instanceof Buffer
      ? joinNoise(head, factFromWire(message))
      : plainCodec.toBytes(message);
  },
};

/**
 * What a judge says: JSON as CloudEvents in binary mode, under the customer's reference. Log and place
 * make the id, so a copy that another owner wrote has the same one.
 */
export const outputCodec = (genesis: string): RecordCodec => ({
  toMessage: (bytes, value) => {
    const output = value === undefined ? decodeOutput(asBuffer(bytes)) : (value as Output);
    const { inOffset, seq, stamp, body } = output;
    return {
      key: "customer" in body ? body.customer : null,
      value: asBuffer(bytes),
      headers: {
        ce_specversion: "1.0",
        ce_id: `${inOffset}.${seq}`,
        ce_source: `urn:troth:decisions:${genesis}`,
        ce_type: `org.troth.said.${body.kind}.v1`,
        ce_time: isoTime(stamp),
        "content-type": "application/json",
      },
    };
  },
  toBytes: plainCodec.toBytes,
});

type Posted = { readonly at: { readonly key: string }; readonly flag: unknown };

/**
 * How a customer stands: under the customer's key, so that compaction leaves the latest. No flag is a
 * tombstone, and the customer is gone from the topic in time; where it was said is in a header.
 */
export const flagCodec: RecordCodec = {
  toMessage: (bytes) => {
    const { at, flag } = JSON.parse(asBuffer(bytes).toString("utf8")) as Posted;
    return {
      key: at.key,
      value: flag === null ? null : JSON.stringify(flag),
      headers: { [flagHeader]: JSON.stringify(at), "content-type": "application/json" },
    };
  },
  toBytes: (message) => {
    const flag = message.value === null ? "null" : message.value.toString("utf8");
    return Buffer.from(`{"at":${required(message, flagHeader)},"flag":${flag}}`);
  },
};
