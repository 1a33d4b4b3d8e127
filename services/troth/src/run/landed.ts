import type { Output } from "@troth/events";
import type { Clock } from "@troth/runtime";

/** Facts of troth's own services: only of these anybody waits to see them judged. */
const ownSources = "urn:troth:";
const rememberedMax = 100_000;

type Waiter = { readonly left: Set<string>; readonly done: (isThere: boolean) => void };

/**
 * Which of our own facts have come back judged. The log of facts says that one is stored; that people
 * see it, only the judge's log says.
 */
export class Landed {
  readonly #clock: Clock;
  readonly #there = new Set<string>();
  readonly #waiters = new Set<Waiter>();
  /** Heard of in the batch that is being read: what was decided on it stands in the same one. */
  #fresh: string[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  fold({ body }: Output): void {
    if (body.kind !== "noise" || !body.fact.source.startsWith(ownSources)) return;
    this.#fresh.push(body.fact.id);
  }

  /** The batch is folded whole. */
  batchEnded(): void {
    const fresh = this.#fresh;
    if (fresh.length === 0) return;
    this.#fresh = [];
    for (const id of fresh) this.#there.add(id);
    for (const id of this.#there) {
      if (this.#there.size <= rememberedMax) break;
      this.#there.delete(id);
    }
    for (const waiter of this.#waiters) {
      for (const id of fresh) waiter.left.delete(id);
      if (waiter.left.size === 0) waiter.done(true);
    }
  }

  /** True once all of these have come back; false when that takes longer than so long. */
  wait(ids: readonly string[], ms: number): Promise<boolean> {
    const left = new Set(ids.filter((id) => !this.#there.has(id)));
    if (left.size === 0) return Promise.resolve(true);
    return new Promise((resolve) => {
      const waiter: Waiter = {
        left,
        done: (isThere) => {
          timer.cancel();
          this.#waiters.delete(waiter);
          resolve(isThere);
        },
      };
      const timer = this.#clock.setTimer(ms, () => waiter.done(false));
      this.#waiters.add(waiter);
    });
  }
}
