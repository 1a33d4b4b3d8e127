import type { Reference } from "@troth/events";
import { deskLimits } from "../limits.ts";

/** What changed since somebody last asked. `customers` is null when it were too many to name. */
export type Change = {
  /** Counts up with every change; the same number means the same view. */
  readonly version: number;
  readonly customers: readonly Reference[] | null;
};

/**
 * Changes gathered until somebody takes them. A listener is called once, at the first change after
 * the last taking, however many follow; when to take them is its own business.
 */
export class Changes {
  readonly #listeners = new Set<() => void>();
  #customers = new Set<Reference>();
  #version = 0;
  #waiting = false;

  get version(): number {
    return this.#version;
  }

  /** Null: something that concerns no single customer. */
  note(customer: Reference | null): void {
    this.#version += 1;
    if (customer !== null && this.#customers.size <= deskLimits.changedMax) {
      this.#customers.add(customer);
    }
    if (this.#waiting) return;
    this.#waiting = true;
    for (const listener of this.#listeners) listener();
  }

  /** Calls `listener` when there is something to take, at once if there is; returns what ends that. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    if (this.#waiting) listener();
    return () => void this.#listeners.delete(listener);
  }

  take(): Change {
    const many = this.#customers.size > deskLimits.changedMax;
    const change = { version: this.#version, customers: many ? null : [...this.#customers] };
    this.#customers = new Set();
    this.#waiting = false;
    return change;
  }
}
