import { invariant } from "@troth/events";

/*
 * How a customer's items become bytes. Whole numbers take as many bytes as they need; a moment or a
 * text that came before is named by its place. Both sides keep the same books of what came before.
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

const never = Number.POSITIVE_INFINITY;
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

  distanceOf(at: number): number {
    const ring = this.#ring;
    const newest = this.#count - 1;
    const known = Math.min(this.#count, recentMoments);
    for (let distance = 0; distance < known; distance += 1) {
      if (ring[(newest - distance) & 31] === at) return distance;
    }
    return -1;
  }
}

/** Above this many texts a customer's texts are found by a map instead of one after the other. */
const searchedMax = 24;

/** Texts, each written once; named by their number afterwards. */
class Texts {
  list: string[] = [];
  #numbers: Map<string, number> | null = null;

  clear(): void {
    this.list = [];
    this.#numbers = null;
  }

  numberOf(text: string): number {
    const { list } = this;
    if (this.#numbers === null) {
      for (let i = list.length - 1; i >= 0; i -= 1) if (list[i] === text) return i;
      if (list.length >= searchedMax) this.#numbers = new Map(list.map((one, i) => [one, i]));
    } else {
      const known = this.#numbers.get(text);
      if (known !== undefined) return known;
    }
    const number = list.push(text) - 1;
    this.#numbers?.set(text, number);
    return number;
  }
}

/** Room before the body for what is known only once the body is written. */
const headRoom = 16;

export class ByteWriter {
  #bytes = Buffer.allocUnsafe(4096);
  #at = headRoom;
  readonly #moments = new Moments();
  readonly #texts = new Texts();

  /** `items` is how many things with at most a dozen numbers each will be written. */
  begin(items: number): void {
    this.#at = headRoom;
    this.#room(256 + 128 * items);
    this.#moments.clear();
    this.#texts.clear();
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(2 * (this.#at + bytes));
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
  }

  /** A whole number from 0. */
  count(value: number): void {
    const bytes = this.#bytes;
    let at = this.#at;
    if (value < 128) {
      bytes[at] = value;
      this.#at = at + 1;
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
    this.#at = at;
  }

  /** Any number; whole ones take few bytes. */
  number(value: number): void {
    if (Number.isInteger(value) && value < wholeMax && value > -wholeMax) {
      this.count(value < 0 ? -2 * value - 1 : 2 * value);
      return;
    }
    double[0] = value;
    this.#bytes.set(doubleFollows, this.#at);
    this.#bytes.set(doubleBytes, this.#at + 2);
    this.#at += 10;
  }

  /** A moment, null, or Infinity. */
  moment(at: number | null): void {
    const distance = at === null || at === never ? -1 : this.#moments.distanceOf(at);
    if (at === null) this.count(0);
    else if (at === never) this.count(1);
    else if (distance >= 0) this.count(distance + 2);
    else {
      const { latest } = this.#moments;
      const exact = latest + (at - latest) === at;
      this.count(exact ? newMoment : farMoment);
      this.number(exact ? at - latest : at);
      this.#moments.add(at);
    }
  }

  text(text: string | null): void {
    this.count(text === null ? 0 : this.#texts.numberOf(text) + 1);
  }

  /** Completes the record; `bytes` holds it from `start` to `end` until the next `begin`. */
  finish(): { readonly bytes: Buffer; readonly start: number; readonly end: number } {
    const bodyLength = this.#at - headRoom;
    const { list } = this.#texts;
    this.#room(16 + 5 * list.length);
    this.count(list.length);
    for (const text of list) this.count(text.length);
    this.#characters(list.length === 1 ? (list[0] ?? "") : list.join(""));
    const end = this.#at;
    this.#at = 0;
    this.count(bodyLength);
    const headLength = this.#at;
    const start = headRoom - headLength;
    this.#bytes.copyWithin(start, 0, headLength);
    return { bytes: this.#bytes, start, end };
  }

  /** One byte a character if that is enough, else two. */
  #characters(text: string): void {
    this.#room(1 + 3 * text.length);
    const from = this.#at + 1;
    const wide = this.#bytes.write(text, from, "utf8") !== text.length;
    this.#bytes[this.#at] = wide ? 1 : 0;
    this.#at = from + (wide ? this.#bytes.write(text, from, "utf16le") : text.length);
  }
}

export class ByteReader {
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  readonly #moments = new Moments();
  #characters = "";
  #ends: number[] = [];

  /** Stands at the first thing written after `begin`. */
  begin(bytes: Buffer, start: number): void {
    this.#bytes = bytes;
    this.#at = start;
    this.#moments.clear();
    const bodyLength = this.count();
    const body = this.#at;
    this.#at = body + bodyLength;
    const texts = this.count();
    let length = 0;
    const ends: number[] = [];
    for (let n = 0; n < texts; n += 1) {
      length += this.count();
      ends.push(length);
    }
    const from = this.#at + 1;
    this.#characters =
      bytes[this.#at] === 1
        ? bytes.toString("utf16le", from, from + 2 * length)
        : bytes.toString("latin1", from, from + length);
    this.#ends = ends;
    this.#at = body;
  }

  count(): number {
    const bytes = this.#bytes;
    let byte = bytes[this.#at++] ?? 0;
    if (byte < 128) return byte;
    let value = byte & 127;
    let place = 1;
    do {
      byte = bytes[this.#at++] ?? 0;
      value += (byte & 127) * (powers[place++] ?? 0);
    } while (byte > 127);
    return value;
  }

  number(): number {
    const bytes = this.#bytes;
    if (bytes[this.#at] === doubleFollows[0] && bytes[this.#at + 1] === doubleFollows[1]) {
      doubleBytes.set(bytes.subarray(this.#at + 2, this.#at + 10));
      this.#at += 10;
      return double[0] ?? 0;
    }
    const zigzag = this.count();
    return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
  }

  momentOrNull(): number | null {
    const code = this.count();
    if (code === 0) return null;
    if (code === 1) return never;
    if (code < newMoment) return this.#moments.back(code - 2);
    const number = this.number();
    const at = code === newMoment ? this.#moments.latest + number : number;
    this.#moments.add(at);
    return at;
  }

  moment(): number {
    const at = this.momentOrNull();
    invariant(at !== null, "a moment is missing in a packed customer");
    return at;
  }

  textOrNull(): string | null {
    const number = this.count();
    if (number === 0) return null;
    return this.#characters.slice(this.#ends[number - 2] ?? 0, this.#ends[number - 1]);
  }

  text(): string {
    const text = this.textOrNull();
    invariant(text !== null, "a text is missing in a packed customer");
    return text;
  }
}
