import fc from "fast-check";
import { expect, test } from "vitest";
import { Seen } from "./seen.ts";

const windowMs = 100;

/** The same, told naively: all arrivals are kept and looked through. */
class Naive {
  readonly #all: { readonly identity: string; readonly at: number }[] = [];
  arrived(identity: string, at: number): boolean {
    const known = this.#all.some((one) => one.identity === identity && one.at > at - windowMs);
    this.#all.push({ identity, at });
    return known;
  }
}

const arrivals = fc.array(
  fc.record({ identity: fc.nat({ max: 12 }).map(String), after: fc.nat({ max: 60 }) }),
  { maxLength: 200 },
);

test("an arrival counts as known exactly while an earlier one is in the window, whatever the stretches", () => {
  fc.assert(
    fc.property(arrivals, fc.integer({ min: 1, max: 5 }), (given, generationMax) => {
      let seen = new Seen(windowMs, generationMax);
      const straight = new Seen(windowMs);
      const naive = new Naive();
      let stamp = 0;
      for (const [n, { identity, after }] of given.entries()) {
        stamp += after;
        const known = naive.arrived(identity, stamp);
        expect(seen.arrived(identity, stamp)).toBe(known);
        expect(straight.arrived(identity, stamp)).toBe(known);
        const snapshot = seen.snapshot(stamp);
        // Where its stretches began shows nowhere.
        expect(snapshot).toEqual(straight.snapshot(stamp));
        // Whoever is restored in the middle goes on as if nothing had been.
        if (n % 17 === 16) seen = Seen.restore(windowMs, snapshot, generationMax);
      }
    }),
    { numRuns: 300 },
  );
});

test("many are told apart, and what lies behind the window is not held", () => {
  const seen = new Seen(windowMs);
  const count = 200_000;
  for (let n = 0; n < count; n += 1)
    expect(seen.arrived(`urn:shop\u0000${n}`, Math.floor(n / 1_000))).toBe(false);
  const last = Math.floor((count - 1) / 1_000);
  for (let n = count - 50_000; n < count; n += 1)
    expect(seen.arrived(`urn:shop\u0000${n}`, last)).toBe(true);
  const bytes = seen.snapshot(last).reduce((sum, one) => sum + one.length, 0);
  expect(bytes).toBe(24 * 1_000 * windowMs);
});
