import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  dayMs,
  parseBusinessSpan,
  parseDuration,
  parseThreshold,
  tenThousandths,
} from "./quantity.ts";

describe("durations", () => {
  it.each([
    ["15m", 900_000],
    ["2h", 7_200_000],
    ["3d", 3 * dayMs],
    ["1h30m", 5_400_000],
    ["1.5h", 5_400_000],
    ["0s", 0],
    ["0", 0],
    ["250ms", 250],
    ["P3D", 3 * dayMs],
    ["PT4H", 14_400_000],
    ["P1DT12H", 1.5 * dayMs],
    ["PT0.5S", 500],
    ["P2W", 14 * dayMs],
  ])("reads %s", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each([
    "",
    "m",
    "3",
    "-3d",
    "3 d",
    "P",
    "PT",
    "P1M",
    "P1Y",
    "1e3s",
    "99999999999d",
    "0.0001ms",
  ])("refuses %j, which has no exact length", (text) => {
    expect(parseDuration(text)).toBeNull();
  });

  it("reads spans of working time", () => {
    expect(parseBusinessSpan("2 business days")).toEqual({ count: 2, unit: "day" });
    expect(parseBusinessSpan("1 working hour")).toEqual({ count: 1, unit: "hour" });
    expect(parseBusinessSpan("0 business days")).toBeNull();
    expect(parseBusinessSpan("2 days")).toBeNull();
  });
});

describe("decimals", () => {
  it.each([
    ["30.00", 300_000],
    ["0.1", 1_000],
    ["-12.345", -123_450],
    ["0.00005", 1],
    ["0.00004", 0],
    ["-0.00005", -1],
    [0.7, 7_000],
    [1e-7, 0],
    [1e21, null],
    [42, 420_000],
    ["1.", 10_000],
    ["", null],
    ["1,5", null],
    ["NaN", null],
    [Number.NaN, null],
  ])("counts %s in ten-thousandths without binary fractions", (decimal, counted) => {
    expect(tenThousandths(decimal)).toBe(counted);
  });

  it("agrees with exact integers for every amount with up to four decimals", () => {
    fc.assert(
      fc.property(fc.integer({ min: -99_999_999_999, max: 99_999_999_999 }), (whole) => {
        const size = Math.abs(whole);
        const fraction = String(size % 10_000).padStart(4, "0");
        const text = `${whole < 0 ? "-" : ""}${Math.floor(size / 10_000)}.${fraction}`;
        expect(tenThousandths(text)).toBe(whole);
      }),
    );
  });

  it("reads a threshold in the measure of what it is held against", () => {
    expect(parseThreshold("2m", "duration")).toBe(120_000);
    expect(parseThreshold("-2m", "duration")).toBe(-120_000);
    expect(parseThreshold(2, "duration")).toBeNull();
    expect(parseThreshold("2m", "number")).toBeNull();
    expect(parseThreshold(12.5, "money")).toBe(125_000);
  });
});
