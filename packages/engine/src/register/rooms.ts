import { Arena } from "../packed/arena.ts";
import { Memory, type Stretch, stretchOf } from "./memory.ts";

/** Blocks take multiples of so many bytes. */
const blockBytes = 256;
const headBytes = 8;
const wasteShare = 6;
/** Room to grow in place: so many bytes at least, and a share of what is there. */
const slackLeast = 256;
const slackShare = 8;

/** Words of a line of the processor's cache; so many of a customer are asked for at once. */
const lineWords = 16;
const aheadMost = 1 << 10;

/** By slot: not open, or open and lying nowhere but on the desk. */
const closed = 0;
const unplaced = -1;

/**
 * Where open customers lie, each in one piece. One at a time is worked on, where it lies; who is new or
 * outgrows that place is laid down anew when it is left.
 */
export class Rooms {
  /** In which the customer of `slot` is worked on. */
  readonly memory = new Memory();
  /** Who is worked on; -1 while nobody is. */
  slot = -1;
  readonly #arena = new Arena(blockBytes, wasteShare);
  /** The arena's chunks as numbers. */
  readonly #stretches: Stretch[] = [];
  /** By slot: where its block is, `closed` or `unplaced`. */
  #places = new Int32Array(1024);
  /** What was read ahead, so that reading it is not for nothing. */
  ahead = 0;
  readonly #moves = {
    addressOf: (slot: number): number => Math.max(0, this.#places[slot] ?? closed),
    moved: (slot: number, to: number): void => {
      this.#places[slot] = to;
    },
  };

  /** Bytes held outside the collector's sight. */
  get bytes(): number {
    return this.#arena.bytes + this.#places.byteLength + this.memory.size;
  }

  isOpen(slot: number): boolean {
    return (this.#places[slot] ?? closed) !== closed;
  }

  /** Works on an open customer from now on. */
  enter(slot: number): void {
    if (slot === this.slot) return;
    this.#leave();
    this.slot = slot;
    const place = this.#places[slot] ?? closed;
    const stretch = this.#stretchAt(place);
    const base = this.#arena.offsetOf(place) >> 2;
    const { words } = stretch;
    const room = (words[base - 1] ?? 0) >> 2;
    // What is wanted lies in many lines, each found through another; asked for together they come together.
    const end = base + Math.min(room, aheadMost);
    let ahead = 0;
    for (let at = base; at < end; at += lineWords) ahead ^= words[at] ?? 0;
    this.ahead = ahead;
    this.memory.enter(stretch, base, room);
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
    this.memory.clear();
  }

  /** Lets go of the customer that is worked on, with all that is known of it here. */
  close(): void {
    const { slot } = this;
    const place = this.#places[slot] ?? closed;
    if (place > 0) this.#arena.drop(place);
    this.#places[slot] = closed;
    this.slot = -1;
  }

  /** Where an open customer's bytes lie, address 0 first: in `chunkOf`, from `startOf` on. */
  chunkOf(slot: number): Buffer {
    if (slot === this.slot) return this.memory.bytes;
    return this.#arena.chunkOf(this.#places[slot] ?? closed);
  }
  startOf(slot: number): number {
    if (slot === this.slot) return this.memory.byteAt(0);
    return this.#arena.offsetOf(this.#places[slot] ?? closed);
  }

  #stretchAt(place: number): Stretch {
    const number = this.#arena.chunkNumber(place);
    const chunk = this.#arena.chunkOf(place);
    const known = this.#stretches[number];
    if (known?.bytes === chunk) return known;
    const stretch = stretchOf(chunk);
    this.#stretches[number] = stretch;
    return stretch;
  }

  #leave(): void {
    const { memory, slot } = this;
    if (slot < 0) return;
    this.slot = -1;
    const used = memory.leave();
    if (!memory.onDesk) return;
    const slack = Math.max(slackLeast, Math.floor(used / slackShare));
    const blocks = Math.ceil((headBytes + used + slack) / blockBytes);
    const room = blocks * blockBytes - headBytes;
    const before = Math.max(0, this.#places[slot] ?? closed);
    this.#places[slot] = this.#arena.replace(before, slot, memory.bytes, 0, room);
    if (this.#arena.isWasteful) this.#arena.clear(this.#moves);
  }
}
