import type { HeaderName } from "./message.ts";

type Text = Buffer | string | null;

/** Records without what stands before their keys, as that depends on the batch they come to lie in. */
export type Records = {
  readonly bytes: Buffer;
  /** Where each ends. */
  readonly ends: readonly number[];
};

/** Headers that are the same on every record: written once, copied from then on. */
export type FixedHeader = { readonly bytes: Buffer; readonly count: number };

/** Up to here a loop is quicker than a call into the runtime. */
const shortMax = 48;
/** A length has at most five bytes. */
const lengthMax = 5;
/** Kafka counts headers by a number of its own kind; below 64 that is one byte. */
const headersMax = 63;

/** Writes records one behind the other: key, value, then headers. */
export class RecordPen {
  #bytes: Buffer;
  #at = 0;
  #ends: number[] = [];
  #countAt = -1;
  #count = 0;

  constructor(room = 64 * 1024) {
    this.#bytes = Buffer.allocUnsafe(room);
  }

  key(text: Text): void {
    this.#text(text);
  }

  value(text: Text): void {
    this.#text(text);
    this.#room(1);
    this.#countAt = this.#at;
    this.#count = 0;
    this.#at += 1;
  }

  header({ bytes }: HeaderName, text: Buffer | string): void {
    this.#text(bytes);
    this.#text(text);
    this.#count += 1;
  }

  fixed({ bytes, count }: FixedHeader): void {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
    this.#count += count;
  }

  end(): void {
    if (this.#count > headersMax) throw new RangeError(`${this.#count} headers on one record`);
    this.#bytes[this.#countAt] = 2 * this.#count;
    this.#ends.push(this.#at);
  }

  /** What was written since it was last taken, in memory of its own. */
  take(): Records {
    const bytes = Buffer.from(this.#bytes.subarray(0, this.#at));
    const ends = this.#ends;
    this.drop();
    return { bytes, ends };
  }

  /** Forgets what was written since it was last taken. */
  drop(): void {
    this.#at = 0;
    this.#ends = [];
  }

  #room(more: number): void {
    if (this.#at + more <= this.#bytes.length) return;
    const wider = Buffer.allocUnsafe(2 * (this.#at + more));
    wider.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = wider;
  }

  #text(text: Text): void {
    if (text === null) {
      this.#room(1);
      this.#at = putNumber(this.#bytes, this.#at, -1);
      return;
    }
    if (typeof text !== "string") {
      this.#room(lengthMax + text.length);
      const at = putNumber(this.#bytes, this.#at, text.length);
      this.#bytes.set(text, at);
      this.#at = at + text.length;
      return;
    }
    // A character is at most three bytes for each unit of its string.
    this.#room(lengthMax + 3 * text.length);
    if (text.length > shortMax || !this.#ascii(text)) this.#utf8(text);
  }

  #ascii(text: string): boolean {
    const bytes = this.#bytes;
    const from = putNumber(bytes, this.#at, text.length);
    for (let i = 0; i < text.length; i += 1) {
      const unit = text.charCodeAt(i);
      if (unit > 127) return false;
      bytes[from + i] = unit;
    }
    this.#at = from + text.length;
    return true;
  }

  #utf8(text: string): void {
    const bytes = this.#bytes;
    // Where it is ASCII, as nearly always, it comes to lie at once where it belongs.
    const guess = this.#at + numberBytes(text.length);
    const length = bytes.write(text, guess, "utf8");
    const from = this.#at + numberBytes(length);
    if (from !== guess) bytes.copyWithin(from, guess, guess + length);
    putNumber(bytes, this.#at, length);
    this.#at = from + length;
  }
}

export function fixedHeaders(headers: Readonly<Record<string, string>>): FixedHeader {
  const pen = new RecordPen(1_024);
  pen.key(null);
  pen.value(null);
  for (const [name, text] of Object.entries(headers))
    pen.header({ name, bytes: Buffer.from(name) }, text);
  pen.end();
  // Behind key, value and count of a byte each.
  return { bytes: pen.take().bytes.subarray(3), count: Object.keys(headers).length };
}

/** Writes a signed number of at most 31 bits as a zigzag varint; gives the place behind it. */
export function putNumber(bytes: Buffer, at: number, value: number): number {
  let left = value < 0 ? -2 * value - 1 : 2 * value;
  let next = at;
  while (left > 127) {
    bytes[next++] = (left & 127) | 128;
    left >>>= 7;
  }
  bytes[next++] = left;
  return next;
}

/** How many bytes a number of at least 0 takes. */
export function numberBytes(value: number): number {
  let count = 1;
  for (let left = 2 * value; left > 127; left >>>= 7) count += 1;
  return count;
}
