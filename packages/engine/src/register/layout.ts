import { headWords, type Memory, never, none } from "./memory.ts";
import { newText } from "./texts.ts";

/*
 * What lies where in the pieces of memory. Words are counted from the piece's address; a double begins
 * at an even word. All lists are linked by `next` and end with 0.
 *
 * customer  0 pledges  1 last pledge  2 noises  3 loose  4 level  5 pledges, count  6 reviewAt (double)
 *           8 soonest (double)  10 hot  11 slot  12 templates it has pledges of, as bits  13 1 if it has extras
 *           14 key (text)  15 tenant: its number, or minus the address of a text
 * pledge    0 next  1 template  2 key (text)  3 hash of key  4 nextAt (double)  6 terms  7 marks
 *           8 rows  9 next hot  10 hot or not  11 customer
 * item      0 at (double)  2 next  3 fact  4 value (double); a mark or noise: 6 slot or rule  7 name
 *           (text or 0); a term: 6 stated (double)  8 tag (text or 0)
 * row       0 since (double)  2 next  3 verdict + 256 * severity  4 madeAt  6 due  8 keptAt
 *           10 mendedAt  12 value  14 limit (doubles)  16 perMille  17 revision  18 evidence, count
 *           19-21 facts; more than three lie in a piece of their own, at 19
 * loose     0 next  1 template  2 slot  3 marks
 * fact      0 how often it is pointed to  1 source: number, or minus the address of a text  2 hash of
 *           id  3 record (text or 0)  4 revision (double)  6 origin (text; 0: the customer's own key)
 *           8 id (text)
 */

const customerWords = 16;
const pledgeWords = 12;
export const markWords = 8;
export const termWords = 10;
const rowWords = 22;
const looseWords = 6;

/** Where every customer lies in its own memory, and behind it its key. */
export const customerAt = headWords;
export const keyAt = customerAt + customerWords;
export const levelAt = customerAt + 4;

/** The first piece of an empty memory. */
export function newCustomer(m: Memory, slot: number, key: string): number {
  const c = m.take(customerWords);
  for (let i = 0; i < customerWords; i += 1) m.setInt(c + i, 0);
  m.setNum(c + 6, never);
  m.setNum(c + 8, never);
  m.setInt(c + 11, slot);
  m.setInt(c + 14, newText(m, key));
  return c;
}
export const setTenantCode = (m: Memory, c: number, tenant: number): void =>
  m.setInt(c + 15, tenant);

export const pledgesOf = (m: Memory, c: number): number => m.int(c);
export const noisesOf = (m: Memory, c: number): number => m.int(c + 2);
export const looseListOf = (m: Memory, c: number): number => m.int(c + 3);
export const levelNumber = (m: Memory, c: number): number => m.int(c + 4);
export const setLevelNumber = (m: Memory, c: number, level: number): void => m.setInt(c + 4, level);
export const pledgeCount = (m: Memory, c: number): number => m.int(c + 5);
export const reviewAt = (m: Memory, c: number): number => m.num(c + 6);
export const setReviewAt = (m: Memory, c: number, at: number): void => m.setNum(c + 6, at);
/** The earliest `nextAt` of the pledges; `none` while it must be looked for. */
export const soonest = (m: Memory, c: number): number => m.num(c + 8);
export const setSoonest = (m: Memory, c: number, at: number): void => m.setNum(c + 8, at);
export const hotOf = (m: Memory, c: number): number => m.int(c + 10);
export const slotOfCustomer = (m: Memory, c: number): number => m.int(c + 11);
export const keyTextOf = (m: Memory, c: number): number => m.int(c + 14);
export const tenantCode = (m: Memory, c: number): number => m.int(c + 15);

/** False if the customer surely has no pledge of the template. */
export const mayHave = (m: Memory, c: number, template: number): boolean =>
  (m.int(c + 12) & (1 << (template & 31))) !== 0;

/** Whether something of the customer lies beside memory, as an object. */
export const hasExtras = (m: Memory, c: number): boolean => m.int(c + 13) !== 0;
export const setExtras = (m: Memory, c: number): void => m.setInt(c + 13, 1);

