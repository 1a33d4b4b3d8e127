import { expect, test } from "vitest";
import { wilson } from "./parity.ts";

test("Wilson's interval has the figures of the textbooks, and keeps within 0 and 1", () => {
  expect(wilson(5, 10)).toEqual({ cases: 10, share: 0.5, low: 0.2366, high: 0.7634 });
  expect(wilson(0, 10)).toEqual({ cases: 10, share: 0, low: 0, high: 0.2775 });
  expect(wilson(10, 10)).toEqual({ cases: 10, share: 1, low: 0.7225, high: 1 });
  expect(wilson(0, 0)).toEqual({ cases: 0, share: null, low: null, high: null });
});
