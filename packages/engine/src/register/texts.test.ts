import fc from "fast-check";
import { expect, test } from "vitest";
import { List } from "./list.ts";
import { Memory } from "./memory.ts";
import {
  compareTexts,
  freeText,
  hashOfText,
  headOfKey,
  headOfText,
  newText,
  textAt,
  textHash,
  textIs,
} from "./texts.ts";

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary" }),
  fc.constantFrom("", "é", "ÿ", "ÿa", "Āa", "Āb", "abcÿ", "abcĀ", "\ud800"),
);
const sign = (number: number): number => Math.sign(number);

test("texts in memory are read back, told apart and ordered as the strings they were", () => {
  const m = new Memory();
  fc.assert(
    fc.property(text, text, (a, b) => {
      const [one, other] = [newText(m, a), newText(m, b)];
      const order = a < b ? -1 : a > b ? 1 : 0;
      expect([textAt(m, one), textAt(m, other)]).toEqual([a, b]);
      expect(textIs(m, one, b)).toBe(a === b);
      expect(sign(compareTexts(m, one, other))).toBe(order);
      expect(hashOfText(m, one)).toBe(textHash(a));
      expect(headOfText(m.bytes, 4 * one)).toBe(headOfKey(a));
      // Heads may be alike where texts are not, but never the wrong way round.
      expect([0, order]).toContain(sign(headOfKey(a) - headOfKey(b)));
      freeText(m, one);
      freeText(m, other);
    }),
    { numRuns: 500 },
  );
});

test("what is given back is taken again: memory does not grow while as much is held", () => {
  const m = new Memory();
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 400 }), { minLength: 1, maxLength: 60 }), (lengths) => {
      const held = (): number[] => lengths.map((length) => newText(m, "x".repeat(length)));
      for (const at of held()) freeText(m, at);
      const { size } = m;
      for (let round = 0; round < 5; round += 1) for (const at of held()) freeText(m, at);
      expect(m.size).toBe(size);
    }),
    { numRuns: 50 },
  );
});

test("a list keeps its items, in order once they are put in order", () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: 50 }), { maxLength: 80 }),
      fc.nat({ max: 50 }),
      (all, one) => {
        const list = new List();
        const items = (): number[] => Array.from({ length: list.length }, (_, i) => list.at(i));
        for (const item of all) list.push(item);
        expect(items()).toEqual(all);
        list.sort((a, b) => a - b);
        expect(items()).toEqual([...all].sort((a, b) => a - b));
        list.drop(one);
        expect(items()).toEqual(all.filter((item) => item !== one).sort((a, b) => a - b));
      },
    ),
  );
});
