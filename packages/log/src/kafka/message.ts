import type { Message as Outgoing } from "kafkajs";
import type { Message } from "./connection.ts";

/**
 * How a record of a log looks on Kafka. The log knows bytes; Kafka has keys and headers beside the
 * value, for readers who are not troth.
 */
export type RecordCodec = {
  /** `value` is what the bytes say, if the writer gave it. */
  readonly toMessage: (bytes: Uint8Array, value?: unknown) => Outgoing;
  /** The bytes that were appended, in memory of their own: a view would keep the whole answer. */
  readonly toBytes: (message: Message) => Buffer;
};

/** The bytes as they are. */
export const plainCodec: RecordCodec = {
  toMessage: (bytes) => ({ value: asBuffer(bytes) }),
  toBytes: ({ value }) => (value === null ? Buffer.alloc(0) : Buffer.from(value)),
};

export const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/**
 * Log time in UTC milliseconds. Kafka's own timestamp is the broker's clock, by which retention
 * goes: a history that is loaded today must not be deleted today because it is old.
 */
export const stampHeader = "troth_stamp";
/** As W3C names it. */
export const traceHeader = "traceparent";

export const stampOf = ({ headers }: Message): number | null => {
  const value = headers[stampHeader];
  return value instanceof Buffer ? Number(value.toString("latin1")) : null;
};

/** A header's text; of a header given twice the first. */
export function headerText(message: Message, name: string): string | null {
  const value = message.headers[name];
  const first = Array.isArray(value) ? value[0] : value;
  return first === undefined ? null : first.toString();
}
