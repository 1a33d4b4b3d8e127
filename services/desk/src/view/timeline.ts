import { deskLimits } from "../limits.ts";
import type { Entry } from "./entry.ts";

/** A customer's entries, oldest first by when they happened; bounded, and it knows what it let go. */
export class Timeline {
  #entries: Entry[] = [];
  #dropped = 0;

  get entries(): readonly Entry[] {
    return this.#entries;
  }

  /** Entries let go because there were too many. */
  get dropped(): number {
    return this.#dropped;
  }

  add(entry: Entry): void {
    const entries = this.#entries;
    let place = entries.length;
    // Nearly everything arrives in order, so the search begins at the end.
    while (place > 0 && (entries[place - 1]?.at ?? 0) > entry.at) place -= 1;
    entries.splice(place, 0, entry);
    if (entries.length <= deskLimits.timelineEntriesMax) return;
    entries.shift();
    this.#dropped += 1;
  }

  /** Takes out and returns the entries that `leaves` names, oldest first. */
  take(leaves: (entry: Entry) => boolean): readonly Entry[] {
    const taken = this.#entries.filter(leaves);
    if (taken.length > 0) this.#entries = this.#entries.filter((entry) => !leaves(entry));
    return taken;
  }
}
