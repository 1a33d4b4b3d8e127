import fc from "fast-check";
import { expect, test } from "vitest";
import { Arena } from "./arena.ts";

test("blocks that grow, shrink and use each other's places keep what was put in them", () => {
  const change = fc.record({
    slot: fc.nat({ max: 20 }),
    size: fc.oneof(fc.integer({ min: 1, max: 900 }), fc.constantFrom(40_000, 1 << 20, 1_500_000)),
  });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 200 }), (changes) => {
      const arena = new Arena();
      const held = new Map<number, { address: number; bytes: Buffer }>();
      changes.forEach(({ slot, size }, i) => {
        const bytes = Buffer.alloc(size, (i % 250) + 1);
        const old = held.get(slot);
        const address = arena.put(old?.address ?? 0, old?.bytes.length ?? 0, bytes, 0, size);
        held.set(slot, { address, bytes });
      });
      for (const { address, bytes } of held.values()) {
        const start = arena.offsetOf(address);
        const found = arena.chunkOf(address).subarray(start, start + bytes.length);
        expect(found.equals(bytes)).toBe(true);
      }
    }),
    { numRuns: 60 },
  );
});

test("what is let go is used again: the same change over and over takes no more room", () => {
  const arena = new Arena();
  let address = arena.put(0, 0, Buffer.alloc(100), 0, 100);
  let size = 100;
  for (let n = 0; n < 100_000; n += 1) {
    const next = n % 2 === 0 ? 300 : 100;
    address = arena.put(address, size, Buffer.alloc(next), 0, next);
    size = next;
  }
  expect(arena.bytes).toBe(1 << 20);
});
