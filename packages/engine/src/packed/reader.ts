import type { Customers } from "../customers.ts";
import { newPackedFact, release, retain } from "../register/facts.ts";
import { insertLast } from "../register/items.ts";
import {
  appendRow,
  evidenceAt,
  keyedMarksAt,
  looseMarksAt,
  newLoose,
  newMark,
  newPledge,
  newRow,
  newTerm,
  noisesAt,
  pledgeKeyText,
  putNextAt,
  setDue,
  setEvidenceCount,
  setHot,
  setKeptAt,
  setLevelNumber,
  setMadeAt,
  setMendedAt,
  setPerMille,
  setReviewAt,
  setRevision,
  setRowLimit,
  setRowValue,
  setSince,
  setSoonest,
  setVerdict,
  termsAt,
} from "../register/layout.ts";
import { never, none } from "../register/memory.ts";
import { copyText, hashOfText, newTextOf, textOf } from "../register/texts.ts";
import { mayWeigh } from "../score.ts";
import { ByteReader } from "./bytes.ts";
import { readExtras } from "./extras.ts";
import { evidenceMost, factFlags, has, itemFlags, rowFlags } from "./form.ts";

/** Room for the characters of a text. */
class Letters {
  bytes = Buffer.alloc(256);

  room(length: number): void {
    if (length <= this.bytes.length) return;
    const larger = Buffer.alloc(2 * length);
    this.bytes.copy(larger);
    this.bytes = larger;
  }
}

/** Reads back what `CustomerWriter` wrote under the same policy and names. */
export class CustomerReader {
  readonly #customers: Customers;
  readonly #from = new ByteReader();
  /** Facts by their number; each is held until all is read. */
  readonly #facts: number[] = [];
  readonly #keys: number[] = [];
  /** The id before, as it was written, and a text on its way to memory. */
  readonly #id = new Letters();
  readonly #letters = new Letters();

  constructor(customers: Customers) {
    this.#customers = customers;
  }

