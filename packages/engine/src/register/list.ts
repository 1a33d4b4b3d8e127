/** A list of addresses that is emptied and filled again without leaving anything to collect. */
export class List {
  #items = new Int32Array(16);
  length = 0;

  clear(): void {
    this.length = 0;
  }

  at(i: number): number {
    return this.#items[i] ?? 0;
  }

  push(item: number): void {
    if (this.length === this.#items.length) {
      const items = new Int32Array(2 * this.length);
      items.set(this.#items);
      this.#items = items;
    }
    this.#items[this.length] = item;
    this.length += 1;
  }

  /** Takes every occurrence out. */
  drop(item: number): void {
    let kept = 0;
    for (let i = 0; i < this.length; i += 1) {
      if (this.#items[i] === item) continue;
      this.#items[kept] = this.#items[i] ?? 0;
      kept += 1;
    }
    this.length = kept;
  }

  /** Puts the items in order; few and mostly in order already. */
  sort(compare: (a: number, b: number) => number): void {
    const items = this.#items;
    if (this.length > 24) {
      const sorted = [...items.subarray(0, this.length)].sort(compare);
      for (let i = 0; i < sorted.length; i += 1) items[i] = sorted[i] ?? 0;
      return;
    }
    for (let i = 1; i < this.length; i += 1) {
      const item = items[i] ?? 0;
      let place = i;
      while (place > 0 && compare(item, items[place - 1] ?? 0) < 0) {
        items[place] = items[place - 1] ?? 0;
        place -= 1;
      }
      items[place] = item;
    }
  }
}
