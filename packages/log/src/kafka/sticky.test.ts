import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { shareSticky } from "./sticky.ts";

const all = (count: number): number[] => [...Array(count).keys()];
const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 5 }), {
  minLength: 1,
  maxLength: 9,
});
const moved = (
  before: ReadonlyMap<string, readonly number[]>,
  after: ReadonlyMap<string, readonly number[]>,
): number => {
  const owner = new Map([...before].flatMap(([id, list]) => list.map((one) => [one, id] as const)));
  return [...after]
    .flatMap(([id, list]) => list.map((one) => owner.get(one) !== id))
    .filter((gone) => gone).length;
};

describe("partitions shared among the members of a group", () => {
  test("each has one owner and shares differ by one at most, whatever members claim", () => {
    const claims = fc
      .tuple(fc.integer({ min: 0, max: 64 }), names)
      .chain(([count, ids]) =>
        fc
          .tuple(...ids.map((id) => fc.array(fc.nat(70)).map((holds) => ({ id, holds }))))
          .map((members) => ({ count, members })),
      );
    fc.assert(
      fc.property(claims, ({ count, members }) => {
        const shares = shareSticky(all(count), members);
        expect([...shares.values()].flat().sort((a, b) => a - b)).toEqual(all(count));
        const sizes = [...shares.values()].map((share) => share.length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        expect(shareSticky(all(count), [...members].reverse())).toEqual(shares);
      }),
      { numRuns: 500 },
    );
  });

  test("no more move than must when one joins, and only the leaver's when one leaves", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 64 }), names, (count, ids) => {
        const before = shareSticky(
          all(count),
          ids.map((id) => ({ id, holds: [] })),
        );
        const still = [...before].map(([id, holds]) => ({ id, holds }));
        const joined = shareSticky(all(count), [...still, { id: "joins!", holds: [] }]);
        expect(moved(before, joined)).toBe(joined.get("joins!")?.length);
        expect(joined.get("joins!")?.length).toBe(Math.floor(count / (ids.length + 1)));
        const [leaver, ...rest] = still;
        if (leaver === undefined || rest.length === 0) return;
        expect(moved(before, shareSticky(all(count), rest))).toBe(leaver.holds.length);
      }),
      { numRuns: 500 },
    );
  });
});
