/** What was worked out lately, so that it need not be again: of `max` to twice as many the latest. */
export class Recent<K, V> {
  readonly #max: number;
  #latest = new Map<K, V>();
  #before = new Map<K, V>();

  constructor(max: number) {
    this.#max = max;
  }

  get(key: K): V | undefined {
    return this.#latest.get(key) ?? this.#before.get(key);
  }

  set(key: K, value: V): void {
    if (this.#latest.size >= this.#max) {
      this.#before = this.#latest;
      this.#latest = new Map();
    }
    this.#latest.set(key, value);
  }
}
