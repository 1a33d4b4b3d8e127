import { hashOf } from "./keys.ts";

const slotsAtFirst = 1024;

/** Slots by the hash of their key: an open table of numbers, nothing for the collector to walk. */
export class SlotIndex {
  /** Slot + 1; 0 is free. A power of two long. */
  #table = new Int32Array(2 * slotsAtFirst);
  #hashes = new Uint32Array(slotsAtFirst);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get bytes(): number {
    return this.#table.byteLength + this.#hashes.byteLength;
  }

  /** The slot with that key, or -1; `holds` tells whether a slot with its hash is really the one. */
  find(key: string, holds: (slot: number, key: string) => boolean): number {
    const hash = hashOf(key);
    const mask = this.#table.length - 1;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const slot = (this.#table[at] ?? 0) - 1;
      if (slot < 0) return -1;
      if (this.#hashes[slot] === hash && holds(slot, key)) return slot;
    }
  }

  /** Gives a key that is not there the next slot, by its hash. */
  add(hash: number): number {
    const slot = this.#size;
    if (slot === this.#hashes.length) {
      const larger = new Uint32Array(2 * slot);
      larger.set(this.#hashes);
      this.#hashes = larger;
    }
    this.#hashes[slot] = hash;
    this.#size += 1;
    if (4 * this.#size > 3 * this.#table.length) this.#grow();
    else this.#enter(slot);
    return slot;
  }

  #enter(slot: number): void {
    const mask = this.#table.length - 1;
    let at = (this.#hashes[slot] ?? 0) & mask;
    while (this.#table[at] !== 0) at = (at + 1) & mask;
    this.#table[at] = slot + 1;
  }

  #grow(): void {
    this.#table = new Int32Array(2 * this.#table.length);
    for (let slot = 0; slot < this.#size; slot += 1) this.#enter(slot);
  }
}
