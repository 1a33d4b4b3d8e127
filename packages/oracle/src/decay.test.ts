import { expect, test } from "vitest";
import { decayed, decayTable, scaled } from "./decay.ts";

test("the table holds the largest whole numbers not above the powers of two", () => {
  expect(decayTable).toHaveLength(64);
  for (const [i, entry] of decayTable.entries()) {
    const power = 2n ** (1920n - BigInt(i));
    expect(entry ** 64n <= power && (entry + 1n) ** 64n > power).toBe(true);
  }
  expect(decayTable[0]).toBe(1_073_741_824n);
  expect(decayTable[32]).toBe(759_250_124n);
});

test("points halve with every half-life, toward zero, and end as nothing", () => {
  expect(decayed(1000, 0, 1000)).toBe(1000);
  expect(decayed(1000, -5, 1000)).toBe(1000);
  expect(decayed(1000, 1000, 1000)).toBe(500);
  expect(decayed(25, 1000, 1000)).toBe(12);
  expect(decayed(-25, 1000, 1000)).toBe(-12);
  expect(decayed(1000, 500, 1000)).toBe(707);
  // The last step leaves a factor of 1 in 2^30.
  expect(decayed(2_000_000_000, 29_999, 1000)).toBe(1);
  expect(decayed(2_000_000_000, 30_000, 1000)).toBe(0);
});

test("a step of the decay is a sixty-fourth of the half-life", () => {
  expect(decayed(1_000_000, 15, 1000)).toBe(1_000_000);
  expect(decayed(1_000_000, 16, 1000)).toBe(989_228);
});

test("a share is scaled by thousandths, toward zero", () => {
  expect(scaled(333, 1500)).toBe(499);
  expect(scaled(-333, 1500)).toBe(-499);
  expect(scaled(100, 0)).toBe(0);
});
