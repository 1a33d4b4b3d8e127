import { hash } from "node:crypto";
import { invariant } from "@troth/events";

/** Of a name's hash so much is kept: among 10^9 names two share it once in 10^20 such logs. */
const wordsPerKey = 4;
const entryBytes = 4 * wordsPerKey + 8;
/** A window has so many stretches, and each is forgotten as a whole. */
const generationsPerWindow = 4;
const perGenerationMax = 4_194_304;
const firstRoom = 64;
/** Entries in one piece of a snapshot. */
const entriesPerPiece = 16_384;
const gone = -1;

/** Four words, where the last call of `wordsOf` left them. */
const words = new Uint32Array(wordsPerKey);

/** As Latin 1, a character a byte: a string costs a quarter of what a buffer does. */
function wordsOf(identity: string): void {
  const digest = hash("sha256", identity, "binary");
  for (let i = 0; i < wordsPerKey; i += 1) {
    const at = 4 * i;
    words[i] =
      digest.charCodeAt(at) |
      (digest.charCodeAt(at + 1) << 8) |
      (digest.charCodeAt(at + 2) << 16) |
      (digest.charCodeAt(at + 3) << 24);
  }
}

/**
 * A piece of a snapshot, its bytes seen as the numbers an entry is made of: a million entries are written while
 * nobody is judged. As typed arrays lie on every machine Node runs on, the lowest byte comes first.
 */
type Piece = { readonly bytes: Buffer; readonly ints: Uint32Array; readonly doubles: Float64Array };

function emptyPiece(): Piece {
  const memory = new ArrayBuffer(entryBytes * entriesPerPiece);
  return {
    bytes: Buffer.from(memory),
    ints: new Uint32Array(memory),
    doubles: new Float64Array(memory),
  };
}

/** One stretch of log time: who arrived in it, in order, in three flat arrays and no object each. */
class Generation {
  readonly began: number;
  latest: number;
  count = 0;
  #keys = new Uint32Array(wordsPerKey * firstRoom);
  /** When; `gone` of one that arrived again later. */
  #stamps = new Float64Array(firstRoom);
  /** Where an entry stands, by its hash; 0: nowhere, else one more than its place. */
  #places = new Int32Array(2 * firstRoom);

  constructor(began: number) {
    this.began = began;
    this.latest = began;
  }

  /** Takes out the entry of `words` and gives its stamp; `gone` if there is none. */
  take(): number {
    const at = (this.#places[this.#slot()] ?? 0) - 1;
    if (at < 0) return gone;
    const stamp = this.#stamps[at] ?? gone;
    this.#stamps[at] = gone;
    return stamp;
  }

  put(stamp: number): void {
    if (this.count === this.#stamps.length) this.#grow();
    const at = this.count;
    this.#keys.set(words, wordsPerKey * at);
    this.#stamps[at] = stamp;
    this.#places[this.#slot()] = at + 1;
    this.count = at + 1;
    this.latest = stamp;
  }

  isLater(at: number, behind: number): boolean {
    return (this.#stamps[at] ?? gone) > behind;
  }

  /** Writes the entry at a place as the `n`th of a piece. */
  write(at: number, { ints, doubles }: Piece, n: number): void {
    const from = wordsPerKey * at;
    const to = n * (entryBytes / 4);
    for (let i = 0; i < wordsPerKey; i += 1) ints[to + i] = this.#keys[from + i] ?? 0;
    doubles[n * (entryBytes / 8) + wordsPerKey / 2] = this.#stamps[at] ?? gone;
  }

  /** Where the entry of `words` has its place written, or where it is to be written. */
  #slot(): number {
    const mask = this.#places.length - 1;
    for (let slot = (words[0] ?? 0) & mask; ; slot = (slot + 1) & mask) {
      const at = (this.#places[slot] ?? 0) - 1;
      if (at < 0 || this.#isAt(at)) return slot;
    }
  }

  #isAt(at: number): boolean {
    const from = wordsPerKey * at;
    for (let i = 0; i < wordsPerKey; i += 1) if (this.#keys[from + i] !== words[i]) return false;
    return true;
  }

  #grow(): void {
    const room = 2 * this.#stamps.length;
    const keys = new Uint32Array(wordsPerKey * room);
    keys.set(this.#keys);
    const stamps = new Float64Array(room);
    stamps.set(this.#stamps);
    this.#keys = keys;
    this.#stamps = stamps;
    this.#places = new Int32Array(2 * room);
    const mine = words.slice();
    for (let at = 0; at < this.count; at += 1) {
      words.set(keys.subarray(wordsPerKey * at, wordsPerKey * (at + 1)));
      // A later entry of the same name stands behind and replaces it.
      this.#places[this.#slot()] = at + 1;
    }
    words.set(mine);
  }
}

/**
 * What arrived within a window of log time, by hash: some forty bytes each, however long its name.
 * Forgetting costs nothing by the way, as a stretch that lies behind the window goes at once, and no
 * stretch grows without bound.
 */
export class Seen {
  readonly #windowMs: number;
  readonly #generationMax: number;
  /** Oldest first. */
  readonly #generations: Generation[] = [];

  constructor(windowMs: number, generationMax: number = perGenerationMax) {
    this.#windowMs = windowMs;
    this.#generationMax = generationMax;
  }

  /** Notes an arrival; true when there was one before it within the window. Stamps never go back. */
  arrived(identity: string, stamp: number): boolean {
    const behind = stamp - this.#windowMs;
    while ((this.#generations[0]?.latest ?? stamp) <= behind) this.#generations.shift();
    wordsOf(identity);
    let before = gone;
    for (let i = this.#generations.length - 1; i >= 0 && before === gone; i -= 1)
      before = this.#generations[i]?.take() ?? gone;
    this.#put(stamp);
    return before !== gone && before > behind;
  }

  /** All that is within the window at `stamp`, oldest first, in pieces. */
  snapshot(stamp: number): readonly Buffer[] {
    const behind = stamp - this.#windowMs;
    const pieces: Buffer[] = [];
    let piece = emptyPiece();
    let filled = 0;
    for (const generation of this.#generations) {
      for (let at = 0; at < generation.count; at += 1) {
        if (!generation.isLater(at, behind)) continue;
        generation.write(at, piece, filled);
        filled += 1;
        if (filled < entriesPerPiece) continue;
        pieces.push(piece.bytes);
        piece = emptyPiece();
        filled = 0;
      }
    }
    if (filled > 0) pieces.push(piece.bytes.subarray(0, filled * entryBytes));
    return pieces;
  }

  static restore(windowMs: number, pieces: Iterable<Buffer>, generationMax?: number): Seen {
    const seen = new Seen(windowMs, generationMax);
    for (const piece of pieces) {
      invariant(piece.length % entryBytes === 0, "a piece of what was seen is cut off");
      for (let position = 0; position < piece.length; position += entryBytes) {
        for (let i = 0; i < wordsPerKey; i += 1) words[i] = piece.readUInt32LE(position + 4 * i);
        seen.#put(piece.readDoubleLE(position + 4 * wordsPerKey));
      }
    }
    return seen;
  }

  #put(stamp: number): void {
    let newest = this.#generations.at(-1);
    const isFull =
      newest === undefined ||
      newest.count >= this.#generationMax ||
      stamp - newest.began >= this.#windowMs / generationsPerWindow;
    if (newest === undefined || isFull) {
      newest = new Generation(stamp);
      this.#generations.push(newest);
    }
    newest.put(stamp);
  }
}
