import type { Fields, FieldType } from "./kinds/field.ts";
import { amountOf } from "./money.ts";

/**
 * Avro records of our own tables, read straight into the plain objects facts and decisions are. avsc
 * makes an object of a class of its own first, with every absent field in it, to be copied then; a log
 * read back is little else. What was written under another schema still goes through avsc.
 *
 * Reading is synchronous, so one place in the bytes serves all readers.
 */
let bytes: Buffer = Buffer.alloc(0);
let at = 0;
let end = 0;

type ReadValue = () => unknown;

const cutShort = (): RangeError => new RangeError("the record is cut short");

export function openAt(record: Buffer, position: number): void {
  bytes = record;
  at = position;
  end = record.length;
}

/** Position behind what was read last. */
export const readUpTo = (): number => at;

function next(): number {
  if (at >= end) throw cutShort();
  const byte = bytes[at] ?? 0;
  at += 1;
  return byte;
}

/** Avro's whole number; what a double does not hold exactly is refused. */
export function readLong(): number {
  let byte = next();
  if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1);
  let low = byte & 0x7f;
  for (let shift = 7; byte >= 0x80 && shift < 28; shift += 7) {
    byte = next();
    low |= (byte & 0x7f) << shift;
  }
  if (byte < 0x80) return (low >>> 1) ^ -(low & 1);
  let wide = low;
  for (let scale = 0x1000_0000; byte >= 0x80; scale *= 128) {
    byte = next();
    wide += (byte & 0x7f) * scale;
    if (wide > Number.MAX_SAFE_INTEGER) throw new RangeError("a whole number is too large");
  }
  return wide % 2 === 0 ? wide / 2 : -(wide + 1) / 2;
}

/** Bytes of a length that stands before them; gives where they begin and moves behind them. */
function sized(): number {
  const length = readLong();
  const from = at;
  if (length < 0 || length > end - at) throw cutShort();
  at += length;
  return from;
}

export function readText(): string {
  const from = sized();
  return bytes.toString("utf8", from, at);
}

/** Texts that come again and again: names of sources and tenants, words of a list. */
const wordsKept = 1 << 12;
const wordBytesMax = 48;
const words: string[] = new Array<string>(wordsKept).fill("");

export function readWord(): string {
  const from = sized();
  return wordIn(bytes, from, at);
}

/** The same text as the same string; a text met often is neither decoded nor laid down again. */
export function wordIn(given: Buffer, from: number, to: number): string {
  const length = to - from;
  if (length > wordBytesMax) return given.toString("utf8", from, to);
  let hash = length;
  for (let i = from; i < to; i += 1) hash = Math.imul(hash ^ (given[i] ?? 0), 0x01000193);
  const slot = (hash ^ (hash >>> 15)) & (wordsKept - 1);
  const known = words[slot] ?? "";
  if (known.length === length && isText(known, given, from)) return known;
  const fresh = given.toString("utf8", from, to);
  words[slot] = fresh;
  return fresh;
}

/** Only of plain ASCII are characters and bytes alike, so nothing else is ever found here. */
function isText(text: string, given: Buffer, from: number): boolean {
  for (let i = 0; i < text.length; i += 1) {
    const byte = given[from + i] ?? 0;
    if (byte >= 0x80 || text.charCodeAt(i) !== byte) return false;
  }
  return true;
}

function readFlag(): boolean {
  const byte = next();
  if (byte > 1) throw new RangeError("a flag is neither true nor false");
  return byte === 1;
}

function readDouble(): number {
  if (end - at < 8) throw cutShort();
  at += 8;
  return bytes.readDoubleLE(at - 8);
}

/** True when the value of an optional field follows. */
export function readPresence(): boolean {
  const branch = next();
  // Zigzag: branch 0 is null, branch 1 the value.
  if (branch === 0) return false;
  if (branch === 2) return true;
  throw new RangeError("an optional field is neither there nor absent");
}

function readAmount(): string {
  const from = sized();
  const length = at - from;
  if (length < 1 || length > 8) throw new RangeError("a decimal has 1 to 8 bytes");
  let units = bytes.readInt8(from);
  for (let i = from + 1; i < at; i += 1) units = units * 256 + (bytes[i] ?? 0);
  return amountOf(units);
}

/** Calls `each` for every item of Avro's blocks. */
function readBlocks(each: () => void): void {
  for (let count = readLong(); count !== 0; count = readLong()) {
    // A negative count is followed by the block's size, for who wants to skip it.
    if (count < 0) readLong();
    for (let left = Math.abs(count); left > 0; left -= 1) each();
  }
}

function readAttribute(): unknown {
  switch (next()) {
    case 0:
      return readText();
    case 2:
      return readDouble();
    case 4:
      return readFlag();
    default:
      throw new RangeError("an attribute is no text, number or flag");
  }
}

function readAttributes(): unknown {
  const attributes: Record<string, unknown> = {};
  readBlocks(() => {
    attributes[readWord()] = readAttribute();
  });
  return attributes;
}

function listReader(of: ReadValue): ReadValue {
  return () => {
    const list: unknown[] = [];
    readBlocks(() => list.push(of()));
    return list;
  };
}

/** What of an absent field: facts leave it out, decisions say null. */
export type Blanks = "left out" | "null";

function valueReader(type: FieldType, blanks: Blanks): ReadValue {
  switch (type.is) {
    case "text":
    case "where":
    case "reference":
      return readText;
    case "one-of":
      return readWord;
    case "int":
    case "duration":
    case "instant":
    case "until":
      return readLong;
    case "number":
      return readDouble;
    case "flag":
      return readFlag;
    case "money":
      return () => ({ amount: readAmount(), currency: readWord() });
    case "list":
      return listReader(valueReader(type.of, blanks));
    case "group":
      return recordReader(type.fields, blanks);
    case "attributes":
      return readAttributes;
  }
}

export type ReadMembers = () => Record<string, unknown>;

/** Reads the record of a table at the place opened. */
export function recordReader(fields: Fields, blanks: Blanks): ReadMembers {
  const all = Object.entries(fields).map(([name, { type, required }]) => ({
    name,
    required,
    read: valueReader(type, blanks),
  }));
  return () => {
    const record: Record<string, unknown> = {};
    for (const { name, required, read } of all) {
      if (required || readPresence()) record[name] = read();
      else if (blanks === "null") record[name] = null;
    }
    return record;
  };
}
