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
import { nameCode, nameOfCode } from "./register/facts.ts";
import {
  customerAt,
  hasExtras,
  keyAt,
  keyTextOf,
  levelAt,
  newCustomer,
  setExtras,
  setTenantCode,
  tenantCode,
} from "./register/layout.ts";
import { List } from "./register/list.ts";
import type { Memory } from "./register/memory.ts";
import { Rooms } from "./register/rooms.ts";
import { headOfKey, headOfText, textAt, textIn, textIs } from "./register/texts.ts";
import { type Episode, type Extras, noExtras } from "./state.ts";

/** How many customers with a moment at once are put in order by numbers first. */
const headUnit = 0x20_0000;

/**
 * How many customers are kept open, at 1 to 2 kB each; the others lie packed, in half a kilobyte or less.
 * Judging an open one took 8 to 13 us an event, opening and packing it again 15 more.
 */
const openUsually = 100_000;

/** The grain of packed blocks, and the share of them that may lie waste. */
const packedGrain = 8;
const packedWaste = 16;

/**
 * Is a customer as their bytes say? Not if asked for since they were packed; or since the snapshot under way
 * began: then they say how it was. With it stands whether they were used since the hand last passed.
 */
const same = 0;
const changed = 1;
const changedSince = 2;
const changes = 3;
const used = 4;

/** Packing a customer takes as long as going through so many. */
const packingWork = 10;

/** A snapshot under way: slots from `next` to before `end` are still to be taken. */
type Taking = {
  next: number;
  readonly end: number;
  /** Bytes of those that were packed anew meanwhile. */
  readonly kept: Map<number, Buffer>;
  /** Customers gone through, packed ones counting `packingWork` more. */
  work: number;
  /** What `work` may come to by what is known when it begins. */
  readonly ahead: number;
};

/**
 * Every customer of a partition, by key and by slot (a number that never changes). Those touched last
 * are open: numbers, free to be changed. The rest lie packed as bytes. How many are open changes what is
 * held, never what is said.
 *
 * One open customer is worked on at a time: an address is good, and `memory` is that customer's, until the
 * next call that asks for another.
 */
export class Customers {
  readonly policy: Policy;
  readonly names: Names;
  /** By slot: pledges by template and key, of customers that have many. */
  readonly indexes = new Map<number, Map<string, number>>();
  /** Pledges the record at hand touched, maybe with repeats. */
  readonly touched = new List();
  readonly #rooms = new Rooms();
  readonly #extras = new Map<number, Extras>();
  readonly #most: number;
  readonly #writer: CustomerWriter;
  readonly #reader: CustomerReader;
  readonly #index = new SlotIndex();
  readonly #arena = new Arena(packedGrain, packedWaste);
  /** By slot: where its bytes are; 0 while it is open and they are not kept. Those of an open one may be old. */
  #addresses = new Uint32Array(1024);
  /** By slot: whether used, and how it differs from its bytes. */
  #marks = new Uint8Array(1024);
  /** Open customers in a circle, by slot; whoever was used since the hand last passed stays. */
  readonly #circle: number[] = [];
  #taking: Taking | null = null;
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
  #keyOf = -1;
  readonly #holds = (slot: number, key: string): boolean => {
    if (this.#rooms.isOpen(slot)) {
      const c = this.at(slot);
      return textIs(this.memory, keyTextOf(this.memory, c), key);
    }
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

  /** Of the customer that is worked on. */
  get memory(): Memory {
    return this.#rooms.memory;
  }

  /** Bytes held outside the collector's sight. */
  get bytes(): number {
    const columns = this.#addresses.byteLength + this.#marks.byteLength;
    return this.#rooms.bytes + this.#arena.bytes + this.#index.bytes + columns;
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
    const found = this.#index.find(key, this.#holds);
    const slot = found >= 0 ? found : this.#add(hashOf(key));
    this.#key = key;
    this.#keyOf = slot;
    if (found >= 0) return this.at(slot);
    this.#makeRoom(slot);
    this.#rooms.begin(slot);
    return this.create(slot, key, tenant);
  }

  /** The customer in a slot, open. */
  at(slot: number): number {
    const rooms = this.#rooms;
    const keeps = this.#isToBeTaken(slot);
    if (keeps) this.#keep(slot);
    this.#marks[slot] = used | (keeps ? changedSince : changed);
    if (rooms.isOpen(slot)) rooms.enter(slot);
    else {
      this.#makeRoom(slot);
      this.#unpack(slot);
      if (!keeps) {
        this.#arena.drop(this.#addresses[slot] ?? 0);
        this.#addresses[slot] = 0;
      }
    }
    if (rooms.memory.isWasteful) this.#tidy(slot);
    return customerAt;
  }

