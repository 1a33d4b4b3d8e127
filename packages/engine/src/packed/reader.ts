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
import { copyText, freeText, hashOfText, newTextOf, textAt } from "../register/texts.ts";
import { mayWeigh } from "../score.ts";
import type { Extras } from "../state.ts";
import { ByteReader } from "./bytes.ts";
import { factFlags, has, rowFlags } from "./form.ts";

/** Reads back what `CustomerWriter` wrote under the same policy and names. */
export class CustomerReader {
  readonly #customers: Customers;
  readonly #from = new ByteReader();
  /** Facts by their number; each is held until all is read. */
  readonly #facts: number[] = [];
  readonly #keys: number[] = [];
  /** The id before, as it was written. */
  #id = Buffer.alloc(256);

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
    if ((parts & has.extras) !== 0) this.#customers.setExtras(c, this.#extras());
    for (const fact of this.#facts) release(m, fact);
    this.#facts.length = 0;
    this.#keys.length = 0;
    return c;
  }

  #name(): string {
    const { memory: m, names } = this.#customers;
    const number = this.#from.count();
    if (number > 0) return names.list[number - 1] ?? "";
    const text = this.#text();
    const name = textAt(m, text);
    freeText(m, text);
    return name;
  }

  #text(): number {
    const from = this.#from;
    const head = from.count();
    const length = (head & 1) === 0 ? head >> 1 : head & ~1;
    const at = newTextOf(this.#customers.memory, head, from.bytes, from.at);
    from.at += length;
    return at;
  }

  #textOrNone(): number {
    return this.#from.count() === 0 ? 0 : this.#text();
  }

  #fact(): number {
    const from = this.#from;
    const number = from.count();
    const known = this.#facts[number];
    if (known !== undefined) return known;
    const { memory: m } = this.#customers;
    const flags = from.count();
    const head = from.count();
    const shared = from.count();
    const length = (head & 1) === 0 ? head >> 1 : head & ~1;
    if (length > this.#id.length) {
      const larger = Buffer.alloc(2 * length);
      this.#id.copy(larger);
      this.#id = larger;
    }
    const id = this.#id;
    for (let i = shared; i < length; i += 1) id[i] = from.bytes[from.at++] ?? 0;
    const source = from.count();
    const sourceCode = source > 0 ? source - 1 : -this.#text();
    const record = (flags & factFlags.named) === 0 ? 0 : this.#text();
    const revision = (flags & factFlags.revised) === 0 ? 0 : from.number();
    const origin = (flags & factFlags.foreign) === 0 ? 0 : this.#text();
    const fact = newPackedFact(m, head, id, sourceCode, record, revision, origin);
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
      const at = from.moment();
      const stated = from.moment();
      const value = this.#value();
      last = insertLast(m, last, newTerm(m, at, fact, value, stated, this.#textOrNone()));
    }
    this.#marks(keyedMarksAt(p));
    let hot = false;
    for (let left = from.count(); left > 0; left -= 1) {
      if (this.#row(p, template)) hot = true;
    }
    setHot(m, c, p, hot);
    return nextAt;
  }

  #value(): number {
    return this.#from.count() === 0 ? none : this.#from.number();
  }

  #marks(link: number): void {
    const { memory: m } = this.#customers;
    const from = this.#from;
    let last = link;
    for (let left = from.count(); left > 0; left -= 1) {
      const fact = this.#fact();
      const slot = from.count();
      const at = from.moment();
      const value = this.#value();
      last = insertLast(m, last, newMark(m, at, fact, value, slot, this.#textOrNone()));
    }
  }

  /** True if the row may have points. */
  #row(p: number, template: number): boolean {
    const { memory: m, policy } = this.#customers;
    const from = this.#from;
    const row = newRow(m);
    appendRow(m, p, row);
    const verdict = from.count();
    const flags = from.count();
    setVerdict(m, row, verdict, flags & rowFlags.severity);
    setMadeAt(m, row, from.moment());
    setSince(m, row, from.moment());
    setDue(m, row, from.moment());
    setKeptAt(m, row, from.moment());
    setMendedAt(m, row, from.moment());
    setRowValue(m, row, (flags & rowFlags.value) === 0 ? none : from.number());
    setRowLimit(m, row, (flags & rowFlags.limit) === 0 ? none : from.number());
    setPerMille(m, row, (flags & rowFlags.perMille) === 0 ? 1000 : from.number());
    setRevision(m, row, from.count());
    const count = from.count();
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

  #extras(): Extras {
    const from = this.#from;
    const length = from.count();
    const text = from.bytes.toString("utf8", from.at, from.at + length);
    from.at += length;
    const extras = JSON.parse(text) as Omit<Extras, "revisions"> & {
      readonly revisions: [string, number][] | null;
    };
    return { ...extras, revisions: extras.revisions && new Map(extras.revisions) };
  }
}
