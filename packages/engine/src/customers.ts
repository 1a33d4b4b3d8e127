import { invariant } from "@troth/events";
import type { Policy } from "@troth/policy";
import { Arena } from "./packed/arena.ts";
import { CustomerReader, CustomerWriter } from "./packed/customer.ts";
import { keyEnd, keyMatches, keySize, readKey, writeKey } from "./packed/keys.ts";
import { Names } from "./packed/names.ts";
import { SlotIndex } from "./packed/slot-index.ts";
import { type Customer, emptyCustomer } from "./state.ts";

/**
 * How many customers are kept as objects: all while they are few, and few once they are many. Measured:
 * objects are judged up to three times as fast while the collector can bear them, and a number between
 * is slowest of all, because objects then live just long enough to be moved before they die.
 */
export type OpenLimits = {
  /** While no more than so many are known, all stay open. */
  readonly freely: number;
  /** With more than that, so many stay open. */
  readonly beyond: number;
};
const usualLimits: OpenLimits = { freely: 100_000, beyond: 64 };
/** Surplus customers closed whenever another is opened, so that growing past the limit halts nobody. */
const closedAtOnce = 4;

/**
 * Every customer of a partition, by key and by slot (a number that never changes). The few touched
 * last are open: objects, free to be changed. The rest lie packed in a few hundred bytes each.
 *
 * An object is good until the next call that opens another customer; to be on the safe side nothing
 * keeps one for longer than it takes to judge one record.
 */
export class Customers {
  readonly names: Names;
  readonly #limits: OpenLimits;
  readonly #writer: CustomerWriter;
  readonly #reader: CustomerReader;
  readonly #index = new SlotIndex();
  readonly #arena = new Arena();
  /** By slot: where its bytes are (0 for one never packed) and how many. */
  #addresses = new Uint32Array(1024);
  #lengths = new Uint32Array(1024);
  readonly #open = new Map<number, Customer>();
  /** Open customers in a circle; whoever was used since the hand last passed stays. */
  readonly #circle: Customer[] = [];
  #hand = 0;
  #scratch = Buffer.allocUnsafe(8192);
  readonly #holds = (slot: number, key: string): boolean => {
    const open = this.#open.get(slot);
    if (open !== undefined) return open.key === key;
    const address = this.#addresses[slot] ?? 0;
    return keyMatches(key, this.#arena.chunkOf(address), this.#arena.offsetOf(address));
  };

  constructor(policy: Policy, names: Names = new Names(), limits: OpenLimits = usualLimits) {
    this.names = names;
    this.#limits = limits;
    this.#writer = new CustomerWriter(names);
    this.#reader = new CustomerReader(policy, names);
  }

  get size(): number {
    return this.#index.size;
  }

  /** Bytes held outside the collector's sight. */
  get bytes(): number {
    const columns = this.#addresses.byteLength + this.#lengths.byteLength;
    return this.#arena.bytes + this.#index.bytes + columns;
  }

  has(key: string): boolean {
    return this.#index.find(key, this.#holds) >= 0;
  }

  /** The customer, open; undefined if nobody is known by that key. */
  get(key: string): Customer | undefined {
    const slot = this.#index.find(key, this.#holds);
    return slot < 0 ? undefined : this.at(slot);
  }

  getOrCreate(key: string, tenant: string): Customer {
    const slot = this.#index.find(key, this.#holds);
    if (slot >= 0) return this.at(slot);
    const fresh = emptyCustomer(this.#add(key), key, tenant);
    this.#opened(fresh);
    return fresh;
  }

  /** The customer in a slot, open. */
  at(slot: number): Customer {
    const open = this.#open.get(slot);
    if (open !== undefined) {
      open.used = true;
      return open;
    }
    const customer = this.#unpacked(slot);
    this.#opened(customer);
    return customer;
  }

  /** Every customer, in the order they were first met; to look at only: what is changed may be lost. */
  *all(): Generator<Customer> {
    for (let slot = 0; slot < this.size; slot += 1) {
      yield this.#open.get(slot) ?? this.#unpacked(slot);
    }
  }

  keyAt(slot: number): string {
    const open = this.#open.get(slot);
    if (open !== undefined) return open.key;
    const address = this.#addresses[slot] ?? 0;
    return readKey(this.#arena.chunkOf(address), this.#arena.offsetOf(address));
  }

  /** Each customer's bytes, key first, in order of slots. */
  *packed(): Generator<Buffer> {
    for (const customer of this.#circle) this.#pack(customer);
    for (let slot = 0; slot < this.size; slot += 1) {
      const address = this.#addresses[slot] ?? 0;
      const start = this.#arena.offsetOf(address);
      yield this.#arena.chunkOf(address).subarray(start, start + (this.#lengths[slot] ?? 0));
    }
  }

  /** Takes in a customer of `packed`, in the next slot. */
  addPacked(bytes: Buffer, start: number, end: number): void {
    const slot = this.#add(readKey(bytes, start));
    this.#addresses[slot] = this.#arena.put(0, 0, bytes, start, end);
    this.#lengths[slot] = end - start;
  }

  #add(key: string): number {
    const slot = this.#index.add(key);
    if (slot === this.#addresses.length) {
      const addresses = new Uint32Array(2 * slot);
      addresses.set(this.#addresses);
      this.#addresses = addresses;
      const lengths = new Uint32Array(2 * slot);
      lengths.set(this.#lengths);
      this.#lengths = lengths;
    }
    return slot;
  }

  #unpacked(slot: number): Customer {
    const address = this.#addresses[slot] ?? 0;
    const chunk = this.#arena.chunkOf(address);
    const start = this.#arena.offsetOf(address);
    return this.#reader.read(slot, readKey(chunk, start), chunk, keyEnd(chunk, start));
  }

  #opened(customer: Customer): void {
    this.#open.set(customer.slot, customer);
    const { freely, beyond } = this.#limits;
    const most = this.size <= freely ? freely : beyond;
    if (this.#circle.length < most) {
      this.#circle.push(customer);
      return;
    }
    for (let n = 0; n < closedAtOnce && this.#circle.length > most; n += 1) {
      const last = this.#circle.pop();
      if (last !== undefined) this.#close(last);
    }
    const place = this.#leastUsed();
    const oldest = this.#circle[place];
    if (oldest !== undefined) this.#close(oldest);
    this.#circle[place] = customer;
    this.#hand = place + 1;
  }

  /** The hand goes round until it finds one not used since it last passed. */
  #leastUsed(): number {
    for (let place = this.#hand; ; place += 1) {
      if (place >= this.#circle.length) place = 0;
      const one = this.#circle[place];
      invariant(one !== undefined, "nobody is open where somebody must be");
      if (!one.used) return place;
      one.used = false;
    }
  }

  #close(customer: Customer): void {
    this.#pack(customer);
    this.#open.delete(customer.slot);
  }

  #pack(customer: Customer): void {
    const { slot, key } = customer;
    const { bytes, start, end } = this.#writer.write(customer);
    const size = keySize(key) + end - start;
    if (size > this.#scratch.length) this.#scratch = Buffer.allocUnsafe(2 * size);
    const body = writeKey(key, this.#scratch, 0);
    bytes.copy(this.#scratch, body, start, end);
    const length = body + end - start;
    this.#addresses[slot] = this.#arena.put(
      this.#addresses[slot] ?? 0,
      this.#lengths[slot] ?? 0,
      this.#scratch,
      0,
      length,
    );
    this.#lengths[slot] = length;
  }
}