  /** Every customer, in the order they were first met; to look at only, and only until the next. */
  *all(): Generator<number> {
    const rooms = this.#rooms;
    for (let slot = 0; slot < this.size; slot += 1) {
      if (rooms.isOpen(slot)) {
        rooms.enter(slot);
        yield customerAt;
        continue;
      }
      this.#unpack(slot);
      yield customerAt;
      this.#forget(slot);
    }
  }

  keyOf(c: number): string {
    const { slot } = this.#rooms;
    if (slot === this.#keyOf) return this.#key;
    this.#key = textAt(this.memory, keyTextOf(this.memory, c));
    this.#keyOf = slot;
    return this.#key;
  }

  tenantOf(c: number): string {
    return nameOfCode(this.memory, this.names, tenantCode(this.memory, c));
  }

  keyAt(slot: number): string {
    const rooms = this.#rooms;
    if (rooms.isOpen(slot)) return textIn(rooms.chunkOf(slot), rooms.startOf(slot) + 4 * keyAt);
    const address = this.#addresses[slot] ?? 0;
    return readKey(this.#arena.chunkOf(address), this.#arena.offsetOf(address));
  }

  /** Number of the level last said of the customer in a slot; opens nobody. */
  levelAt(slot: number): number {
    const rooms = this.#rooms;
    if (rooms.isOpen(slot)) {
      return rooms.chunkOf(slot).readInt32LE(rooms.startOf(slot) + 4 * levelAt);
    }
    const address = this.#addresses[slot] ?? 0;
    const chunk = this.#arena.chunkOf(address);
    return this.#reader.levelIn(chunk, keyEnd(chunk, this.#arena.offsetOf(address)));
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
    const rooms = this.#rooms;
    if (!rooms.isOpen(slot)) return headOfKey(this.keyAt(slot));
    return headOfText(rooms.chunkOf(slot), rooms.startOf(slot) + 4 * keyAt);
  }

  #sortAlike(slots: number[], from: number, to: number): void {
    const alike = slots.slice(from, to).map((slot) => ({ slot, key: this.keyAt(slot) }));
    alike.sort((a, b) => (a.key < b.key ? -1 : 1));
    for (const [i, { slot }] of alike.entries()) slots[from + i] = slot;
  }

  /** What of an open customer lies beside the numbers; null if nothing does. */
  extrasOf(c: number): Extras | null {
    if (!hasExtras(this.memory, c)) return null;
    return this.#extras.get(this.#rooms.slot) ?? null;
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
    this.#extras.set(this.#rooms.slot, extras);
  }

  episodeOf(c: number): Episode | null {
    return this.extrasOf(c)?.episode ?? null;
  }

  /** In an empty memory, a customer of whom nothing is known but key and tenant. */
  create(slot: number, key: string, tenant: string): number {
    const c = newCustomer(this.memory, slot, key);
    setTenantCode(this.memory, c, nameCode(this.memory, this.names, tenant));
    return c;
  }

  /**
   * From now on `takeNext` gives each customer's bytes as they are at this moment, however much happens
   * meanwhile. One at a time: whoever was taking before is given no more.
   */
  beginTaking(): Taking {
    for (let slot = 0; slot < this.size; slot += 1)
      if (this.#changesOf(slot) === changedSince) this.#setChanges(slot, changed);
    const ahead = this.size + packingWork * this.#circle.length;
    this.#taking = { next: 0, end: this.size, kept: new Map(), work: 0, ahead };
    return this.#taking;
  }

  /**
   * The next customer's bytes, key first, in order of slots; good until the next call; null after the last.
   * What it costs is packing who was asked for since the last time.
   */
  takeNext(taking: Taking): Buffer | null {
    invariant(taking === this.#taking, "another snapshot was begun before this one was taken");
    const slot = taking.next;
    if (slot === taking.end) {
      this.#taking = null;
      return null;
    }
    const kept = taking.kept.get(slot);
    if (kept === undefined && this.#rooms.isOpen(slot) && this.#changesOf(slot) !== changedSince) {
      this.#pack(slot);
    }
    taking.work += 1;
    taking.next += 1;
    taking.kept.delete(slot);
    return kept ?? this.#bytesOf(slot);
  }

  #bytesOf(slot: number): Buffer {
    const address = this.#addresses[slot] ?? 0;
    const start = this.#arena.offsetOf(address);
    return this.#arena.chunkOf(address).subarray(start, start + this.#arena.lengthOf(address));
  }

  #isToBeTaken(slot: number): boolean {
    return this.#taking !== null && slot >= this.#taking.next && slot < this.#taking.end;
  }

  /** Somebody still to be taken is about to change: their bytes are brought up to date and stay as they are. */
  #keep(slot: number): void {
    if (this.#changesOf(slot) !== changedSince && this.#rooms.isOpen(slot)) this.#pack(slot);
  }

  #changesOf(slot: number): number {
    return (this.#marks[slot] ?? 0) & changes;
  }

  #setChanges(slot: number, to: number): void {
    this.#marks[slot] = ((this.#marks[slot] ?? 0) & used) | to;
  }

