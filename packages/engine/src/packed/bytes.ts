import { never, none } from "../register/memory.ts";

/*
 * How a customer's numbers become bytes. Whole ones take as many as they need; a moment that came a
 * little before is named by its place. Both sides keep the same books of what came before.
 */

/** Moments that can be named by their distance back. */
const recentMoments = 30;
/** A moment not met before: by its distance to the one before, or (too far for that) as it is. */
const newMoment = recentMoments + 2;
const farMoment = newMoment + 1;
/** Numbers up to this are written as whole ones, with their sign in the lowest bit. */
const wholeMax = 0x8_0000_0000_0000;
/** No whole number is ever written with these two bytes: a double follows. */
const doubleFollows = [0x80, 0x00] as const;

/** What a byte counts for by its place: seven bits each. */
const powers = [
  1, 0x80, 0x4000, 0x20_0000, 0x1000_0000, 0x8_0000_0000, 0x400_0000_0000, 0x2_0000_0000_0000,
];
const double = new Float64Array(1);
const doubleBytes = new Uint8Array(double.buffer);

/** The last few moments written or read, newest first by distance. */
class Moments {
  readonly #ring = new Float64Array(32);
  #count = 0;
  latest = 0;

  clear(): void {
    this.#count = 0;
    this.latest = 0;
  }

  add(at: number): void {
    this.#ring[this.#count & 31] = at;
    this.#count += 1;
    this.latest = at;
  }

  back(distance: number): number {
    return this.#ring[(this.#count - 1 - distance) & 31] ?? 0;
  }

  /** How many moments ago it was written; -3 if that is too long or never. */
  distanceOf(at: number): number {
    const ring = this.#ring;
    const newest = this.#count - 1;
    const known = Math.min(this.#count, recentMoments);
    for (let distance = 0; distance < known; distance += 1) {
      if (ring[(newest - distance) & 31] === at) return distance;
    }
    return -3;
  }
}

/** Characters most ids are made of: these take six bits each. */
const commonest = "abcdefghijklmnopqrstuvwxyz0123456789:-._/#ABCDEFGHIJKLMNOPQRSTUV";
const codes = new Int8Array(256).fill(-1);
const characters = new Uint8Array(64);
for (let code = 0; code < commonest.length; code += 1) {
  characters[code] = commonest.charCodeAt(code);
  codes[commonest.charCodeAt(code)] = code;
}

/** Bytes that so many characters of six bits take. */
const sixBitBytes = (characters: number): number => Math.ceil((characters * 6) / 8);

export class ByteWriter {
  bytes = Buffer.allocUnsafe(4096);
  /** How many bytes were written since `begin`. */
  length = 0;
  readonly #moments = new Moments();

  begin(): void {
    this.length = 0;
    this.#moments.clear();
  }

  /** Makes room for so many bytes; the calls below do not ask for it themselves. */
  room(bytes: number): void {
    if (this.length + bytes <= this.bytes.length) return;
    const larger = Buffer.allocUnsafe(2 * (this.length + bytes));
    this.bytes.copy(larger, 0, 0, this.length);
    this.bytes = larger;
  }

  /** A whole number from 0. */
  count(value: number): void {
    const { bytes } = this;
    let at = this.length;
    if (value < 128) {
      bytes[at] = value;
      this.length = at + 1;
      return;
    }
    let left = value;
    while (left >= 0x8000_0000) {
      bytes[at++] = (left % 128) | 128;
      left = Math.floor(left / 128);
    }
    while (left > 127) {
      bytes[at++] = (left & 127) | 128;
      left >>>= 7;
    }
    bytes[at++] = left;
    this.length = at;
  }

  /** Any number; whole ones take few bytes. */
  number(value: number): void {
    if (Number.isInteger(value) && value < wholeMax && value > -wholeMax) {
      this.count(value < 0 ? -2 * value - 1 : 2 * value);
      return;
    }
    double[0] = value;
    this.bytes.set(doubleFollows, this.length);
    this.bytes.set(doubleBytes, this.length + 2);
    this.length += 10;
  }

