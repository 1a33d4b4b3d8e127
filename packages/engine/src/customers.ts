import { invariant } from "@troth/events";
import type { Policy } from "@troth/policy";
import { Arena } from "./packed/arena.ts";
import {
  hashOf,
  hashOfKey,
  keyEnd,
  keyMatches,
  keySize,
  readKey,
  writeKey,
} from "./packed/keys.ts";
import { Names } from "./packed/names.ts";
import { CustomerReader } from "./packed/reader.ts";
import { SlotIndex } from "./packed/slot-index.ts";
import { CustomerWriter } from "./packed/writer.ts";
import { freePledge } from "./pledges.ts";
import { freeName, nameCode, nameOfCode } from "./register/facts.ts";
import { dropMark } from "./register/items.ts";
import {
  giveCustomer,
  giveLoose,
  hasExtras,
  isUsed,
  keyTextOf,
  looseListOf,
  looseMarksAt,
  newCustomer,
  nextLoose,
  noisesAt,
  pledgesOf,
  setExtras,
  setUsed,
  slotOfCustomer,
  tenantCode,
} from "./register/layout.ts";
import { List } from "./register/list.ts";
import { Memory } from "./register/memory.ts";
import { freeText, headOfKey, headOfText, newText, textAt, textIs } from "./register/texts.ts";
import { type Episode, type Extras, noExtras } from "./state.ts";

/** How many customers with a moment at once are put in order by numbers first. */
const headUnit = 0x20_0000;

/**
 * How many customers are kept open, at 1 to 2 kB each; the others lie packed, in half a kilobyte or less.
 * Judging an open one took 8 to 13 us an event, opening and packing it again 15 more.
 */
const openUsually = 100_000;

/**
 * Every customer of a partition, by key and by slot (a number that never changes). Those touched last
 * are open: numbers in memory, free to be changed, a customer being an address. The rest lie packed as
 * bytes. How many are open changes what is held, never what is said.
 *
 * An address is good until the next call that opens another customer.
 */
