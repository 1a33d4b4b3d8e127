import { invariant } from "@troth/events";
import { hashEnd, hashOf, hashStart, hashStep } from "./keys.ts";

const chunkBytes = 1 << 20;
/** Before a text: its length in characters, and in the lowest bit whether they take two bytes each. */
const headBytes = 2;
const charsMax = 0x7fff;
/** The head of a value that is not there. */
const none = 0xffff;
const entriesAtFirst = 64;
const noChunk: Buffer = Buffer.alloc(0);

const isWide = (text: string): boolean => {
  for (let i = 0; i < text.length; i += 1) if (text.charCodeAt(i) > 0xff) return true;
  return false;
};

/**
 * Texts by text, as numbers and bytes outside the garbage collector's sight: millions of names cost
 * it nothing, are read back from a snapshot as they lie, and a string is made of one only when it is
 * asked for. Entries keep the order in which they were first set.
 */
export class TextMap {
  readonly #chunks: Buffer[] = [];
  #filled = chunkBytes;
  /** By entry: where its key stands, its value behind it. */
  #addresses = new Uint32Array(entriesAtFirst);
  #hashes = new Uint32Array(entriesAtFirst);
  #entries = 0;
  /** Entry + 1; 0 is free. A power of two long. */
  #table = new Int32Array(2 * entriesAtFirst);
  #size = 0;

  /** Keys that have a value. */
  get size(): number {
    return this.#size;
  }

  get(key: string): string | undefined {
    const entry = this.#find(key);
    return entry < 0 ? undefined : this.#valueAt(entry);
  }

