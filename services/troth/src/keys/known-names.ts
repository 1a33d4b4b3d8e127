import { TextMap } from "@troth/engine";

const namesMax = 2_000_000;
/** However few hold them: a book's places are numbers of 32 bits, and people may write whole letters. */
const charsMax = 256 * 1024 * 1024;
/** Whole letters are few: they are not worth the room that names are laid out in. */
const shortChars = 4_096;

type Book = { readonly short: TextMap; readonly long: Map<string, string>; chars: number };

const emptyBook = (): Book => ({ short: new TextMap(), long: new Map(), chars: 0 });
const sizeOf = ({ short, long }: Book): number => short.size + long.size;
const nameIn = ({ short, long }: Book, token: string): string | undefined =>
  short.get(token) ?? long.get(token);

/**
 * What pseudonyms stand for: of `max` to twice as many, those that were told or asked for last. Every
 * event has a name of its own, so all of them would fill any memory; outside the collector's sight,
 * as it would go over millions of them again and again.
 */
export class KnownNames {
  readonly #max: number;
  readonly #charsMax: number;
  #latest = emptyBook();
  #before = emptyBook();

  constructor(max = namesMax, chars = charsMax) {
    this.#max = max;
    this.#charsMax = chars;
  }

  get(token: string): string | undefined {
    const name = nameIn(this.#latest, token);
    if (name !== undefined) return name;
    const older = nameIn(this.#before, token);
    if (older !== undefined) this.set(token, older);
    return older;
  }

  set(token: string, name: string): void {
    if (sizeOf(this.#latest) >= this.#max || this.#latest.chars >= this.#charsMax) {
      this.#before = this.#latest;
      this.#latest = emptyBook();
    }
    const book = this.#latest;
    const before = sizeOf(book);
    if (name.length <= shortChars) book.short.set(token, name);
    else book.long.set(token, name);
    if (sizeOf(book) > before) book.chars += token.length + name.length;
  }
}