export class Customers {
  readonly policy: Policy;
  readonly memory = new Memory();
  readonly names: Names;
  /** By address: pledges by template and key, of customers that have many. */
  readonly indexes = new Map<number, Map<string, number>>();
  /** Pledges the record at hand touched, maybe with repeats. */
  readonly touched = new List();
  readonly #extras = new Map<number, Extras>();
  readonly #most: number;
  readonly #writer: CustomerWriter;
  readonly #reader: CustomerReader;
  readonly #index = new SlotIndex();
  readonly #arena = new Arena();
  /** By slot: its address while open, or 0. */
  #open = new Int32Array(1024);
  /** By slot: where its bytes are; 0 while it is open and they are not kept. */
  #addresses = new Uint32Array(1024);
  /** Open customers in a circle; whoever was used since the hand last passed stays. */
  readonly #circle: number[] = [];
  #hand = 0;
  #scratch = Buffer.allocUnsafe(8192);
  readonly #moves = {
    addressOf: (slot: number): number => this.#addresses[slot] ?? 0,
    moved: (slot: number, to: number): void => {
      this.#addresses[slot] = to;
    },
  };
  /** The key last asked for, and whose it is. */
  #key = "";
  #keyOf = 0;
  readonly #holds = (slot: number, key: string): boolean => {
    const open = this.#open[slot] ?? 0;
    if (open !== 0) return textIs(this.memory, keyTextOf(this.memory, open), key);
    const address = this.#addresses[slot] ?? 0;
    return keyMatches(key, this.#arena.chunkOf(address), this.#arena.offsetOf(address));
  };

  constructor(policy: Policy, names: Names = new Names(), most: number = openUsually) {
    this.policy = policy;
    this.names = names;
    this.#most = Math.max(1, most);
    this.#writer = new CustomerWriter(this);
    this.#reader = new CustomerReader(this);
  }

  get size(): number {
    return this.#index.size;
  }

  /** Bytes held outside the collector's sight. */
  get bytes(): number {
    const columns = this.#open.byteLength + this.#addresses.byteLength;
    return this.memory.size + this.#arena.bytes + this.#index.bytes + columns;
  }

  has(key: string): boolean {
    return this.#index.find(key, this.#holds) >= 0;
  }

  /** The customer, open; 0 if nobody is known by that key. */
  get(key: string): number {
    const slot = this.#index.find(key, this.#holds);
    return slot < 0 ? 0 : this.at(slot);
  }

  getOrCreate(key: string, tenant: string): number {
    const slot = this.#index.find(key, this.#holds);
    const c =
      slot >= 0 ? this.at(slot) : this.#enter(this.create(this.#add(hashOf(key)), key, tenant));
    this.#key = key;
    this.#keyOf = c;
    return c;
  }

  /** The customer in a slot, open. */
  at(slot: number): number {
    const open = this.#open[slot] ?? 0;
    if (open === 0) {
      const c = this.#unpacked(slot);
      this.#arena.drop(this.#addresses[slot] ?? 0);
      this.#addresses[slot] = 0;
      return this.#enter(c);
    }
    setUsed(this.memory, open, true);
    return open;
  }

  /** Every customer, in the order they were first met; to look at only, and only until the next. */
  *all(): Generator<number> {
    for (let slot = 0; slot < this.size; slot += 1) {
      const open = this.#open[slot] ?? 0;
      const c = open === 0 ? this.#unpacked(slot) : open;
      yield c;
      if (open === 0) this.#free(c);
    }
  }

  keyOf(c: number): string {
    if (c === this.#keyOf) return this.#key;
    this.#key = textAt(this.memory, keyTextOf(this.memory, c));
    this.#keyOf = c;
    return this.#key;
  }

  tenantOf(c: number): string {
    return nameOfCode(this.memory, this.names, tenantCode(this.memory, c));
  }

  keyAt(slot: number): string {
    const open = this.#open[slot] ?? 0;
    if (open !== 0) return this.keyOf(open);
    const address = this.#addresses[slot] ?? 0;
    return readKey(this.#arena.chunkOf(address), this.#arena.offsetOf(address));
  }

  /** The same slots, ascending by key. */
  inOrder(slots: number[]): readonly number[] {
    if (slots.length < 2) return slots;
    if (slots.length >= headUnit) {
      this.#sortAlike(slots, 0, slots.length);
      return slots;
    }
    // Keys that begin differently are put in order as numbers: what they begin with, and whose it is.
    const heads = new Float64Array(slots.length);
    for (let i = 0; i < slots.length; i += 1) {
      heads[i] = this.#headOf(slots[i] ?? 0) * headUnit + i;
    }
    heads.sort();
    const sorted = Array.from(heads, (head) => slots[head % headUnit] ?? 0);
    for (let from = 0; from < heads.length; ) {
      const head = Math.floor((heads[from] ?? 0) / headUnit);
      let to = from + 1;
      while (to < heads.length && Math.floor((heads[to] ?? 0) / headUnit) === head) to += 1;
      if (to > from + 1) this.#sortAlike(sorted, from, to);
      from = to;
    }
    return sorted;
  }

  /** Four characters of a key as a number; equal for keys that begin alike, else in their order. */
  #headOf(slot: number): number {
    const open = this.#open[slot] ?? 0;
    return open === 0
      ? headOfKey(this.keyAt(slot))
      : headOfText(this.memory, keyTextOf(this.memory, open));
  }

  #sortAlike(slots: number[], from: number, to: number): void {
    const alike = slots.slice(from, to).map((slot) => ({ slot, key: this.keyAt(slot) }));
    alike.sort((a, b) => (a.key < b.key ? -1 : 1));
    for (const [i, { slot }] of alike.entries()) slots[from + i] = slot;
  }

  /** What of an open customer lies beside the numbers; null if nothing does. */
  extrasOf(c: number): Extras | null {
    if (!hasExtras(this.memory, c)) return null;
    return this.#extras.get(slotOfCustomer(this.memory, c)) ?? null;
  }

  extrasFor(c: number): Extras {
    const known = this.extrasOf(c);
    if (known !== null) return known;
    const fresh = noExtras();
    this.setExtras(c, fresh);
    return fresh;
  }

  setExtras(c: number, extras: Extras): void {
    setExtras(this.memory, c);
    this.#extras.set(slotOfCustomer(this.memory, c), extras);
  }

  episodeOf(c: number): Episode | null {
    return this.extrasOf(c)?.episode ?? null;
  }

  /** A customer of whom nothing is known but key and tenant; not among the open ones yet. */
  create(slot: number, key: string, tenant: string): number {
    const text = newText(this.memory, key);
    return newCustomer(this.memory, slot, text, nameCode(this.memory, this.names, tenant));
  }

  /** Each customer's bytes, key first, in order of slots. */
  *packed(): Generator<Buffer> {
    for (const c of this.#circle) this.#pack(c);
    for (let slot = 0; slot < this.size; slot += 1) {
      const address = this.#addresses[slot] ?? 0;
      const start = this.#arena.offsetOf(address);
      const end = start + this.#arena.lengthOf(address);
      yield this.#arena.chunkOf(address).subarray(start, end);
    }
  }

  /** Takes in a customer of `packed`, in the next slot. */
  addPacked(bytes: Buffer, start: number, end: number): void {
    const slot = this.#add(hashOfKey(bytes, start));
    this.#addresses[slot] = this.#arena.put(slot, bytes, start, end);
  }

  #add(hash: number): number {
    const slot = this.#index.add(hash);
    if (slot < this.#open.length) return slot;
    const [open, addresses] = [this.#open, this.#addresses];
    this.#open = new Int32Array(2 * slot);
    this.#addresses = new Uint32Array(2 * slot);
    this.#open.set(open);
    this.#addresses.set(addresses);
    return slot;
  }

  #unpacked(slot: number): number {
    const address = this.#addresses[slot] ?? 0;
    const chunk = this.#arena.chunkOf(address);
    const start = this.#arena.offsetOf(address);
    return this.#reader.read(slot, readKey(chunk, start), chunk, keyEnd(chunk, start));
  }

  /** Puts a customer among the open ones, packing another if they are too many. */
  #enter(c: number): number {
    this.#open[slotOfCustomer(this.memory, c)] = c;
    if (this.#circle.length < this.#most) {
      this.#circle.push(c);
      return c;
    }
    const place = this.#leastUsed();
    this.#close(this.#circle[place] ?? 0);
    this.#circle[place] = c;
    this.#hand = place + 1;
    return c;
  }

  /** The hand goes round until it finds one not used since it last passed. */
  #leastUsed(): number {
    for (let place = this.#hand; ; place += 1) {
      if (place >= this.#circle.length) place = 0;
      const one = this.#circle[place];
      invariant(one !== undefined, "nobody is open where somebody must be");
      if (!isUsed(this.memory, one)) return place;
      setUsed(this.memory, one, false);
    }
  }

  #close(c: number): void {
    this.#pack(c);
    const slot = slotOfCustomer(this.memory, c);
    this.#open[slot] = 0;
    this.#free(c);
  }

  /** Gives back all that is known of a customer in memory. */
  #free(c: number): void {
    const m = this.memory;
    while (pledgesOf(m, c) !== 0) freePledge(m, c, pledgesOf(m, c));
    while (m.int(noisesAt(c)) !== 0) dropMark(m, noisesAt(c));
    for (let loose = looseListOf(m, c); loose !== 0; ) {
      const next = nextLoose(m, loose);
      while (m.int(looseMarksAt(loose)) !== 0) dropMark(m, looseMarksAt(loose));
      giveLoose(m, loose);
      loose = next;
    }
    if (hasExtras(m, c)) this.#extras.delete(slotOfCustomer(m, c));
    this.indexes.delete(c);
    if (this.#keyOf === c) this.#keyOf = 0;
    freeText(m, keyTextOf(m, c));
    freeName(m, tenantCode(m, c));
    giveCustomer(m, c);
  }

  #pack(c: number): void {
    const slot = slotOfCustomer(this.memory, c);
    const key = textAt(this.memory, keyTextOf(this.memory, c));
    const { bytes, start, end } = this.#writer.write(c);
    const size = keySize(key) + end - start;
    if (size > this.#scratch.length) this.#scratch = Buffer.allocUnsafe(2 * size);
    const body = writeKey(key, this.#scratch, 0);
    bytes.copy(this.#scratch, body, start, end);
    const length = body + end - start;
    const before = this.#addresses[slot] ?? 0;
    if (before !== 0) this.#arena.drop(before);
    this.#addresses[slot] = this.#arena.put(slot, this.#scratch, 0, length);
    if (this.#arena.isWasteful) this.#arena.clear(this.#moves);
  }
}
