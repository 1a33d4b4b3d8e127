import type { Customers } from "../customers.ts";
import { idText, originText, recordText, revisionNumber, sourceCode } from "../register/facts.ts";
import {
  atOf,
  dueOf,
  evidenceAt,
  evidenceCount,
  factOf,
  itemValue,
  keptAtOf,
  keyedMarksOf,
  levelNumber,
  looseListOf,
  looseMarks,
  looseSlot,
  looseTemplate,
  madeAtOf,
  mendedAtOf,
  nameOf,
  nextAtOf,
  nextItem,
  nextLoose,
  nextPledge,
  nextRow,
  noisesOf,
  perMilleOf,
  pledgeCount,
  pledgeKeyHash,
  pledgeKeyText,
  pledgesOf,
  reviewAt,
  revisionOfRow,
  rowLimit,
  rowsOf,
  rowValue,
  severityOf,
  sinceOf,
  slotOf,
  statedOf,
  tagOf,
  templateOf,
  tenantCode,
  termsOf,
  verdictOf,
} from "../register/layout.ts";
import { none } from "../register/memory.ts";
import { compareTexts, textBytes } from "../register/texts.ts";
import { areCommon, ByteWriter } from "./bytes.ts";
import { writeExtras } from "./extras.ts";
import { evidenceMost, factFlags, has, itemFlags, keysBack, rowFlags } from "./form.ts";

/** Numbers of at most ten bytes that a piece comes to; texts make room for themselves. */
const pieceBytes = 128;

const itemBits = (value: number, text: number): number =>
  (value === none ? 0 : itemFlags.value) + (text === 0 ? 0 : itemFlags.name);

/** Writes open customers as bytes. Templates and rules are named by their number in the policy. */
export class CustomerWriter {
  readonly #customers: Customers;
  readonly #to = new ByteWriter();
  /** Facts written so far, each once; its number stands in its spare word meanwhile. */
  #facts: number[] = [];
  /** Keys of the last pledges written. */
  #keys: number[] = [];

  constructor(customers: Customers) {
    this.#customers = customers;
  }

  /** The bytes are good until the next call. */
  write(c: number): { readonly bytes: Buffer; readonly start: number; readonly end: number } {
    const { memory: m } = this.#customers;
    const to = this.#to;
    to.begin();
    to.room(pieceBytes);
    const extras = this.#customers.extrasOf(c);
    const loose = looseListOf(m, c);
    const noises = noisesOf(m, c);
    to.count(
      (loose === 0 ? 0 : has.loose) +
        (noises === 0 ? 0 : has.noises) +
        (extras === null ? 0 : has.extras),
    );
    this.#name(tenantCode(m, c));
    to.count(levelNumber(m, c));
    to.moment(reviewAt(m, c));
    to.count(pledgeCount(m, c));
    for (let p = pledgesOf(m, c); p !== 0; p = nextPledge(m, p)) this.#pledge(p);
    if (loose !== 0) this.#loose(loose);
    if (noises !== 0) this.#marks(noises);
    if (extras !== null) writeExtras(to, this.#customers, c, extras);
    for (const fact of this.#facts) m.setInt(fact + 7, 0);
    this.#facts.length = 0;
    this.#keys.length = 0;
    return { bytes: to.bytes, start: 0, end: to.length };
  }

  /** A name by its number + 1, or 0 and its text. */
  #name(code: number): void {
    this.#to.count(code < 0 ? 0 : code + 1);
    if (code < 0) this.#text(-code);
  }

  #text(at: number): void {
    const { memory: m } = this.#customers;
    this.#to.room(pieceBytes);
    const start = m.byteAt(at) + 4;
    this.#characters(m.int(at), start, start + textBytes(m, at));
  }