  set(key: string, value: string): void {
    const entry = this.#find(key);
    if (entry < 0) {
      this.#enter(this.#write(key, value), hashOf(key));
      this.#size += 1;
      return;
    }
    if (this.#valueHead(entry) === none) this.#size += 1;
    else if (this.#valueAt(entry) === value) return;
    // Where it was is left as waste: names seldom change what they stand for.
    this.#addresses[entry] = this.#write(key, value);
  }

  delete(key: string): void {
    const entry = this.#find(key);
    if (entry < 0 || this.#valueHead(entry) === none) return;
    this.#addresses[entry] = this.#write(key, null);
    this.#size -= 1;
  }

  *keys(): Generator<string> {
    for (const [key] of this.entries()) yield key;
  }

  *entries(): Generator<readonly [key: string, value: string]> {
    for (let entry = 0; entry < this.#entries; entry += 1) {
      const value = this.#valueAt(entry);
      const address = this.#addresses[entry] ?? 0;
      if (value !== undefined) yield [textIn(this.#chunkOf(address), address % chunkBytes), value];
    }
  }

  /** Entries as they lie, in pieces that `add` takes. */
  *pieces(): Generator<Buffer> {
    let piece = Buffer.allocUnsafe(chunkBytes);
    let end = 0;
    for (const { chunk, from, to } of this.#stretches()) {
      for (let at = from; at < to; ) {
        const room = chunkBytes - end;
        const stop = to - at <= room ? to : lastEnd(chunk, at, at + room);
        end += chunk.copy(piece, end, at, stop);
        at = stop;
        if (at === to) break;
        yield piece.subarray(0, end);
        piece = Buffer.allocUnsafe(chunkBytes);
        end = 0;
      }
    }
    if (end > 0) yield piece.subarray(0, end);
  }

  /** Where entries that have a value lie one behind the other: nearly all of a chunk is one stretch. */
  *#stretches(): Generator<{ readonly chunk: Buffer; readonly from: number; readonly to: number }> {
    let [chunk, from, to] = [noChunk, 0, 0];
    for (let entry = 0; entry < this.#entries; entry += 1) {
      const address = this.#addresses[entry] ?? 0;
      const of = this.#chunkOf(address);
      const begins = address % chunkBytes;
      const value = textEnd(of, begins);
      if (of.readUInt16LE(value) === none) continue;
      if (of !== chunk || begins !== to) {
        if (to > from) yield { chunk, from, to };
        [chunk, from] = [of, begins];
      }
      to = textEnd(of, value);
    }
    if (to > from) yield { chunk, from, to };
  }

  /** Takes in a piece of `pieces`, whose keys are all new here. The bytes stay the caller's. */
  add(piece: Buffer): void {
    invariant(piece.length <= chunkBytes, "a piece of names is larger than any that is written");
    const chunk = Buffer.allocUnsafeSlow(chunkBytes);
    piece.copy(chunk);
    const base = this.#chunks.length * chunkBytes;
    this.#chunks.push(chunk);
    this.#filled = piece.length;
    for (let at = 0; at < piece.length; ) {
      this.#enter(base + at, hashIn(chunk, at));
      this.#size += 1;
      at = textEnd(chunk, textEnd(chunk, at));
    }
  }

  #find(key: string): number {
    const hash = hashOf(key);
    const mask = this.#table.length - 1;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const entry = (this.#table[at] ?? 0) - 1;
      if (entry < 0) return -1;
      if (this.#hashes[entry] !== hash) continue;
      const address = this.#addresses[entry] ?? 0;
      if (isTextIn(this.#chunkOf(address), address % chunkBytes, key)) return entry;
    }
  }

  #chunkOf(address: number): Buffer {
    const chunk = this.#chunks[Math.floor(address / chunkBytes)];
    invariant(chunk !== undefined, "no name has this address");
    return chunk;
  }

  #valuePlace(entry: number): number {
    const address = this.#addresses[entry] ?? 0;
    return textEnd(this.#chunkOf(address), address % chunkBytes);
  }

  #valueHead(entry: number): number {
    return this.#chunkOf(this.#addresses[entry] ?? 0).readUInt16LE(this.#valuePlace(entry));
  }

  #valueAt(entry: number): string | undefined {
    if (this.#valueHead(entry) === none) return undefined;
    return textIn(this.#chunkOf(this.#addresses[entry] ?? 0), this.#valuePlace(entry));
  }

  /** Where the entry stands. */
  #write(key: string, value: string | null): number {
    const most = 2 * headBytes + 2 * key.length + 2 * (value?.length ?? 0);
    if (this.#filled + most > chunkBytes) {
      this.#chunks.push(Buffer.allocUnsafeSlow(chunkBytes));
      this.#filled = 0;
    }
    const base = (this.#chunks.length - 1) * chunkBytes;
    const chunk = this.#chunkOf(base);
    const from = this.#filled;
    const middle = putText(chunk, from, key);
    this.#filled =
      value === null ? chunk.writeUInt16LE(none, middle) : putText(chunk, middle, value);
    return base + from;
  }

  #enter(address: number, hash: number): void {
    const entry = this.#entries;
    if (entry === this.#addresses.length) this.#grow();
    this.#addresses[entry] = address;
    this.#hashes[entry] = hash;
    this.#entries += 1;
    this.#place(entry, hash);
  }

  #place(entry: number, hash: number): void {
    const table = this.#table;
    const mask = table.length - 1;
    let at = hash & mask;
    while (table[at] !== 0) at = (at + 1) & mask;
    table[at] = entry + 1;
  }

  #grow(): void {
    const room = 2 * this.#addresses.length;
    const addresses = new Uint32Array(room);
    const hashes = new Uint32Array(room);
    addresses.set(this.#addresses);
    hashes.set(this.#hashes);
    this.#addresses = addresses;
    this.#hashes = hashes;
    this.#table = new Int32Array(2 * room);
    for (let entry = 0; entry < this.#entries; entry += 1) this.#place(entry, hashes[entry] ?? 0);
  }
}

/** Where the last entry that ends before `limit` ends, of those that begin at `from`. */
function lastEnd(chunk: Buffer, from: number, limit: number): number {
  let end = from;
  for (;;) {
    const next = textEnd(chunk, textEnd(chunk, end));
    if (next > limit) return end;
    end = next;
  }
}

function putText(chunk: Buffer, at: number, text: string): number {
  invariant(text.length < charsMax, "a name is longer than any that is taken");
  const wide = isWide(text);
  chunk.writeUInt16LE(2 * text.length + (wide ? 1 : 0), at);
  return at + headBytes + chunk.write(text, at + headBytes, wide ? "utf16le" : "latin1");
}

const bytesOf = (head: number): number => ((head & 1) === 0 ? head >> 1 : head & ~1);

/** Behind the text at `at`; of a value that is not there only its head. */
function textEnd(chunk: Buffer, at: number): number {
  const head = chunk.readUInt16LE(at);
  return at + headBytes + (head === none ? 0 : bytesOf(head));
}

function textIn(chunk: Buffer, at: number): string {
  const head = chunk.readUInt16LE(at);
  const from = at + headBytes;
  return chunk.toString((head & 1) === 0 ? "latin1" : "utf16le", from, from + bytesOf(head));
}

function isTextIn(chunk: Buffer, at: number, text: string): boolean {
  const head = chunk.readUInt16LE(at);
  if (head >> 1 !== text.length) return false;
  if ((head & 1) !== 0) return textIn(chunk, at) === text;
  const from = at + headBytes;
  for (let i = 0; i < text.length; i += 1) if (chunk[from + i] !== text.charCodeAt(i)) return false;
  return true;
}

/** `hashOf` of the text at `at`. */
function hashIn(chunk: Buffer, at: number): number {
  const head = chunk.readUInt16LE(at);
  if ((head & 1) !== 0) return hashOf(textIn(chunk, at));
  const from = at + headBytes;
  const to = from + bytesOf(head);
  let hash = hashStart;
  for (let i = from; i < to; i += 1) hash = hashStep(hash, chunk[i] ?? 0);
  return hashEnd(hash);
}
