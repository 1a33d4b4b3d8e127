import fc from "fast-check";
import { expect, test } from "vitest";
import { isoTime } from "./canonical.ts";

test("a time is written as the language itself writes it, whatever was written before it", () => {
  const near = fc.integer({ min: Date.UTC(1990, 0, 1), max: Date.UTC(2100, 0, 1) });
  const any = fc.integer({ min: -8_640_000_000_000_000, max: 8_640_000_000_000_000 });
  const fraction = fc.double({ min: -1e13, max: 1e13, noNaN: true });
  const edges = fc.constantFrom(
    ...[-1, 0, 1, 86_399_999, 86_400_000, -86_400_000, -86_400_001],
    ...[Date.UTC(1600, 0, 1) - 1, Date.UTC(9999, 0, 1) - 1, Date.UTC(9999, 0, 1)],
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(near, any, fraction, edges), { maxLength: 50 }), (moments) => {
      for (const ms of moments) expect(isoTime(ms)).toBe(new Date(ms).toISOString());
    }),
    { numRuns: 500 },
  );
});

test("what is no time is refused, as the language does", () => {
  for (const ms of [Number.NaN, Number.POSITIVE_INFINITY, 1e17]) {
    expect(() => isoTime(ms)).toThrow(RangeError);
  }
});