/** A pledge of nobody's making yet, last of its customer's. */
export function newPledge(
  m: Memory,
  c: number,
  template: number,
  key: number,
  keyHash: number,
): number {
  const p = m.take(pledgeWords);
  m.setInt(p, 0);
  m.setInt(p + 1, template);
  m.setInt(p + 2, key);
  m.setInt(p + 3, keyHash);
  m.setNum(p + 4, never);
  m.setInt(p + 6, 0);
  m.setInt(p + 7, 0);
  m.setInt(p + 8, 0);
  m.setInt(p + 9, 0);
  m.setInt(p + 10, 0);
  m.setInt(p + 11, c);
  const last = m.int(c + 1);
  if (last === 0) m.setInt(c, p);
  else m.setInt(last, p);
  m.setInt(c + 1, p);
  m.setInt(c + 5, m.int(c + 5) + 1);
  m.setInt(c + 12, m.int(c + 12) | (1 << (template & 31)));
  return p;
}

/** Takes a pledge out of its customer's lists and gives its piece back; what it points to is not freed. */
export function unlinkPledge(m: Memory, c: number, p: number): void {
  setHot(m, c, p, false);
  let before = 0;
  for (let one = m.int(c); one !== p; one = m.int(one)) before = one;
  if (before === 0) m.setInt(c, m.int(p));
  else m.setInt(before, m.int(p));
  if (m.int(c + 1) === p) m.setInt(c + 1, before);
  m.setInt(c + 5, m.int(c + 5) - 1);
  m.give(p, pledgeWords);
}

export const nextPledge = (m: Memory, p: number): number => m.int(p);
export const templateOf = (m: Memory, p: number): number => m.int(p + 1);
export const pledgeKeyText = (m: Memory, p: number): number => m.int(p + 2);
export const pledgeKeyHash = (m: Memory, p: number): number => m.int(p + 3);
export const nextAtOf = (m: Memory, p: number): number => m.num(p + 4);
export const putNextAt = (m: Memory, p: number, at: number): void => m.setNum(p + 4, at);
export const termsOf = (m: Memory, p: number): number => m.int(p + 6);
export const keyedMarksOf = (m: Memory, p: number): number => m.int(p + 7);
export const rowsOf = (m: Memory, p: number): number => m.int(p + 8);
export const nextHot = (m: Memory, p: number): number => m.int(p + 9);
export const customerOf = (m: Memory, p: number): number => m.int(p + 11);

/** Where the heads of the lists of items stand: addresses of words, for `insertItem` and the like. */
export const termsAt = (p: number): number => p + 6;
export const keyedMarksAt = (p: number): number => p + 7;
export const noisesAt = (c: number): number => c + 2;
export const looseMarksAt = (loose: number): number => loose + 3;

/** Keeps the list of pledges that may have points. */
export function setHot(m: Memory, c: number, p: number, hot: boolean): void {
  if ((m.int(p + 10) !== 0) === hot) return;
  m.setInt(p + 10, hot ? 1 : 0);
  if (hot) {
    m.setInt(p + 9, m.int(c + 10));
    m.setInt(c + 10, p);
    return;
  }
  let link = c + 10;
  while (m.int(link) !== p) link = m.int(link) + 9;
  m.setInt(link, m.int(p + 9));
}

export const atOf = (m: Memory, item: number): number => m.num(item);
export const nextItem = (m: Memory, item: number): number => m.int(item + 2);
export const linkOfItem = (item: number): number => item + 2;
export const factOf = (m: Memory, item: number): number => m.int(item + 3);
export const itemValue = (m: Memory, item: number): number => m.num(item + 4);
export const slotOf = (m: Memory, mark: number): number => m.int(mark + 6);
export const nameOf = (m: Memory, mark: number): number => m.int(mark + 7);
export const statedOf = (m: Memory, term: number): number => m.num(term + 6);
export const tagOf = (m: Memory, term: number): number => m.int(term + 8);

/** What marks, terms and noises have in common. */
function newItem(m: Memory, words: number, at: number, fact: number, value: number): number {
  const item = m.take(words);
  m.setNum(item, at);
  m.setInt(item + 2, 0);
  m.setInt(item + 3, fact);
  m.setNum(item + 4, value);
  return item;
}

export function newMark(
  m: Memory,
  at: number,
  fact: number,
  value: number,
  slot: number,
  name: number,
): number {
  const item = newItem(m, markWords, at, fact, value);
  m.setInt(item + 6, slot);
  m.setInt(item + 7, name);
  return item;
}

export function newTerm(
  m: Memory,
  at: number,
  fact: number,
  value: number,
  stated: number,
  tag: number,
): number {
  const item = newItem(m, termWords, at, fact, value);
  m.setNum(item + 6, stated);
  m.setInt(item + 8, tag);
  return item;
}

