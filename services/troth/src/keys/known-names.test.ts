import fc from "fast-check";
import { expect, test } from "vitest";
import { KnownNames } from "./known-names.ts";

const token = (n: number): string => `~${String(n).padStart(22, "0")}`;

test("the latest names are known, however they are written and however long they are", () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: "grapheme" }), { minLength: 1, maxLength: 40 }),
      (texts) => {
        const all = [...texts, "ö".repeat(10_000)];
        const names = new KnownNames(all.length);
        for (const [n, text] of all.entries()) names.set(token(n), text);
        expect(all.map((_, n) => names.get(token(n)))).toEqual(all);
      },
    ),
  );
});

test("what is told of for ever takes no more room, and what is asked for stays", () => {
  const max = 100;
  const names = new KnownNames(max);
  const asked = token(0);
  names.set(asked, "asked for");
  names.set(token(1), "never asked for");
  for (let n = 2; n < 10 * max; n += 1) {
    names.set(token(n), `${n}`);
    expect(names.get(asked)).toBe("asked for");
  }
  const latest = Array.from({ length: max / 2 }, (_, n) => names.get(token(10 * max - 1 - n)));
  expect(latest).not.toContain(undefined);
  expect(names.get(token(1))).toBeUndefined();
  const known = Array.from({ length: 10 * max }, (_, n) => names.get(token(n)));
  expect(known.filter((name) => name !== undefined).length).toBeLessThanOrEqual(2 * max);
});

test("few names of many characters make room for later ones as well", () => {
  const names = new KnownNames(1_000, 10_000);
  for (let n = 0; n < 40; n += 1) names.set(token(n), "x".repeat(1_000));
  const known = Array.from({ length: 40 }, (_, n) => names.get(token(39 - n)) !== undefined);
  expect(known.slice(0, 10)).not.toContain(false);
  expect(known.filter((one) => one).length).toBeLessThanOrEqual(22);
});
