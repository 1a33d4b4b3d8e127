import type { NoiseRecord } from "@troth/events";

/** What a record of noise says beside its fact. */
export type NoiseHead = Omit<NoiseRecord, "body"> & {
  readonly body: { readonly kind: string };
};

const parts = {
  number: Buffer.from('{"number":'),
  inOffset: Buffer.from(',"inOffset":'),
  stamp: Buffer.from(',"stamp":'),
  reference: Buffer.from(',"body":{"kind":"fact","customer":{"reference":"'),
  key: Buffer.from('","key":"'),
  origin: Buffer.from('"},"origin":"'),
  end: Buffer.from('"}}'),
} as const;

const quote = 34;
const backslash = 92;

/** Reads JSON that is laid out as expected; `at` is negative once it is not. */
class Expecting {
  readonly #bytes: Buffer;
  at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  literal(wanted: Buffer): void {
    if (this.at < 0) return;
    for (let i = 0; i < wanted.length; i += 1)
      if (this.#bytes[this.at + i] !== wanted[i]) {
        this.at = -1;
        return;
      }
    this.at += wanted.length;
  }

  whole(): number {
    if (this.at < 0) return 0;
    let value = 0;
    for (let digit = this.#digit(); digit >= 0; digit = this.#digit()) {
      value = value * 10 + digit;
      this.at += 1;
    }
    return value;
  }

  #digit(): number {
    const digit = (this.#bytes[this.at] ?? 0) - 48;
    return digit <= 9 ? digit : -1;
  }

  /** Whether these bytes and a quotation mark come next; then it is behind the bytes. */
  repeats(from: number, to: number): boolean {
    const length = to - from;
    if (this.at < 0 || this.#bytes[this.at + length] !== quote) return false;
    for (let i = 0; i < length; i += 1)
      if (this.#bytes[from + i] !== this.#bytes[this.at + i]) return false;
    this.at += length;
    return true;
  }

  /** Up to a quotation mark; nothing escaped. */
  text(): string {
    if (this.at < 0) return "";
    const from = this.at;
    let byte = this.#bytes[this.at];
    while (byte !== quote && byte !== backslash && byte !== undefined)
      byte = this.#bytes[++this.at];
    const to = this.at;
    if (byte !== quote) this.at = -1;
    return this.#bytes.toString("utf8", from, to);
  }
}

/** As `JSON.parse`; the layout nearly all have is read without it. */
export function noiseHeadIn(bytes: Buffer, from: number, to: number): NoiseHead {
  const json = new Expecting(bytes, from);
  json.literal(parts.number);
  const number = json.whole();
  json.literal(parts.inOffset);
  const inOffset = json.whole();
  json.literal(parts.stamp);
  const stamp = json.whole();
  json.literal(parts.reference);
  const reference = json.text();
  json.literal(parts.key);
  const keyAt = json.at;
  const key = json.text();
  const keyEnd = json.at;
  json.literal(parts.origin);
  // Nearly nobody was ever joined with another.
  const origin = json.repeats(keyAt, keyEnd) ? key : json.text();
  json.literal(parts.end);
  if (json.at !== to) return JSON.parse(bytes.toString("utf8", from, to));
  const body = { kind: "fact", customer: { reference, key }, origin };
  return { number, inOffset, stamp, body };
}
