import fc from "fast-check";
import { expect, test } from "vitest";
import { Timers } from "./timers.ts";

const never = Number.POSITIVE_INFINITY;

test("moments come up in order, each slot at the last one it was given and no other", () => {
  const step = fc.record({
    slot: fc.nat({ max: 1_500 }),
    at: fc.oneof(fc.nat({ max: 40 }), fc.constant(never)),
    take: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const timers = new Timers();
      const plain = new Map<number, number>();
      for (const { slot, at, take } of steps) {
        timers.set(slot, at);
        plain.set(slot, at);
        const soonest = Math.min(never, ...plain.values());
        expect(timers.next()).toBe(soonest);
        if (!take || soonest === never) continue;
        const taken = timers.take(soonest);
        const due = [...plain].filter(([, moment]) => moment === soonest).map(([one]) => one);
        expect(taken.sort((a, b) => a - b)).toEqual(due.sort((a, b) => a - b));
        for (const one of due) plain.set(one, never);
      }
    }),
    { numRuns: 200 },
  );
});
