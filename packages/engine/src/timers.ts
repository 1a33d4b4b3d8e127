import type { Customer, Pledge } from "./state.ts";

/** A moment at which a customer is to be looked at: for one pledge, or (null) for a review. */
export type Timer = {
  readonly at: number;
  readonly customer: Customer;
  readonly pledge: Pledge | null;
};

const before = (a: Timer, b: Timer): boolean =>
  a.at !== b.at ? a.at < b.at : a.customer.key < b.customer.key;

/**
 * A binary heap by (moment, customer key). A timer that no longer agrees with its pledge's `nextAt`
 * or its customer's `reviewAt` is stale; it is dropped when it comes up, never searched for.
 */
export class Timers {
  readonly #heap: Timer[] = [];

  get size(): number {
    return this.#heap.length;
  }

  peek(): Timer | undefined {
    return this.#heap[0];
  }

  push(timer: Timer): void {
    const heap = this.#heap;
    let i = heap.length;
    heap.push(timer);
    while (i > 0) {
      const up = (i - 1) >> 1;
      const parent = heap[up];
      if (parent === undefined || !before(timer, parent)) break;
      heap[i] = parent;
      i = up;
    }
    heap[i] = timer;
  }

  pop(): Timer | undefined {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return top;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      const left = heap[child];
      if (left === undefined) break;
      const right = heap[child + 1];
      let least = left;
      if (right !== undefined && before(right, left)) {
        least = right;
        child += 1;
      }
      if (!before(least, last)) break;
      heap[i] = least;
      i = child;
    }
    heap[i] = last;
    return top;
  }
}

export const isLive = (timer: Timer): boolean =>
  timer.pledge === null
    ? timer.customer.reviewAt === timer.at
    : timer.pledge.nextAt === timer.at && timer.pledge.customer === timer.customer;