  /** The customer, open in memory. */
  read(slot: number, key: string, bytes: Buffer, start: number): number {
    const { memory: m } = this.#customers;
    const from = this.#from;
    from.begin(bytes, start);
    const parts = from.count();
    const c = this.#customers.create(slot, key, this.#name());
    setLevelNumber(m, c, from.count());
    setReviewAt(m, c, from.moment());
    let soonest = never;
    for (let left = from.count(); left > 0; left -= 1) {
      soonest = Math.min(soonest, this.#pledge(c));
    }
    setSoonest(m, c, soonest);
    if ((parts & has.loose) !== 0) this.#loose(c);
    if ((parts & has.noises) !== 0) this.#marks(noisesAt(c));
    if ((parts & has.extras) !== 0) {
      this.#customers.setExtras(c, readExtras(from, this.#customers, key));
    }
    for (const fact of this.#facts) release(m, fact);
    this.#facts.length = 0;
    this.#keys.length = 0;
    return c;
  }

  /** The level alone, opening nobody. */
  levelIn(bytes: Buffer, start: number): number {
    const from = this.#from;
    from.begin(bytes, start);
    from.count();
    if (from.count() === 0) this.#characters(this.#letters, 0);
    return from.count();
  }

  /** Takes no memory: the customer, whose tenant is read first, is to be the first thing there. */
  #name(): string {
    const number = this.#from.count();
    if (number > 0) return this.#customers.names.list[number - 1] ?? "";
    return textOf(this.#characters(this.#letters, 0), this.#letters.bytes, 0);
  }

  #text(): number {
    const head = this.#characters(this.#letters, 0);
    return newTextOf(this.#customers.memory, head, this.#letters.bytes, 0);
  }

  /** Reads characters, of which the first `shared` are there; returns the text's head. */
  #characters(into: Letters, shared: number): number {
    const from = this.#from;
    const coded = from.count();
    const head = Math.floor(coded / 2);
    const length = (head & 1) === 0 ? head >> 1 : head & ~1;
    into.room(length);
    const { bytes } = into;
    if (coded % 2 !== 0) from.copyCommon(bytes, shared, length);
    else for (let i = shared; i < length; i += 1) bytes[i] = from.bytes[from.at++] ?? 0;
    return head;
  }

  #fact(): number {
    const from = this.#from;
    const number = from.count();
    const known = this.#facts[number];
    if (known !== undefined) return known;
    const { memory: m } = this.#customers;
    const flags = from.count();
    const source = Math.floor(flags / factFlags.all);
    const head = this.#characters(this.#id, from.count());
    const sourceCode = source > 0 ? source - 1 : -this.#text();
    const record = (flags & factFlags.named) === 0 ? 0 : this.#text();
    const revision = (flags & factFlags.revised) === 0 ? 0 : from.number();
    const origin = (flags & factFlags.foreign) === 0 ? 0 : this.#text();
    const fact = newPackedFact(m, head, this.#id.bytes, sourceCode, record, revision, origin);
    retain(m, fact);
    this.#facts.push(fact);
    return fact;
  }

  #key(): number {
    const { memory: m } = this.#customers;
    const back = this.#from.count();
    if (back === 0) return this.#text();
    return copyText(m, pledgeKeyText(m, this.#keys[this.#keys.length - back] ?? 0));
  }

  /** The pledge's next moment. */
  #pledge(c: number): number {
    const { memory: m } = this.#customers;
    const from = this.#from;
    const template = from.count();
    const isNew = from.bytes[from.at] === 0;
    const key = this.#key();
    const p = newPledge(m, c, template, key, hashOfText(m, key));
    if (isNew) this.#keys.push(p);
    const nextAt = from.moment();
    putNextAt(m, p, nextAt);
    let last = termsAt(p);
    for (let left = from.count(); left > 0; left -= 1) {
      const fact = this.#fact();
      const flags = from.count();
      const at = from.moment();
      const stated = (flags & itemFlags.stated) === 0 ? none : from.moment();
      const value = (flags & itemFlags.value) === 0 ? none : from.number();
      const tag = (flags & itemFlags.name) === 0 ? 0 : this.#text();
      last = insertLast(m, last, newTerm(m, at, fact, value, stated, tag));
    }
    this.#marks(keyedMarksAt(p));
    let hot = false;
    for (let left = from.count(); left > 0; left -= 1) {
      if (this.#row(p, template)) hot = true;
    }
    setHot(m, c, p, hot);
    return nextAt;
  }

  #marks(link: number): void {
    const { memory: m } = this.#customers;
    const from = this.#from;
    let last = link;
    for (let left = from.count(); left > 0; left -= 1) {
      const fact = this.#fact();
      const flags = from.count();
      const slot = Math.floor(flags / itemFlags.mark);
      const at = from.moment();
      const value = (flags & itemFlags.value) === 0 ? none : from.number();
      const name = (flags & itemFlags.name) === 0 ? 0 : this.#text();
      last = insertLast(m, last, newMark(m, at, fact, value, slot, name));
    }
  }

  /** True if the row may have points. */
  #row(p: number, template: number): boolean {
    const { memory: m, policy } = this.#customers;
    const from = this.#from;
    const row = newRow(m);
    appendRow(m, p, row);
    const flags = from.count();
    const verdict = flags % rowFlags.verdicts;
    setVerdict(m, row, verdict, Math.floor(flags / rowFlags.severity));
    setMadeAt(m, row, from.moment());
    setSince(m, row, from.moment());
    setDue(m, row, from.moment());
    setKeptAt(m, row, from.moment());
    setMendedAt(m, row, from.moment());
    setRowValue(m, row, (flags & rowFlags.value) === 0 ? none : from.number());
    setRowLimit(m, row, (flags & rowFlags.limit) === 0 ? none : from.number());
    setPerMille(m, row, (flags & rowFlags.perMille) === 0 ? 1000 : from.number());
    const revision = from.count();
    setRevision(m, row, Math.floor(revision / (evidenceMost + 1)));
    const evidence = revision % (evidenceMost + 1);
    const count = evidence < evidenceMost ? evidence : from.count();
    setEvidenceCount(m, row, count);
    for (let i = 0; i < count; i += 1) {
      const fact = this.#fact();
      retain(m, fact);
      m.setInt(evidenceAt(m, row) + i, fact);
    }
    const rules = policy.pledges[template];
    return rules !== undefined && mayWeigh(rules, verdict);
  }

  #loose(c: number): void {
    const { memory: m } = this.#customers;
    for (let left = this.#from.count(); left > 0; left -= 1) {
      const template = this.#from.count();
      this.#marks(looseMarksAt(newLoose(m, c, template, this.#from.count())));
    }
  }
}
