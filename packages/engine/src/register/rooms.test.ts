import fc from "fast-check";
import { expect, test } from "vitest";
import { Rooms } from "./rooms.ts";

type Piece = { readonly at: number; readonly words: number; readonly number: number };

const step = fc.record({
  slot: fc.nat({ max: 5 }),
  does: fc.constantFrom("takes", "takes", "takes", "gives", "closes"),
  pairs: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(700, 9_000, 150_000)),
});

test("each keeps what it holds, whoever is worked on in between and however much it becomes", () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 60 }), (steps) => {
      const rooms = new Rooms();
      const held = new Map<number, Piece[]>();
      steps.forEach(({ slot, does, pairs }, number) => {
        const pieces = held.get(slot) ?? [];
        held.set(slot, pieces);
        if (rooms.isOpen(slot)) rooms.enter(slot);
        else rooms.begin(slot);
        const { memory } = rooms;
        const found = pieces.map(({ at, words }) => [memory.int(at), memory.int(at + words - 1)]);
        expect(found).toEqual(pieces.map((piece) => [piece.number, piece.number]));
        const last = pieces.at(-1);
        if (does === "closes") {
          rooms.close();
          held.delete(slot);
        } else if (does === "gives" && last !== undefined) {
          memory.give(last.at, last.words);
          pieces.pop();
        } else {
          const words = 2 * pairs;
          const at = memory.take(words);
          memory.setInt(at, number);
          memory.setInt(at + words - 1, number);
          pieces.push({ at, words, number });
        }
      });
    }),
    { numRuns: 60 },
  );
});
