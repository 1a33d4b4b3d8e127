import type { Names } from "../packed/names.ts";
import type { FactRef } from "../state.ts";
import { keyTextOf } from "./layout.ts";
import type { Memory } from "./memory.ts";
import {
  compareTexts,
  freeText,
  hashOfText,
  isWide,
  newText,
  putText,
  putTextOf,
  rememberText,
  textAt,
  textByHash,
  textHash,
  textIs,
  textSize,
  textWords,
} from "./texts.ts";

/* Facts in memory (layout.ts): who they were, so that items and evidence can point to them. */

const headWords = 8;

/** A name many share: its number, or minus the address of a text once there is no room for more names. */
export function nameCode(m: Memory, names: Names, name: string): number {
  const number = names.numberOf(name);
  return number >= 0 ? number : -newText(m, name);
}
export const nameOfCode = (m: Memory, names: Names, code: number): string =>
  code >= 0 ? (names.list[code] ?? "") : textAt(m, -code);
export function freeName(m: Memory, code: number): void {
  if (code < 0) freeText(m, -code);
}
const isName = (m: Memory, names: Names, code: number, name: string): boolean =>
  code >= 0 ? names.list[code] === name : textIs(m, -code, name);

/** A fact nobody points to yet; `origin` is the customer's own key or another's. */
export function newFact(m: Memory, names: Names, c: number, ref: FactRef): number {
  const { id } = ref;
  const wide = isWide(id);
  const source = nameCode(m, names, ref.source);
  const record = ref.record === null ? 0 : newText(m, ref.record);
  const origin = textIs(m, keyTextOf(m, c), ref.origin) ? 0 : newText(m, ref.origin);
  const fact = m.take(headWords + textWords(id.length, wide));
  m.setInt(fact, 0);
  m.setInt(fact + 1, source);
  const hash = textHash(id);
  rememberText(id, hash);
  m.setInt(fact + 2, hash);
  m.setInt(fact + 3, record);
  m.setNum(fact + 4, ref.revision);
  m.setInt(fact + 6, origin);
  m.setInt(fact + 7, 0);
  putText(m, fact + headWords, id, wide);
  return fact;
}

/** A fact from its parts; `head` and `id` are its id as a text. */
export function newPackedFact(
  m: Memory,
  head: number,
  id: Buffer,
  source: number,
  record: number,
  revision: number,
  origin: number,
): number {
  const fact = m.take(headWords + textWords(head >> 1, (head & 1) !== 0));
  putTextOf(m, fact + headWords, head, id, 0);
  m.setInt(fact, 0);
  m.setInt(fact + 1, source);
  m.setInt(fact + 2, hashOfText(m, fact + headWords));
  m.setInt(fact + 3, record);
  m.setNum(fact + 4, revision);
  m.setInt(fact + 6, origin);
  m.setInt(fact + 7, 0);
  return fact;
}

export function retain(m: Memory, fact: number): void {
  m.setInt(fact, m.int(fact) + 1);
}

export function release(m: Memory, fact: number): void {
  const left = m.int(fact) - 1;
  if (left > 0) {
    m.setInt(fact, left);
    return;
  }
  freeName(m, m.int(fact + 1));
  const record = m.int(fact + 3);
  if (record !== 0) freeText(m, record);
  const origin = m.int(fact + 6);
  if (origin !== 0) freeText(m, origin);
  m.give(fact, headWords + textSize(m, fact + headWords));
}

export const idText = (fact: number): number => fact + headWords;
export const idOf = (m: Memory, fact: number): string =>
  textByHash(m, fact + headWords, m.int(fact + 2));
export const sourceCode = (m: Memory, fact: number): number => m.int(fact + 1);
export const recordText = (m: Memory, fact: number): number => m.int(fact + 3);
export const revisionNumber = (m: Memory, fact: number): number => m.num(fact + 4);
export const originText = (m: Memory, fact: number): number => m.int(fact + 6);

const sameSource = (m: Memory, a: number, b: number): boolean => {
  const one = m.int(a + 1);
  const other = m.int(b + 1);
  if (one >= 0 || other >= 0) return one === other;
  return compareTexts(m, -one, -other) === 0;
};

export const sameId = (m: Memory, a: number, b: number): boolean =>
  a === b || (m.int(a + 2) === m.int(b + 2) && compareTexts(m, a + headWords, b + headWords) === 0);

/** The same event, whoever it was addressed to. */
export const sameFact = (m: Memory, a: number, b: number): boolean =>
  a === b || (sameId(m, a, b) && sameSource(m, a, b));

/** True if both were addressed to the same customer. */
export function sameOrigin(m: Memory, a: number, b: number): boolean {
  const one = m.int(a + 6);
  const other = m.int(b + 6);
  if (one === 0 || other === 0) return one === other;
  return compareTexts(m, one, other) === 0;
}

const originOf = (m: Memory, c: number, fact: number): number => {
  const origin = m.int(fact + 6);
  return origin === 0 ? keyTextOf(m, c) : origin;
};

/**
 * A fact is held once under each customer it was addressed to, so that parting them leaves each theirs.
 * `hash` is that of the id.
 */
export const isRef = (
  m: Memory,
  names: Names,
  c: number,
  fact: number,
  ref: FactRef,
  hash: number,
): boolean =>
  m.int(fact + 2) === hash &&
  textIs(m, fact + headWords, ref.id) &&
  isName(m, names, m.int(fact + 1), ref.source) &&
  textIs(m, originOf(m, c, fact), ref.origin);

export const refAt = (m: Memory, names: Names, c: number, fact: number): FactRef => {
  const record = m.int(fact + 3);
  return {
    id: idOf(m, fact),
    source: nameOfCode(m, names, m.int(fact + 1)),
    record: record === 0 ? null : textAt(m, record),
    revision: m.num(fact + 4),
    origin: textAt(m, originOf(m, c, fact)),
  };
};

/** Ascending by id, then source, by code unit. */
export function compareFacts(m: Memory, names: Names, a: number, b: number): number {
  if (a === b) return 0;
  const byId = compareTexts(m, a + headWords, b + headWords);
  if (byId !== 0) return byId;
  const one = m.int(a + 1);
  const other = m.int(b + 1);
  if (one === other && one >= 0) return 0;
  const [left, right] = [nameOfCode(m, names, one), nameOfCode(m, names, other)];
  return left === right ? 0 : left < right ? -1 : 1;
}
