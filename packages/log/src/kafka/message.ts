import type { LogInput } from "../port.ts";
import type { RecordPen } from "./record-pen.ts";

/** The name of a header, as it is looked for. */
export type HeaderName = { readonly name: string; readonly bytes: Buffer };

export const headerName = (name: string): HeaderName => ({ name, bytes: Buffer.from(name) });

/**
 * Log time in UTC milliseconds. Kafka's own timestamp is the broker's clock, by which retention
 * goes: a history that is loaded today must not be deleted today because it is old.
 */
export const stampHeader = headerName("troth_stamp");
/** As W3C names it. */
export const traceHeader = headerName("traceparent");

/**
 * A record where it lies in a broker's answer: nothing is made of it but what is asked for. It keeps
 * the whole answer in memory, so whoever needs something of it for long takes a copy.
 */
export class Message {
  readonly offset: number;
  readonly isControlRecord: boolean;
  readonly #bytes: Buffer;
  readonly #keyAt: number;
  readonly #keyEnd: number;
  readonly #valueAt: number;
  readonly #valueEnd: number;
  readonly #headers: number;
  readonly #headersAt: number;
  /** Headers are asked for in the order they were written in, so each search goes on from the last. */
  #next = 0;
  #nextAt: number;
  #foundAt = 0;
  #foundEnd = 0;

  /** `at` is where the record's key begins, behind its offset. */
  constructor(bytes: Buffer, at: number, offset: number, isControlRecord: boolean) {
    this.offset = offset;
    this.isControlRecord = isControlRecord;
    this.#bytes = bytes;
    const cursor = cursorAt(bytes, at);
    const keyLength = cursor.number();
    this.#keyAt = cursor.at;
    this.#keyEnd = keyLength < 0 ? -1 : cursor.skip(keyLength);
    const valueLength = cursor.number();
    this.#valueAt = cursor.at;
    this.#valueEnd = valueLength < 0 ? -1 : cursor.skip(valueLength);
    this.#headers = cursor.number();
    this.#headersAt = cursor.at;
    this.#nextAt = cursor.at;
  }

  get key(): Buffer | null {
    return this.#keyEnd < 0 ? null : this.#bytes.subarray(this.#keyAt, this.#keyEnd);
  }

  get value(): Buffer | null {
    return this.#valueEnd < 0 ? null : this.#bytes.subarray(this.#valueAt, this.#valueEnd);
  }

  /** What the positions below count in. */
  get bytes(): Buffer {
    return this.#bytes;
  }
  get valueAt(): number {
    return this.#valueAt;
  }
  /** Less than where it begins when there is none. */
  get valueEnd(): number {
    return this.#valueEnd;
  }
  /** Of the header found last. */
  get foundAt(): number {
    return this.#foundAt;
  }
  get foundEnd(): number {
    return this.#foundEnd;
  }

  /** Looks for a header; of one given twice the first, unless it lies before the one found last. */
  find(wanted: HeaderName): boolean {
    const bytes = this.#bytes;
    for (let looked = 0; looked < this.#headers; looked += 1) {
      if (this.#next >= this.#headers) {
        this.#next = 0;
        this.#nextAt = this.#headersAt;
      }
      const cursor = cursorAt(bytes, this.#nextAt);
      const nameLength = cursor.number();
      const nameAt = cursor.at;
      cursor.skip(nameLength);
      const length = cursor.number();
      const at = cursor.at;
      const end = cursor.skip(Math.max(length, 0));
      this.#next += 1;
      this.#nextAt = end;
      if (length < 0 || !isAt(bytes, nameAt, nameLength, wanted.bytes)) continue;
      this.#foundAt = at;
      this.#foundEnd = end;
      return true;
    }
    return false;
  }

  /** A header's text; null when there is none of that name. */
  text(name: HeaderName): string | null {
    return this.find(name) ? this.#bytes.toString("utf8", this.#foundAt, this.#foundEnd) : null;
  }
}

function isAt(bytes: Buffer, at: number, length: number, wanted: Buffer): boolean {
  if (length !== wanted.length) return false;
  // Names begin alike more often than they end alike.
  for (let i = length - 1; i >= 0; i -= 1) if (bytes[at + i] !== wanted[i]) return false;
  return true;
}

/** Reads Kafka's signed variable-length numbers; lengths and differences of offsets fit 53 bits. */
export class VarintCursor {
  bytes: Buffer = Buffer.alloc(0);
  at = 0;

  number(): number {
    const { bytes } = this;
    let byte = bytes[this.at++] ?? 0;
    if (byte < 128) return (byte >>> 1) ^ -(byte & 1);
    let value = byte & 127;
    for (let scale = 128; byte >= 128; scale *= 128) {
      byte = bytes[this.at++] ?? 0;
      value += (byte & 127) * scale;
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** Gives the place it comes to. */
  skip(length: number): number {
    this.at += length;
    return this.at;
  }
}

/** One for all, as nobody holds it over a call. */
const shared = new VarintCursor();

export function cursorAt(bytes: Buffer, at: number): VarintCursor {
  shared.bytes = bytes;
  shared.at = at;
  return shared;
}

/**
 * How a record of a log looks on Kafka. The log knows bytes; Kafka has keys and headers beside the
 * value, for readers who are not troth.
 */
export type RecordCodec = {
  /** Key, value and headers, in this order. */
  readonly write: (pen: RecordPen, record: Pick<LogInput, "bytes">) => void;
  /** The bytes that were appended, in memory of their own: a view would keep the whole answer. */
  readonly toBytes: (message: Message) => Buffer;
  /** What the bytes say, where that is sooner had than the bytes themselves. */
  readonly toValue?: (message: Message) => unknown;
};

/** The bytes as they are. */
export const plainCodec: RecordCodec = {
  write: (pen, { bytes }) => {
    pen.key(null);
    pen.value(asBuffer(bytes));
  },
  toBytes: ({ value }) => (value === null ? Buffer.alloc(0) : Buffer.from(value)),
};

export const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

export function stampOf(message: Message): number | null {
  if (!message.find(stampHeader)) return null;
  const { bytes, foundAt, foundEnd } = message;
  let stamp = 0;
  for (let at = foundAt; at < foundEnd; at += 1) stamp = stamp * 10 + ((bytes[at] ?? 0) - 48);
  return stamp;
}