  /** Takes in a customer's bytes as `takeNext` gave them, in the next slot. */
  addPacked(bytes: Buffer, start: number, end: number): void {
    const slot = this.#add(hashOfKey(bytes, start));
    this.#addresses[slot] = this.#arena.put(slot, bytes, start, end);
  }

  #add(hash: number): number {
    const slot = this.#index.add(hash);
    if (slot < this.#marks.length) return slot;
    const [marks, addresses] = [this.#marks, this.#addresses];
    this.#marks = new Uint8Array(2 * slot);
    this.#addresses = new Uint32Array(2 * slot);
    this.#marks.set(marks);
    this.#addresses.set(addresses);
    return slot;
  }

  /** Opens a packed customer; its bytes stay. */
  #unpack(slot: number): void {
    const address = this.#addresses[slot] ?? 0;
    const chunk = this.#arena.chunkOf(address);
    const start = this.#arena.offsetOf(address);
    this.#rooms.begin(slot);
    this.#reader.read(slot, readKey(chunk, start), chunk, keyEnd(chunk, start));
  }

  /** Puts a customer among the open ones, packing another if they are too many. */
  #makeRoom(slot: number): void {
    if (this.#circle.length < this.#most) {
      this.#circle.push(slot);
      return;
    }
    const place = this.#leastUsed();
    const goes = this.#circle[place] ?? 0;
    this.#rooms.enter(goes);
    this.#pack(goes);
    this.#forget(goes);
    this.#circle[place] = slot;
    this.#hand = place + 1;
  }

  /** The hand goes round until it finds one not used since it last passed. */
  #leastUsed(): number {
    for (let place = this.#hand; ; place += 1) {
      if (place >= this.#circle.length) place = 0;
      const one = this.#circle[place];
      invariant(one !== undefined, "nobody is open where somebody must be");
      const marks = this.#marks[one] ?? 0;
      if ((marks & used) === 0) return place;
      this.#marks[one] = marks & changes;
    }
  }

  /** Lets go of the customer that is worked on. */
  #forget(slot: number): void {
    this.#extras.delete(slot);
    this.indexes.delete(slot);
    this.#rooms.close();
  }

  /** Brings an open customer's bytes up to date. */
  #pack(slot: number): void {
    const before = this.#addresses[slot] ?? 0;
    if (before !== 0 && this.#changesOf(slot) === same) return;
    if (this.#changesOf(slot) === changedSince && this.#isToBeTaken(slot)) {
      const kept = this.#taking?.kept;
      if (kept?.has(slot) === false) kept.set(slot, Buffer.from(this.#bytesOf(slot)));
    }
    this.#setChanges(slot, same);
    if (this.#taking !== null) this.#taking.work += packingWork;
    this.#rooms.enter(slot);
    const key = textAt(this.memory, keyTextOf(this.memory, customerAt));
    const { bytes, start, end } = this.#writer.write(customerAt);
    const size = keySize(key) + end - start;
    if (size > this.#scratch.length) this.#scratch = Buffer.allocUnsafe(2 * size);
    const body = writeKey(key, this.#scratch, 0);
    bytes.copy(this.#scratch, body, start, end);
    const length = body + end - start;
    this.#addresses[slot] = this.#arena.replace(before, slot, this.#scratch, 0, length);
    if (this.#arena.isWasteful) this.#arena.clear(this.#moves);
  }

  /** Opens the customer that is worked on anew, so that nothing lies free between its pieces. */
  #tidy(slot: number): void {
    const key = textAt(this.memory, keyTextOf(this.memory, customerAt));
    const { bytes, start } = this.#writer.write(customerAt);
    this.indexes.delete(slot);
    this.memory.clear();
    this.#reader.read(slot, key, bytes, start);
  }
}
