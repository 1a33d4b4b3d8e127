import { hashEnd, hashOf, hashStart, hashStep } from "../packed/keys.ts";
import type { Memory } from "./memory.ts";

/*
 * Texts in memory: a word with twice the length (odd if it takes two bytes a character), then the
 * characters. Read back only when somebody is told; compared as they lie.
 */

/** Even number of words for the head and so many bytes. */
const wordsFor = (bytes: number): number => 2 + (((bytes + 3) >> 3) << 1);

export function isWide(text: string): boolean {
  for (let i = 0; i < text.length; i += 1) if (text.charCodeAt(i) > 255) return true;
  return false;
}

export const textWords = (length: number, wide: boolean): number =>
  wordsFor(wide ? 2 * length : length);

/** Writes a text into a piece of `textWords` at `at`. */
export function putText(m: Memory, at: number, text: string, wide: boolean): void {
  const { length } = text;
  m.setInt(at, 2 * length + (wide ? 1 : 0));
  if (wide) {
    const { wide: units } = m;
    const start = m.unitAt(at) + 2;
    for (let i = 0; i < length; i += 1) units[start + i] = text.charCodeAt(i);
    return;
  }
  const { bytes } = m;
  const start = m.byteAt(at) + 4;
  for (let i = 0; i < length; i += 1) bytes[start + i] = text.charCodeAt(i);
}

export function newText(m: Memory, text: string): number {
  const wide = isWide(text);
  const at = m.take(textWords(text.length, wide));
  putText(m, at, text, wide);
  return at;
}

/** A text from its head word and its bytes. */
export function newTextOf(m: Memory, head: number, from: Buffer, start: number): number {
  const wide = (head & 1) !== 0;
  const at = m.take(textWords(head >> 1, wide));
  putTextOf(m, at, head, from, start);
  return at;
}

export function putTextOf(m: Memory, at: number, head: number, from: Buffer, start: number): void {
  m.setInt(at, head);
  const length = (head & 1) === 0 ? head >> 1 : head & ~1;
  const { bytes } = m;
  const to = m.byteAt(at) + 4;
  for (let i = 0; i < length; i += 1) bytes[to + i] = from[start + i] ?? 0;
}

const lengthOf = (m: Memory, at: number): number => m.int(at) >> 1;

/** Words the text at `at` takes. */
export const textSize = (m: Memory, at: number): number => {
  const head = m.int(at);
  return textWords(head >> 1, (head & 1) !== 0);
};

export function freeText(m: Memory, at: number): void {
  m.give(at, textSize(m, at));
}

/** Bytes of the characters alone. */
export const textBytes = (m: Memory, at: number): number => {
  const head = m.int(at);
  return (head & 1) === 0 ? head >> 1 : head & ~1;
};

export const textAt = (m: Memory, at: number): string => textIn(m.bytes, m.byteAt(at));

/** The text whose head is the word at that byte. */
export function textIn(bytes: Buffer, at: number): string {
  return textOf(bytes.readInt32LE(at), bytes, at + 4);
}

/** The text of that head whose characters begin at that byte. */
export const textOf = (head: number, bytes: Buffer, start: number): string =>
  (head & 1) === 0
    ? bytes.toString("latin1", start, start + (head >> 1))
    : bytes.toString("utf16le", start, start + (head & ~1));

const cached = 1024;
const strings = new Array<string>(cached).fill("");

/** `textAt` of a text whose hash is known; the same few are asked for again and again. */
export function textByHash(m: Memory, at: number, hash: number): string {
  const place = hash & (cached - 1);
  const known = strings[place] ?? "";
  if (textIs(m, at, known)) return known;
  const text = textAt(m, at);
  strings[place] = text;
  return text;
}

/** Lets `textByHash` answer with this very string: whoever writes a text has it at hand. */
export function rememberText(text: string, hash: number): void {
  strings[hash & (cached - 1)] = text;
}

const unitAt = (m: Memory, at: number, i: number): number =>
  (m.int(at) & 1) === 0
    ? (m.bytes[m.byteAt(at) + 4 + i] ?? 0)
    : (m.wide[m.unitAt(at) + 2 + i] ?? 0);

export function textIs(m: Memory, at: number, text: string): boolean {
  const { length } = text;
  const head = m.int(at);
  if (head >> 1 !== length) return false;
  if ((head & 1) === 0) {
    const { bytes } = m;
    const start = m.byteAt(at) + 4;
    for (let i = 0; i < length; i += 1) if (bytes[start + i] !== text.charCodeAt(i)) return false;
    return true;
  }
  for (let i = 0; i < length; i += 1) if (unitAt(m, at, i) !== text.charCodeAt(i)) return false;
  return true;
}

const headLength = 4;
const headMost = 255;

/** One more character of a head; from the first that does not fit in a byte on, nothing is said. */
const headWith = (head: number, unit: number): number =>
  (head & 255) === headMost ? 256 * head + headMost : 256 * head + Math.min(headMost, unit);

/** A text's first characters as a number that orders as they do, as far as they go; `at` counts bytes. */
export function headOfText(bytes: Buffer, at: number): number {
  const length = bytes.readInt32LE(at);
  const wide = (length & 1) !== 0;
  let head = 0;
  for (let i = 0; i < headLength; i += 1) {
    const place = at + 4 + (wide ? 2 * i : i);
    const unit = wide ? bytes.readUInt16LE(place) : bytes.readUInt8(place);
    head = headWith(head, i < length >> 1 ? unit : 0);
  }
  return head;
}

export function headOfKey(key: string): number {
  let head = 0;
  for (let i = 0; i < headLength; i += 1) {
    head = headWith(head, i < key.length ? key.charCodeAt(i) : 0);
  }
  return head;
}

/** What the first code units that differ differ by; 0 if the shorter is how the longer begins. */
export function firstDifference(m: Memory, a: number, b: number): number {
  const length = Math.min(lengthOf(m, a), lengthOf(m, b));
  if (((m.int(a) | m.int(b)) & 1) === 0) {
    const { bytes } = m;
    const startA = m.byteAt(a) + 4;
    const startB = m.byteAt(b) + 4;
    for (let i = 0; i < length; i += 1) {
      const difference = (bytes[startA + i] ?? 0) - (bytes[startB + i] ?? 0);
      if (difference !== 0) return difference;
    }
    return 0;
  }
  for (let i = 0; i < length; i += 1) {
    const difference = unitAt(m, a, i) - unitAt(m, b, i);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** By code unit, as strings are. */
export function compareTexts(m: Memory, a: number, b: number): number {
  if (a === b) return 0;
  return firstDifference(m, a, b) || lengthOf(m, a) - lengthOf(m, b);
}

/** The same as `textHash` of what it reads. */
export function hashOfText(m: Memory, at: number): number {
  const length = lengthOf(m, at);
  let hash = hashStart;
  for (let i = 0; i < length; i += 1) hash = hashStep(hash, unitAt(m, at, i));
  return hashEnd(hash) | 0;
}

/** Copies a text to another place of the same size class. */
export const copyText = (m: Memory, from: number): number => {
  const words = textSize(m, from);
  const at = m.take(words);
  m.words.copyWithin(m.base + at, m.base + from, m.base + from + words);
  return at;
};

/** The hash of a text, remembering the last: the same key is asked for by several templates in turn. */
let hashed = "";
let hash = hashOf("") | 0;
export function textHash(text: string): number {
  if (text === hashed) return hash;
  hashed = text;
  hash = hashOf(text) | 0;
  return hash;
}
