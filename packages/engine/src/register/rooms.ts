import { Arena } from "../packed/arena.ts";
import { Memory } from "./memory.ts";

/** Customers whose numbers take more words keep a stretch of their own, so that nothing is carried about. */
const carriedMost = 1 << 12;
/** Blocks take multiples of so many bytes, so that what grows a little stays where it is. */
const blockBytes = 256;
const wasteShare = 6;

/** By slot: not open, or open and lying nowhere but where it is worked on. */
const closed = 0;
const unplaced = -1;

/**
 * Where open customers lie. One is worked on in a memory that stays near the processor; the others lie
 * aside, each in one piece, and are fetched whole: forty places far apart cost more than one copy.
 */
export class Rooms {
  /** In which the customer of `slot` is worked on. */
  memory = new Memory();
  /** Who is worked on; -1 while nobody is. */
  slot = -1;
  /** Customers too large to be carried, each with its own memory, by slot. */
  readonly #large = new Map<number, Memory>();
  readonly #arena = new Arena(blockBytes, wasteShare);
  /** By slot: where its block is, `closed` or `unplaced`. */
  #places = new Int32Array(1024);
  /** The memory for those who are carried. */
  #desk = this.memory;
  readonly #moves = {
    addressOf: (slot: number): number => Math.max(0, this.#places[slot] ?? closed),
    moved: (slot: number, to: number): void => {
      this.#places[slot] = to;
    },
  };

  /** Bytes held outside the collector's sight. */
  get bytes(): number {
    let bytes = this.#arena.bytes + this.#places.byteLength + this.#desk.size;
    for (const memory of this.#large.values()) bytes += memory.size;
    return bytes;
  }

  isOpen(slot: number): boolean {
    return (this.#places[slot] ?? closed) !== closed;
  }

  /** Works on an open customer from now on. */
  enter(slot: number): void {
    if (slot === this.slot) return;
    this.#leave();
    const own = this.#large.size === 0 ? undefined : this.#large.get(slot);
    this.slot = slot;
    if (own !== undefined) {
      this.memory = own;
      return;
    }
    const place = this.#places[slot] ?? closed;
    const chunk = this.#arena.chunkOf(place);
    this.memory = this.#desk;
    this.memory.bring(chunk, this.#arena.offsetOf(place), this.#arena.lengthOf(place));
  }

  /** Works on a customer that was not open, in an empty memory. */
  begin(slot: number): void {
    this.#leave();
    if (slot >= this.#places.length) {
      const places = new Int32Array(2 * slot);
      places.set(this.#places);
      this.#places = places;
    }
    this.#places[slot] = unplaced;
    this.slot = slot;
    this.memory = this.#desk;
    this.memory.clear();
  }

  /** Lets go of the customer that is worked on, with all that is known of it here. */
  close(): void {
    const { slot } = this;
    const place = this.#places[slot] ?? closed;
    if (place > 0) this.#arena.drop(place);
    this.#places[slot] = closed;
    if (this.#large.size > 0) this.#large.delete(slot);
    this.slot = -1;
  }

  /** Where an open customer's bytes lie, address 0 first: in `chunkOf`, from `startOf` on. */
  chunkOf(slot: number): Buffer {
    if (slot === this.slot) return this.memory.bytes;
    return this.#large.get(slot)?.bytes ?? this.#arena.chunkOf(this.#places[slot] ?? closed);
  }
  startOf(slot: number): number {
    if (slot === this.slot || this.#large.has(slot)) return 0;
    return this.#arena.offsetOf(this.#places[slot] ?? closed);
  }

  #leave(): void {
    const { memory, slot } = this;
    if (slot < 0) return;
    this.slot = -1;
    if (memory !== this.#desk) {
      if (2 * memory.end > carriedMost) return;
      this.#large.delete(slot);
    } else if (memory.end > carriedMost) {
      this.#large.set(slot, memory);
      const place = this.#places[slot] ?? closed;
      if (place > 0) this.#arena.drop(place);
      this.#places[slot] = unplaced;
      this.#desk = new Memory();
      return;
    }
    const length = memory.leave();
    const before = Math.max(0, this.#places[slot] ?? closed);
    this.#places[slot] = this.#arena.replace(before, slot, memory.bytes, 0, length);
    if (this.#arena.isWasteful) this.#arena.clear(this.#moves);
  }
}
