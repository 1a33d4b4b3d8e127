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

/**
 * All that is known of one open customer, as numbers in one stretch of memory the collector never walks:
 * pieces of a few words each, by address, linked to each other. Words are 32 bits; a double takes two,
 * the first even. Address 0 is nothing. A piece let go is handed out again for the next of its size.
 *
 * Addresses count from the customer's own beginning, so that the whole can be laid aside and fetched
 * again in one go: what is near in thought is near in memory.
 */
export class Memory {
  words = new Int32Array(wordsAtFirst);
  doubles = new Float64Array(this.words.buffer);
  bytes = Buffer.from(this.words.buffer);
  wide = new Uint16Array(this.words.buffer);
  #end = headWords;

  /** Bytes held, used or free. */
  get size(): number {
    return this.words.byteLength;
  }

  /** Words in use, free pieces among them. */
  get end(): number {
    return this.#end;
  }

  /** True while so much lies free that packing the customer and opening it again pays. */
  get isWasteful(): boolean {
    const free = this.words[freeWords] ?? 0;
    return free > 256 && 3 * free > this.#end;
  }

  int(at: number): number {
    return this.words[at] ?? 0;
  }

  setInt(at: number, value: number): void {
    this.words[at] = value;
  }

  num(at: number): number {
    return this.doubles[at >> 1] ?? 0;
  }

  setNum(at: number, value: number): void {
    this.doubles[at >> 1] = value;
  }

  /** Forgets everything. */
  clear(): void {
    this.words.fill(0, 0, headWords);
    this.#end = headWords;
  }

  /** What is to be laid aside: the bytes from 0 up to where this says. */
  leave(): number {
    this.words[endWord] = this.#end;
    return 4 * this.#end;
  }

  /** Brings back what was laid aside. */
  bring(from: Buffer, start: number, length: number): void {
    while (4 * this.words.length < length) this.#grow();
    from.copy(this.bytes, 0, start, start + length);
    this.#end = this.words[endWord] ?? headWords;
  }

  /** A piece of so many words (even); what is in it is left over from before. */
  take(words: number): number {
    const pairs = words >> 1;
    const free = pairs < freeWords ? this.#takeFree(pairs, words) : this.#searchFree(words);
    if (free !== 0) return free;
    const at = this.#end;
    this.#end = at + words;
    while (this.#end > this.words.length) this.#grow();
    return at;
  }

  give(at: number, words: number): void {
    const { words: all } = this;
    const pairs = words >> 1;
    const list = pairs < freeWords ? pairs : 0;
    all[at] = all[list] ?? 0;
    all[at + 1] = words;
    all[list] = at;
    all[freeWords] = (all[freeWords] ?? 0) + words;
  }

  #takeFree(list: number, words: number): number {
    const { words: all } = this;
    const free = all[list] ?? 0;
    if (free === 0) return 0;
    all[list] = all[free] ?? 0;
    all[freeWords] = (all[freeWords] ?? 0) - words;
    return free;
  }

  #searchFree(words: number): number {
    const { words: all } = this;
    let link = 0;
    for (let tries = 0; tries < triesMost; tries += 1) {
      const free = all[link] ?? 0;
      if (free === 0) return 0;
      if (all[free + 1] === words) return this.#takeFree(link, words);
      link = free;
    }
    return 0;
  }

  #grow(): void {
    const words = new Int32Array(2 * this.words.length);
    words.set(this.words);
    this.words = words;
    this.doubles = new Float64Array(words.buffer);
    this.bytes = Buffer.from(words.buffer);
    this.wide = new Uint16Array(words.buffer);
  }
}
