/** When whom to look at: each customer has at most one next moment. */
export class Agenda<Who> {
  readonly #momentOf = new Map<Who, number>();
  readonly #at = new Map<number, Set<Who>>();
  /** Ascending; a moment stays until it is taken, even if nobody is left at it. */
  readonly #moments: number[] = [];

  put(who: Who, moment: number | null): void {
    const before = this.#momentOf.get(who);
    if (before !== undefined) this.#at.get(before)?.delete(who);
    this.#momentOf.delete(who);
    if (moment === null) return;
    this.#momentOf.set(who, moment);
    const already = this.#at.get(moment);
    if (already !== undefined) {
      already.add(who);
      return;
    }
    this.#at.set(moment, new Set([who]));
    this.#moments.splice(this.#placeOf(moment), 0, moment);
  }

  earliest(): number | null {
    return this.#moments[0] ?? null;
  }

  /** Everybody whose moment it is; they have none afterwards. */
  take(moment: number): Who[] {
    if (this.#moments[0] !== moment) return [];
    this.#moments.shift();
    const due = [...(this.#at.get(moment) ?? [])];
    this.#at.delete(moment);
    for (const who of due) this.#momentOf.delete(who);
    return due;
  }

  #placeOf(moment: number): number {
    let low = 0;
    let high = this.#moments.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#moments[middle] ?? 0) < moment) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
