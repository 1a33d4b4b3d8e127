import fc from "fast-check";
import { expect, test } from "vitest";
import { TextMap } from "./text-map.ts";

const key = fc.oneof(
  fc.constantFrom("", "order:A-1", "order:A-2", "phone:é", "handle:\u4e2d\u6587"),
  fc.nat({ max: 400 }).map((n) => `order:${n}`),
  fc.string({ unit: "binary", maxLength: 40 }),
);
const change = fc.oneof(
  fc.record({ key, value: key }),
  fc.record({ key, value: fc.constant(null) }),
);

/** The pieces as they would come back from a disk, and a map made of them. */
function reread(map: TextMap): TextMap {
  const again = new TextMap();
  for (const piece of map.pieces()) again.add(Buffer.from(piece));
  return again;
}

test("holds what a map holds, whatever was set and forgotten, and again when read back", () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 600 }), (changes) => {
      const map = new TextMap();
      const plain = new Map<string, string>();
      for (const { key, value } of changes) {
        if (value === null) {
          map.delete(key);
          plain.delete(key);
        } else {
          map.set(key, value);
          plain.set(key, value);
        }
        expect(map.get(key)).toBe(plain.get(key));
      }
      const again = reread(map);
      for (const one of [map, again]) {
        expect(one.size).toBe(plain.size);
        expect(new Map(one.entries())).toEqual(plain);
        for (const [name, value] of plain) expect(one.get(name)).toBe(value);
      }
      expect([...again.pieces()]).toEqual([...map.pieces()]);
    }),
    { numRuns: 200 },
  );
});

test("holds more than fits in one piece, in the order in which it was first set", () => {
  const map = new TextMap();
  const count = 60_000;
  for (let n = 0; n < count; n += 1) map.set(`order:${n}`, `customer:${n % 1_000}`);
  expect([...map.pieces()].length).toBeGreaterThan(1);
  const again = reread(map);
  again.set("order:7", "customer:other");
  expect(again.get("order:7")).toBe("customer:other");
  expect([...again.keys()].slice(0, 9)).toEqual([...map.keys()].slice(0, 9));
  for (let n = 8; n < count; n += 997)
    expect(again.get(`order:${n}`)).toBe(`customer:${n % 1_000}`);
});
