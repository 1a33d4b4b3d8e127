const slotsAtFirst = 1024;

/**
 * The next moment of each customer, by slot, soonest first: a binary heap that knows where each customer
 * stands in it, so that a moment is moved or taken out instead of being left to come up for nothing.
 */
export class Timers {
  /** Slots, as a heap by their moment. */
  #heap = new Int32Array(slotsAtFirst);
  #size = 0;
  /** By slot: its moment (Infinity for none) and its place in the heap + 1 (0 for none). */
  #at = new Float64Array(slotsAtFirst).fill(Number.POSITIVE_INFINITY);
  #places = new Int32Array(slotsAtFirst);

  get bytes(): number {
    return this.#heap.byteLength + this.#at.byteLength + this.#places.byteLength;
  }

  /** The earliest moment; Infinity for none. */
  next(): number {
    return this.#size === 0 ? Number.POSITIVE_INFINITY : this.#momentOf(this.#heap[0] ?? 0);
  }

  /** The moment of a slot; Infinity for none. */
  of(slot: number): number {
    return this.#at[slot] ?? Number.POSITIVE_INFINITY;
  }

  /** Gives a slot another moment; Infinity takes it out. */
  set(slot: number, at: number): void {
    if (slot >= this.#at.length) this.#grow(slot + 1);
    const before = this.#momentOf(slot);
    if (before === at) return;
    this.#at[slot] = at;
    const place = this.#places[slot] ?? 0;
    if (place === 0) this.#rise(this.#size++, slot);
    else if (at === Number.POSITIVE_INFINITY) this.#remove(place - 1, slot);
    else if (at < before) this.#rise(place - 1, slot);
    else this.#sink(place - 1, slot);
  }

  /** Takes out every slot whose moment is `at`, appending to `slots`. */
  take(at: number, slots: number[]): void {
    while (this.#size > 0) {
      const slot = this.#heap[0] ?? 0;
      if (this.#momentOf(slot) !== at) return;
      slots.push(slot);
      this.set(slot, Number.POSITIVE_INFINITY);
    }
  }

  #momentOf(slot: number): number {
    return this.#at[slot] ?? Number.POSITIVE_INFINITY;
  }

  #put(place: number, slot: number): void {
    this.#heap[place] = slot;
    this.#places[slot] = place + 1;
  }

  #remove(place: number, slot: number): void {
    this.#places[slot] = 0;
    this.#size -= 1;
    if (place === this.#size) return;
    const last = this.#heap[this.#size] ?? 0;
    this.#rise(place, last);
    this.#sink((this.#places[last] ?? 1) - 1, last);
  }

  #rise(from: number, slot: number): void {
    const at = this.#momentOf(slot);
    let place = from;
    while (place > 0) {
      const up = (place - 1) >> 1;
      const parent = this.#heap[up] ?? 0;
      if (this.#momentOf(parent) <= at) break;
      this.#put(place, parent);
      place = up;
    }
    this.#put(place, slot);
  }

  #sink(from: number, slot: number): void {
    const at = this.#momentOf(slot);
    let place = from;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= this.#size) break;
      let least = this.#heap[child] ?? 0;
      const other = this.#heap[child + 1] ?? 0;
      if (child + 1 < this.#size && this.#momentOf(other) < this.#momentOf(least)) {
        least = other;
        child += 1;
      }
      if (this.#momentOf(least) >= at) break;
      this.#put(place, least);
      place = child;
    }
    this.#put(place, slot);
  }

  #grow(atLeast: number): void {
    const length = Math.max(2 * this.#at.length, atLeast);
    const [heap, at, places] = [this.#heap, this.#at, this.#places];
    this.#heap = new Int32Array(length);
    this.#at = new Float64Array(length).fill(Number.POSITIVE_INFINITY);
    this.#places = new Int32Array(length);
    this.#heap.set(heap);
    this.#at.set(at);
    this.#places.set(places);
  }
}
