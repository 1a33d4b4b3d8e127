import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { amountOf, amountUnits, isCurrency, normalAmount } from "./money.ts";

describe("an amount of money", () => {
  it.each([
    ["30", "30.00"],
    [30, "30.00"],
    ["30.5", "30.50"],
    [42.1, "42.10"],
    ["007.1250", "7.125"],
    ["-0", "0.00"],
    ["-0.0001", "-0.0001"],
    ["99999999999.9999", "99999999999.9999"],
  ])("written %j is kept as %j", (given, kept) => {
    expect(normalAmount(given)).toBe(kept);
  });

  it.each(["1.23456", 0.1 + 0.2, "1e3", 1e21, "1,50", " 1", "", "100000000000", null, Number.NaN])(
    "written %j is refused",
    (given) => {
      expect(normalAmount(given)).toBeNull();
    },
  );

  it("goes to whole ten-thousandths and back unchanged", () => {
    fc.assert(
      fc.property(fc.integer({ min: -(10 ** 15) + 1, max: 10 ** 15 - 1 }), (units) => {
        expect(amountUnits(amountOf(units))).toBe(units);
        expect(normalAmount(amountOf(units))).toBe(amountOf(units));
      }),
    );
  });

  it("has a currency of three capital letters", () => {
    expect([isCurrency("EUR"), isCurrency("eur"), isCurrency("EURO"), isCurrency(1)]).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });
});