  /** Twice `head` (odd where six bits are enough), then the characters that lie there. */
  #characters(head: number, start: number, end: number): void {
    const { bytes } = this.#customers.memory;
    const common = end > start && areCommon(bytes, start, end);
    this.#to.count(2 * head + (common ? 1 : 0));
    if (common) this.#to.copyCommon(bytes, start, end);
    else this.#to.copy(bytes, start, end);
  }

  #fact(fact: number): void {
    const { memory: m } = this.#customers;
    const to = this.#to;
    const known = m.int(fact + 7);
    if (known !== 0) {
      to.count(known - 1);
      return;
    }
    const before = this.#facts[this.#facts.length - 1] ?? 0;
    to.count(this.#facts.length);
    m.setInt(fact + 7, this.#facts.push(fact));
    const record = recordText(m, fact);
    const origin = originText(m, fact);
    const revision = revisionNumber(m, fact);
    const source = sourceCode(m, fact);
    to.count(
      (record === 0 ? 0 : factFlags.named) +
        (revision === 0 ? 0 : factFlags.revised) +
        (origin === 0 ? 0 : factFlags.foreign) +
        factFlags.all * (source < 0 ? 0 : source + 1),
    );
    this.#id(idText(fact), before === 0 ? 0 : idText(before));
    if (source < 0) this.#text(-source);
    if (record !== 0) this.#text(record);
    if (revision !== 0) to.number(revision);
    if (origin !== 0) this.#text(origin);
  }

  /** Ids of one customer begin alike more often than not: only what differs from the one before. */
  #id(at: number, before: number): void {
    const { memory: m } = this.#customers;
    const { bytes } = m;
    const start = m.byteAt(at) + 4;
    const other = m.byteAt(before) + 4;
    const most = before === 0 ? 0 : Math.min(textBytes(m, at), textBytes(m, before));
    let shared = 0;
    while (shared < most && bytes[start + shared] === bytes[other + shared]) shared += 1;
    this.#to.room(pieceBytes);
    this.#to.count(shared);
    this.#characters(m.int(at), start + shared, start + textBytes(m, at));
  }

  #key(p: number): void {
    const { memory: m } = this.#customers;
    const keys = this.#keys;
    for (let back = 1; back <= keysBack && back <= keys.length; back += 1) {
      const other = keys[keys.length - back] ?? 0;
      if (pledgeKeyHash(m, p) !== pledgeKeyHash(m, other)) continue;
      if (compareTexts(m, pledgeKeyText(m, p), pledgeKeyText(m, other)) !== 0) continue;
      this.#to.count(back);
      return;
    }
    keys.push(p);
    this.#to.count(0);
    this.#text(pledgeKeyText(m, p));
  }

  #pledge(p: number): void {
    const { memory: m } = this.#customers;
    const to = this.#to;
    to.room(pieceBytes);
    to.count(templateOf(m, p));
    this.#key(p);
    to.moment(nextAtOf(m, p));
    let terms = 0;
    for (let term = termsOf(m, p); term !== 0; term = nextItem(m, term)) terms += 1;
    to.count(terms);
    for (let term = termsOf(m, p); term !== 0; term = nextItem(m, term)) {
      to.room(pieceBytes);
      this.#fact(factOf(m, term));
      const stated = statedOf(m, term);
      const value = itemValue(m, term);
      const tag = tagOf(m, term);
      to.count(itemBits(value, tag) + (stated === none ? 0 : itemFlags.stated));
      to.moment(atOf(m, term));
      if (stated !== none) to.moment(stated);
      if (value !== none) to.number(value);
      if (tag !== 0) this.#text(tag);
    }
    this.#marks(keyedMarksOf(m, p));
    let rows = 0;
    for (let row = rowsOf(m, p); row !== 0; row = nextRow(m, row)) rows += 1;
    to.room(pieceBytes);
    to.count(rows);
    for (let row = rowsOf(m, p); row !== 0; row = nextRow(m, row)) this.#row(row);
  }

  /** Marks or noises. */
  #marks(first: number): void {
    const { memory: m } = this.#customers;
    const to = this.#to;
    let marks = 0;
    for (let mark = first; mark !== 0; mark = nextItem(m, mark)) marks += 1;
    to.room(pieceBytes);
    to.count(marks);
    for (let mark = first; mark !== 0; mark = nextItem(m, mark)) {
      to.room(pieceBytes);
      this.#fact(factOf(m, mark));
      const value = itemValue(m, mark);
      const name = nameOf(m, mark);
      to.count(itemBits(value, name) + itemFlags.mark * slotOf(m, mark));
      to.moment(atOf(m, mark));
      if (value !== none) to.number(value);
      if (name !== 0) this.#text(name);
    }
  }

  #row(row: number): void {
    const { memory: m } = this.#customers;
    const to = this.#to;
    const value = rowValue(m, row);
    const limit = rowLimit(m, row);
    const perMille = perMilleOf(m, row);
    const evidence = evidenceCount(m, row);
    to.room(pieceBytes);
    to.count(
      verdictOf(m, row) +
        (value === none ? 0 : rowFlags.value) +
        (limit === none ? 0 : rowFlags.limit) +
        (perMille === 1000 ? 0 : rowFlags.perMille) +
        rowFlags.severity * severityOf(m, row),
    );
    to.moment(madeAtOf(m, row));
    to.moment(sinceOf(m, row));
    to.moment(dueOf(m, row));
    to.moment(keptAtOf(m, row));
    to.moment(mendedAtOf(m, row));
    if (value !== none) to.number(value);
    if (limit !== none) to.number(limit);
    if (perMille !== 1000) to.number(perMille);
    to.count(revisionOfRow(m, row) * (evidenceMost + 1) + Math.min(evidence, evidenceMost));
    if (evidence >= evidenceMost) to.count(evidence);
    const at = evidenceAt(m, row);
    for (let i = 0; i < evidence; i += 1) {
      to.room(pieceBytes);
      this.#fact(m.int(at + i));
    }
  }

  #loose(first: number): void {
    const { memory: m } = this.#customers;
    const to = this.#to;
    let lists = 0;
    for (let loose = first; loose !== 0; loose = nextLoose(m, loose)) lists += 1;
    to.room(pieceBytes);
    to.count(lists);
    for (let loose = first; loose !== 0; loose = nextLoose(m, loose)) {
      to.room(pieceBytes);
      to.count(looseTemplate(m, loose));
      to.count(looseSlot(m, loose));
      this.#marks(looseMarks(m, loose));
    }
  }
}
