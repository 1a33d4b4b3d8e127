import { TextMap } from "@troth/engine";

const namesMax = 2_000_000;
/** Whole letters are few: they are not worth the room that names are laid out in. */
const shortChars = 4_096;

type Book = { readonly short: TextMap; readonly long: Map<string, string> };

const emptyBook = (): Book => ({ short: new TextMap(), long: new Map() });
const nameIn = ({ short, long }: Book, token: string): string | undefined =>
  short.get(token) ?? long.get(token);

/**
 * What pseudonyms stand for: of `max` to twice as many, those that were told or asked for last. Every
 * event has a name of its own, so all of them would fill any memory; outside the collector's sight,
 * as it would go over millions of them again and again.
 */
export class KnownNames {
  readonly #max: number;
  #latest = emptyBook();
  #before = emptyBook();

  constructor(max = namesMax) {
    this.#max = max;
  }

  get(token: string): string | undefined {
    const name = nameIn(this.#latest, token);
    if (name !== undefined) return name;
    const older = nameIn(this.#before, token);
    if (older !== undefined) this.set(token, older);
    return older;
  }

  set(token: string, name: string): void {
    if (this.#latest.short.size + this.#latest.long.size >= this.#max) {
      this.#before = this.#latest;
      this.#latest = emptyBook();
    }
    const { short, long } = this.#latest;
    if (name.length <= shortChars) short.set(token, name);
    else long.set(token, name);
  }
}