export function newRow(m: Memory): number {
  const row = m.take(rowWords);
  m.setInt(row + 2, 0);
  m.setInt(row + 3, 0);
  m.setInt(row + 16, 1000);
  m.setInt(row + 17, 0);
  m.setInt(row + 18, 0);
  return row;
}
export const giveRow = (m: Memory, row: number): void => m.give(row, rowWords);
export function appendRow(m: Memory, p: number, row: number): void {
  let link = p + 8;
  while (m.int(link) !== 0) link = m.int(link) + 2;
  m.setInt(link, row);
}

export const nextRow = (m: Memory, row: number): number => m.int(row + 2);
export const sinceOf = (m: Memory, row: number): number => m.num(row);
export const verdictOf = (m: Memory, row: number): number => m.int(row + 3) & 255;
export const severityOf = (m: Memory, row: number): number => m.int(row + 3) >> 8;
export const setVerdict = (m: Memory, row: number, verdict: number, severity: number): void =>
  m.setInt(row + 3, verdict + 256 * severity);
export const setSince = (m: Memory, row: number, at: number): void => m.setNum(row, at);
export const madeAtOf = (m: Memory, row: number): number => m.num(row + 4);
export const setMadeAt = (m: Memory, row: number, at: number): void => m.setNum(row + 4, at);
export const dueOf = (m: Memory, row: number): number => m.num(row + 6);
export const setDue = (m: Memory, row: number, at: number): void => m.setNum(row + 6, at);
export const keptAtOf = (m: Memory, row: number): number => m.num(row + 8);
export const setKeptAt = (m: Memory, row: number, at: number): void => m.setNum(row + 8, at);
export const mendedAtOf = (m: Memory, row: number): number => m.num(row + 10);
export const setMendedAt = (m: Memory, row: number, at: number): void => m.setNum(row + 10, at);
export const rowValue = (m: Memory, row: number): number => m.num(row + 12);
export const setRowValue = (m: Memory, row: number, value: number): void =>
  m.setNum(row + 12, value);
export const rowLimit = (m: Memory, row: number): number => m.num(row + 14);
export const setRowLimit = (m: Memory, row: number, limit: number): void =>
  m.setNum(row + 14, limit);
export const perMilleOf = (m: Memory, row: number): number => m.int(row + 16);
export const setPerMille = (m: Memory, row: number, perMille: number): void =>
  m.setInt(row + 16, perMille);
export const revisionOfRow = (m: Memory, row: number): number => m.int(row + 17);
export const setRevision = (m: Memory, row: number, revision: number): void =>
  m.setInt(row + 17, revision);

const evidenceInline = 3;
export const evidenceCount = (m: Memory, row: number): number => m.int(row + 18);
/** Where the facts of the evidence lie, one a word. */
export const evidenceAt = (m: Memory, row: number): number =>
  m.int(row + 18) > evidenceInline ? m.int(row + 19) : row + 19;
const blockWords = (count: number): number => (count + 1) & ~1;

/** Makes room for so many facts; what was there is no longer pointed to. */
export function setEvidenceCount(m: Memory, row: number, count: number): void {
  const before = m.int(row + 18);
  if (before > evidenceInline) m.give(m.int(row + 19), blockWords(before));
  if (count > evidenceInline) {
    const block = m.take(blockWords(count));
    m.setInt(row + 19, block);
  }
  m.setInt(row + 18, count);
}

export function newLoose(m: Memory, c: number, template: number, slot: number): number {
  const loose = m.take(looseWords);
  m.setInt(loose, 0);
  m.setInt(loose + 1, template);
  m.setInt(loose + 2, slot);
  m.setInt(loose + 3, 0);
  let link = c + 3;
  while (m.int(link) !== 0) link = m.int(link);
  m.setInt(link, loose);
  return loose;
}
export const nextLoose = (m: Memory, loose: number): number => m.int(loose);
export const looseTemplate = (m: Memory, loose: number): number => m.int(loose + 1);
export const looseSlot = (m: Memory, loose: number): number => m.int(loose + 2);
export const looseMarks = (m: Memory, loose: number): number => m.int(loose + 3);

/** Nothing there: what a missing number is in memory, and back. */
export const orNone = (value: number | null): number => (value === null ? none : value);
export const orNull = (value: number): number | null => (value === none ? null : value);
