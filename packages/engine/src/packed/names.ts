/** Names beyond these are written out each time, so that strangers cannot fill memory. */
const namesMax = 4096;

/** What many customers share, sources above all, numbered in the order of first use. */
export class Names {
  readonly list: string[];
  readonly #numbers: Map<string, number>;
  /** The last one asked for, since the same few come again and again. */
  #last = "";
  #lastNumber = -1;

  constructor(list: readonly string[] = []) {
    this.list = [...list];
    this.#numbers = new Map(this.list.map((name, i) => [name, i]));
  }

  /** The name's number; -1 when there is no more room. */
  numberOf(name: string): number {
    if (name === this.#last && this.#lastNumber >= 0) return this.#lastNumber;
    const number = this.#numbers.get(name) ?? this.#add(name);
    this.#last = name;
    this.#lastNumber = number;
    return number;
  }

  #add(name: string): number {
    if (this.list.length >= namesMax) return -1;
    const number = this.list.push(name) - 1;
    this.#numbers.set(name, number);
    return number;
  }
}
