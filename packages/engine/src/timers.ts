const slotsAtFirst = 1024;
const never = Number.POSITIVE_INFINITY;

/**
 * The next moment of each customer, by slot, soonest first: a heap of four children each that knows where
 * each customer stands in it, so that a moment is moved or taken out instead of being left to come up for
 * nothing. Moments lie in the heap themselves, side by side: comparing them goes nowhere else.
 */
export class Timers {
  /** Moments, as a heap, and whose they are. */
  #moments = new Float64Array(slotsAtFirst);
  #slots = new Int32Array(slotsAtFirst);
  #size = 0;
  /** By slot: its place in the heap + 1; 0 for none. */
  #places = new Int32Array(slotsAtFirst);

  get bytes(): number {
    return this.#moments.byteLength + this.#slots.byteLength + this.#places.byteLength;
  }

  /** The earliest moment; Infinity for none. */
  next(): number {
    return this.#size === 0 ? never : (this.#moments[0] ?? never);
  }

  /** The moment of a slot; Infinity for none. */
  of(slot: number): number {
    const place = this.#places[slot] ?? 0;
    return place === 0 ? never : (this.#moments[place - 1] ?? never);
  }

  /** Gives a slot another moment; Infinity takes it out. */
  set(slot: number, at: number): void {
    const place = this.#places[slot] ?? 0;
    if (place === 0) {
      if (at === never) return;
      if (slot >= this.#places.length) this.#growSlots(slot + 1);
      if (this.#size === this.#slots.length) this.#growHeap();
      this.#size += 1;
      this.#rise(this.#size - 1, slot, at);
      return;
    }
    const before = this.#moments[place - 1] ?? never;
    if (before === at) return;
    if (at === never) this.#remove(place - 1, slot);
    else if (at < before) this.#rise(place - 1, slot, at);
    else this.#sink(place - 1, slot, at);
  }

  /** Takes out every slot whose moment is `at`. */
  take(at: number): number[] {
    const slots: number[] = [];
    while (this.#size > 0 && this.#moments[0] === at) {
      const slot = this.#slots[0] ?? 0;
      slots.push(slot);
      this.#remove(0, slot);
    }
    return slots;
  }

  #put(place: number, slot: number, at: number): void {
    this.#moments[place] = at;
    this.#slots[place] = slot;
    this.#places[slot] = place + 1;
  }

  #remove(place: number, slot: number): void {
    this.#places[slot] = 0;
    this.#size -= 1;
    if (place === this.#size) return;
    const last = this.#slots[this.#size] ?? 0;
    const at = this.#moments[this.#size] ?? never;
    if (at < (this.#moments[place] ?? never)) this.#rise(place, last, at);
    else this.#sink(place, last, at);
  }

  #rise(from: number, slot: number, at: number): void {
    const moments = this.#moments;
    let place = from;
    while (place > 0) {
      const up = (place - 1) >> 2;
      const parent = moments[up] ?? never;
      if (parent <= at) break;
      this.#put(place, this.#slots[up] ?? 0, parent);
      place = up;
    }
    this.#put(place, slot, at);
  }

  #sink(from: number, slot: number, at: number): void {
    const moments = this.#moments;
    let place = from;
    for (;;) {
      const first = 4 * place + 1;
      const end = Math.min(first + 4, this.#size);
      let child = -1;
      let least = at;
      for (let one = first; one < end; one += 1) {
        const moment = moments[one] ?? never;
        if (moment >= least) continue;
        least = moment;
        child = one;
      }
      if (child < 0) break;
      this.#put(place, this.#slots[child] ?? 0, least);
      place = child;
    }
    this.#put(place, slot, at);
  }

  #growHeap(): void {
    const moments = this.#moments;
    const slots = this.#slots;
    this.#moments = new Float64Array(2 * moments.length);
    this.#slots = new Int32Array(2 * slots.length);
    this.#moments.set(moments);
    this.#slots.set(slots);
  }

  #growSlots(atLeast: number): void {
    const places = this.#places;
    this.#places = new Int32Array(Math.max(2 * places.length, atLeast));
    this.#places.set(places);
  }
}
