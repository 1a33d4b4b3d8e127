/** No number where one may be missing; unlike NaN it equals itself. */
export const none = Number.NEGATIVE_INFINITY;
/** The moment that does not come. */
export const never = Number.POSITIVE_INFINITY;

const wordsAtFirst = 1 << 14;
/** Pieces up to this many pairs of words are handed out again by size from a table. */
const pairsListed = 1 << 12;

/**
 * All that is known of open customers, as numbers in one stretch of memory the collector never walks:
 * pieces of a few words each, by address, linked to each other. Words are 32 bits; a double takes two,
 * the first even. Address 0 is nothing. A piece let go is handed out again for the next of its size.
 */
export class Memory {
  words = new Int32Array(wordsAtFirst);
  doubles = new Float64Array(this.words.buffer);
  bytes = Buffer.from(this.words.buffer);
  wide = new Uint16Array(this.words.buffer);
  #end = 2;
  /** First free piece by pairs of words; each begins with the address of the next. */
  readonly #free = new Int32Array(pairsListed);
  readonly #freeLarge = new Map<number, number>();

  /** Bytes held, used or free. */
  get size(): number {
    return this.words.byteLength;
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

  /** A piece of so many words (even); what is in it is left over from before. */
  take(words: number): number {
    const pairs = words >> 1;
    if (pairs < pairsListed) {
      const free = this.#free[pairs] ?? 0;
      if (free !== 0) {
        this.#free[pairs] = this.words[free] ?? 0;
        return free;
      }
    } else {
      const free = this.#freeLarge.get(pairs) ?? 0;
      if (free !== 0) {
        this.#freeLarge.set(pairs, this.words[free] ?? 0);
        return free;
      }
    }
    const at = this.#end;
    this.#end = at + words;
    if (this.#end > this.words.length) this.#grow();
    return at;
  }

  give(at: number, words: number): void {
    const pairs = words >> 1;
    if (pairs < pairsListed) {
      this.words[at] = this.#free[pairs] ?? 0;
      this.#free[pairs] = at;
    } else {
      this.words[at] = this.#freeLarge.get(pairs) ?? 0;
      this.#freeLarge.set(pairs, at);
    }
  }

  #grow(): void {
    const { length } = this.words;
    const more = length < 1 << 24 ? 2 * length : length + (length >> 2);
    const words = new Int32Array(Math.max(more, this.#end + (this.#end & 1)) & ~1);
    words.set(this.words);
    this.words = words;
    this.doubles = new Float64Array(words.buffer);
    this.bytes = Buffer.from(words.buffer);
    this.wide = new Uint16Array(words.buffer);
  }
}
