import type { Fact, Kind } from "@troth/events";
import { describe, expect, it } from "vitest";
import { compileCel } from "./cel.ts";
import { fieldsOf } from "./vocabulary.ts";

const fact = (kind: Kind, data: Record<string, unknown>): Fact => ({
  id: "1",
  source: "urn:shop",
  kind,
  tenant: "default",
  time: 1_000,
  recordedTime: 1_000,
  subject: "customer:1",
  data,
});

function holds(text: string, one: Fact): boolean {
  const compiled = compileCel(text, fieldsOf([one.kind]));
  if (!compiled.ok) throw new Error(`${text}: ${compiled.error.found}`);
  return compiled.value(one);
}

function fault(text: string, kind: Kind = "order.placed") {
  const compiled = compileCel(text, fieldsOf([kind]));
  return compiled.ok ? null : compiled.error;
}

describe("a CEL condition", () => {
  const order = fact("order.placed", {
    orderNumber: "A",
    itemCount: 3,
    totalAmount: { amount: "30.10", currency: "EUR" },
    sellerRefs: ["s1", "s2"],
    placedAt: 1_000,
    attributes: { express: true, promisedDays: 9 },
  });

  it.each([
    ["data.itemCount > 2", true],
    ["data.itemCount == 3", true],
    ["data.itemCount + 1 == 4", true],
    ["data.itemCount * 2 < 6", false],
    ['"s2" in data.sellerRefs', true],
    ['data.sellerRefs.exists(s, s == "s3")', false],
    ['amount(data.totalAmount) > money("30.09")', true],
    ['amount(data.totalAmount) > money("30.10")', false],
    ["data.attributes.express", true],
    ["data.attributes.promisedDays > 5", true],
    ["has(data.category)", false],
    ['kind == "order.placed" && source.startsWith("urn:")', true],
    ["data.placedAt - time < days(1)", true],
    ["size(data.orderNumber) == 1", true],
  ])("reads the fact: %s", (text, expected) => {
    expect(holds(text, order)).toBe(expected);
  });

  it("is false where the fact does not carry the field, and goes on where it need not", () => {
    expect(holds('data.category == "toys"', order)).toBe(false);
    expect(holds('data.category == "toys" || data.itemCount == 3', order)).toBe(true);
    expect(holds("data.attributes.constructor == 1.0", order)).toBe(false);
    expect(holds("data.attributes.nothing == 1.0", order)).toBe(false);
  });

  it.each([
    ["data.itemCount >", 16, "Unexpected token: EOF"],
    ['data.itemCount > "x"', 0, "no such overload: double > string"],
    ["data.itemCuont > 1", 5, "the field `itemCuont`"],
    ["data.itemCount", 0, "a value of type double"],
    ['data.orderNumber.matches("(a+)+$")', 0, "the function `matches`"],
    ["data.sellerRefs.exists(a, data.sellerRefs.exists(b, a == b))", 26, "a list inside a list"],
    ["unknown > 1", 0, "Unknown variable: unknown"],
  ])("is refused with its place: %s", (text, offset, found) => {
    expect(fault(text)).toMatchObject({ offset, found });
  });

  it("names the field somebody meant", () => {
    expect(fault("data.itemCuont > 1")?.remedy).toBe("did you mean `itemCount`?");
  });

  it("is refused when it is too long or too deep, without taking long", () => {
    const began = performance.now();
    expect(fault(`${"(".repeat(500)}true${")".repeat(500)}`)).not.toBeNull();
    expect(fault("1+".repeat(999))).not.toBeNull();
    expect(fault(`true || ${"x".repeat(3_000)}`)?.found).toBe("3008 characters");
    expect(performance.now() - began).toBeLessThan(2_000);
  });
});
