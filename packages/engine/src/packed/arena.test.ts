import fc from "fast-check";
import { expect, test } from "vitest";
import { Arena } from "./arena.ts";

/** An arena whose owners' blocks are looked up as customers are. */
function owned(grain: number) {
  const arena = new Arena(grain, 8);
  const addresses = new Map<number, number>();
  const moves = {
    addressOf: (owner: number): number => addresses.get(owner) ?? 0,
    moved: (owner: number, to: number) => addresses.set(owner, to),
  };
  return {
    arena,
    put: (owner: number, bytes: Buffer): void => {
      const before = moves.addressOf(owner);
      addresses.set(owner, arena.replace(before, owner, bytes, 0, bytes.length));
      if (arena.isWasteful) arena.clear(moves);
    },
    drop: (owner: number): void => {
      const address = moves.addressOf(owner);
      if (address !== 0) arena.drop(address);
      addresses.delete(owner);
    },
    read: (owner: number): Buffer | null => {
      const address = moves.addressOf(owner);
      if (address === 0) return null;
      const start = arena.offsetOf(address);
      return arena.chunkOf(address).subarray(start, start + arena.lengthOf(address));
    },
  };
}

test("blocks that grow, shrink, go and are moved keep what was put in them", () => {
  const step = fc.record({
    owner: fc.nat({ max: 30 }),
    length: fc.oneof(fc.nat({ max: 900 }), fc.nat({ max: 300_000 }), fc.constant(1_500_000)),
    fill: fc.nat({ max: 255 }),
    goes: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.constantFrom(8, 256), fc.array(step, { maxLength: 120 }), (grain, steps) => {
      const { put, drop, read } = owned(grain);
      const plain = new Map<number, Buffer>();
      for (const { owner, length, fill, goes } of steps) {
        if (goes && plain.has(owner)) {
          drop(owner);
          plain.delete(owner);
          continue;
        }
        const bytes = Buffer.alloc(length, fill);
        put(owner, bytes);
        plain.set(owner, bytes);
      }
      for (let owner = 0; owner <= 30; owner += 1) {
        const held = read(owner);
        const meant = plain.get(owner) ?? null;
        expect(held === null).toBe(meant === null);
        if (held !== null && meant !== null) expect(held.equals(meant)).toBe(true);
      }
    }),
    { numRuns: 60 },
  );
});

test("owners that grow step by step leave little waste behind", () => {
  const { arena, put } = owned(8);
  const owners = 20_000;
  for (let length = 60; length <= 480; length += 60) {
    for (let owner = 0; owner < owners; owner += 1) put(owner, Buffer.alloc(length));
  }
  expect(arena.bytes / owners).toBeLessThan(488 * 1.3);
});