  /** A moment, `none` or `never`. */
  moment(at: number): void {
    const moments = this.#moments;
    const distance = at === none ? -2 : at === never ? -1 : moments.distanceOf(at);
    if (distance !== -3) {
      this.count(distance + 2);
      return;
    }
    const { latest } = moments;
    const exact = latest + (at - latest) === at;
    this.count(exact ? newMoment : farMoment);
    this.number(exact ? at - latest : at);
    moments.add(at);
  }

  /** Bytes of which `areCommon` holds, with room made for them. */
  copyCommon(from: Uint8Array, start: number, end: number): void {
    this.room(sixBitBytes(end - start));
    const { bytes } = this;
    let at = this.length;
    let bits = 0;
    let held = 0;
    for (let i = start; i < end; i += 1) {
      held = (held << 6) | (codes[from[i] ?? 0] ?? 0);
      bits += 6;
      if (bits < 8) continue;
      bits -= 8;
      bytes[at++] = (held >> bits) & 255;
    }
    if (bits > 0) bytes[at++] = (held << (8 - bits)) & 255;
    this.length = at;
  }

  /** A string, by twice its length (odd if it takes two bytes a character); leaves room for some numbers. */
  string(text: string, wide: boolean): void {
    const size = wide ? 2 * text.length : text.length;
    this.room(size + 64);
    this.count(2 * text.length + (wide ? 1 : 0));
    this.bytes.write(text, this.length, wide ? "utf16le" : "latin1");
    this.length += size;
  }

  /** Bytes as they are, with room made for them. */
  copy(from: Buffer, start: number, end: number): void {
    this.room(end - start);
    const { bytes } = this;
    let at = this.length;
    for (let i = start; i < end; i += 1) bytes[at++] = from[i] ?? 0;
    this.length = at;
  }
}

/** True if every one of the bytes is a character that takes six bits. */
export function areCommon(from: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i += 1) if ((codes[from[i] ?? 0] ?? -1) < 0) return false;
  return true;
}

export class ByteReader {
  bytes: Buffer = Buffer.alloc(0);
  at = 0;
  readonly #moments = new Moments();

  begin(bytes: Buffer, start: number): void {
    this.bytes = bytes;
    this.at = start;
    this.#moments.clear();
  }

  count(): number {
    const { bytes } = this;
    let byte = bytes[this.at++] ?? 0;
    if (byte < 128) return byte;
    let value = byte & 127;
    let place = 1;
    do {
      byte = bytes[this.at++] ?? 0;
      value += (byte & 127) * (powers[place++] ?? 0);
    } while (byte > 127);
    return value;
  }

  number(): number {
    const { bytes } = this;
    if (bytes[this.at] === doubleFollows[0] && bytes[this.at + 1] === doubleFollows[1]) {
      doubleBytes.set(bytes.subarray(this.at + 2, this.at + 10));
      this.at += 10;
      return double[0] ?? 0;
    }
    const zigzag = this.count();
    return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
  }

  /** So many of the bytes `copyCommon` wrote. */
  copyCommon(to: Uint8Array, start: number, end: number): void {
    const { bytes } = this;
    let bits = 0;
    let held = 0;
    for (let i = start; i < end; i += 1) {
      if (bits < 6) {
        held = ((held << 8) | (bytes[this.at++] ?? 0)) & 0xffff;
        bits += 8;
      }
      bits -= 6;
      to[i] = characters[(held >> bits) & 63] ?? 0;
    }
  }

  string(): string {
    const head = this.count();
    const size = (head & 1) === 0 ? head >> 1 : head & ~1;
    const start = this.at;
    this.at = start + size;
    return this.bytes.toString((head & 1) === 0 ? "latin1" : "utf16le", start, this.at);
  }

  moment(): number {
    const code = this.count();
    if (code === 0) return none;
    if (code === 1) return never;
    if (code < newMoment) return this.#moments.back(code - 2);
    const number = this.number();
    const at = code === newMoment ? this.#moments.latest + number : number;
    this.#moments.add(at);
    return at;
  }
}
