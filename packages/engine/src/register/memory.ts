/** No number where one may be missing; unlike NaN it equals itself. */
export const none = Number.NEGATIVE_INFINITY;
/** The moment that does not come. */
export const never = Number.POSITIVE_INFINITY;

const wordsAtFirst = 1 << 13;
/**
 * What lies before the pieces: by pairs of words the first free piece of that size, at 0 the first of all
 * larger ones, then how many words lie free, and how many are in use or free, as they were when it was left.
 */
export const headWords = 16;
const freeWords = 14;
const endWord = 15;
/** Larger pieces are looked through one after the other, up to so many. */
const triesMost = 64;

/** The same bytes seen as numbers of every size. */
export type Stretch = {
  readonly words: Int32Array;
  readonly doubles: Float64Array;
  readonly bytes: Buffer;
  readonly wide: Uint16Array;
};

/** Of a buffer that is all of its memory. */
export const stretchOf = (bytes: Buffer): Stretch => ({
  words: new Int32Array(bytes.buffer),
  doubles: new Float64Array(bytes.buffer),
  bytes,
  wide: new Uint16Array(bytes.buffer),
});

const newStretch = (words: number): Stretch => stretchOf(Buffer.from(new ArrayBuffer(4 * words)));

/**
 * All that is known of one open customer, as numbers in one stretch of memory the collector never walks:
 * pieces of a few words each, by address, linked to each other. Words are 32 bits; a double takes two,
 * the first even. Address 0 is nothing. A piece let go is handed out again for the next of its size.
 *
 * Addresses count from the customer's own beginning, wherever that is: those who are known are worked on
 * where they lie, those who are new, or outgrow their place, on a desk that is large enough.
 */
export class Memory {
  words: Int32Array;
  doubles: Float64Array;
  bytes: Buffer;
  wide: Uint16Array;
  /** The word at which the customer begins; even. */
  base = 0;
  /** Words that may be used from there on. */
  #room: number;
  #end = headWords;
  #desk: Stretch;
  #onDesk = true;

  constructor() {
    this.#desk = newStretch(wordsAtFirst);
    const { words, doubles, bytes, wide } = this.#desk;
    this.words = words;
    this.doubles = doubles;
    this.bytes = bytes;
    this.wide = wide;
    this.#room = words.length;
  }

  /** Bytes of the desk. */
  get size(): number {
    return this.#desk.words.byteLength;
  }

  /** True if what is worked on lies nowhere else. */
  get onDesk(): boolean {
    return this.#onDesk;
  }

  /** True while so much lies free that packing the customer and opening it again pays. */
  get isWasteful(): boolean {
    const free = this.int(freeWords);
    return free > 256 && 3 * free > this.#end;
  }

  int(at: number): number {
    return this.words[this.base + at] ?? 0;
  }

  setInt(at: number, value: number): void {
    this.words[this.base + at] = value;
  }

  num(at: number): number {
    return this.doubles[(this.base + at) >> 1] ?? 0;
  }

  setNum(at: number, value: number): void {
    this.doubles[(this.base + at) >> 1] = value;
  }

  /** Where in `bytes` the word at that address begins. */
  byteAt(at: number): number {
    return 4 * (this.base + at);
  }

  /** Where in `wide`. */
  unitAt(at: number): number {
    return 2 * (this.base + at);
  }

  /** On the desk, with nothing known. */
  clear(): void {
    this.#use(this.#desk, 0, this.#desk.words.length);
    this.#onDesk = true;
    this.words.fill(0, 0, headWords);
    this.#end = headWords;
  }

  /** Notes how far it reaches; so many bytes from the beginning are to be kept. */
  leave(): number {
    this.setInt(endWord, this.#end);
    return 4 * this.#end;
  }

  /** Works on what was left, where it lies: from the word `base` on, of which so many may be used. */
  enter(stretch: Stretch, base: number, room: number): void {
    this.#use(stretch, base, room);
    this.#onDesk = false;
    this.#end = this.int(endWord);
  }

  #use(stretch: Stretch, base: number, room: number): void {
    this.words = stretch.words;
    this.doubles = stretch.doubles;
    this.bytes = stretch.bytes;
    this.wide = stretch.wide;
    this.base = base;
    this.#room = room;
  }

  /** A piece of so many words (even); what is in it is left over from before. */
  take(words: number): number {
    const pairs = words >> 1;
    const free = pairs < freeWords ? this.#takeFree(pairs, words) : this.#searchFree(words);
    if (free !== 0) return free;
    const at = this.#end;
    if (at + words > this.#room) this.#moveToDesk(at + words);
    this.#end = at + words;
    return at;
  }

  give(at: number, words: number): void {
    const pairs = words >> 1;
    const list = pairs < freeWords ? pairs : 0;
    this.setInt(at, this.int(list));
    this.setInt(at + 1, words);
    this.setInt(list, at);
    this.setInt(freeWords, this.int(freeWords) + words);
  }

  #takeFree(list: number, words: number): number {
    const free = this.int(list);
    if (free === 0) return 0;
    this.setInt(list, this.int(free));
    this.setInt(freeWords, this.int(freeWords) - words);
    return free;
  }

  #searchFree(words: number): number {
    let link = 0;
    for (let tries = 0; tries < triesMost; tries += 1) {
      const free = this.int(link);
      if (free === 0) return 0;
      if (this.int(free + 1) === words) return this.#takeFree(link, words);
      link = free;
    }
    return 0;
  }

  /** Makes room for so many words in all; addresses stay good. */
  #moveToDesk(words: number): void {
    const used = this.words.subarray(this.base, this.base + this.#end);
    let size = this.#desk.words.length;
    while (size < words) size *= 2;
    if (size > this.#desk.words.length) this.#desk = newStretch(size);
    this.#desk.words.set(used);
    this.#use(this.#desk, 0, size);
    this.#onDesk = true;
  }
}
