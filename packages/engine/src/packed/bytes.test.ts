import fc from "fast-check";
import { expect, test } from "vitest";
import { ByteReader, ByteWriter } from "./bytes.ts";

const number = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true }),
  fc.constantFrom(0, -0, 127, 128, 2 ** 31, -(2 ** 31), 2 ** 51, -(2 ** 51), 2 ** 53),
);
const text = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary" }),
  fc.constantFrom("", "é", "a\u0000b", "\ud800", "order:A-1"),
);
const moment = fc.oneof(
  fc.constantFrom(null, Number.POSITIVE_INFINITY, 0),
  fc.integer({ min: 1_500_000_000_000, max: 1_500_000_000_040 }),
  fc.maxSafeInteger(),
);
const thing = fc.oneof(
  fc.record({ is: fc.constant("number" as const), value: number }),
  fc.record({ is: fc.constant("count" as const), value: fc.maxSafeInteger().map(Math.abs) }),
  fc.record({ is: fc.constant("moment" as const), value: moment }),
  fc.record({ is: fc.constant("text" as const), value: fc.option(text) }),
);

test("whatever is written is read back: numbers, moments and texts of any kind, in order", () => {
  const writer = new ByteWriter();
  const reader = new ByteReader();
  fc.assert(
    fc.property(fc.array(thing, { maxLength: 120 }), (things) => {
      writer.begin(things.length);
      for (const one of things) {
        if (one.is === "number") writer.number(one.value);
        else if (one.is === "count") writer.count(one.value);
        else if (one.is === "moment") writer.moment(one.value);
        else writer.text(one.value);
      }
      const { bytes, start } = writer.finish();
      reader.begin(bytes, start);
      for (const one of things) {
        if (one.is === "number") expect(reader.number()).toBe(one.value === 0 ? 0 : one.value);
        else if (one.is === "count") expect(reader.count()).toBe(one.value);
        else if (one.is === "moment") expect(reader.momentOrNull()).toBe(one.value);
        else expect(reader.textOrNull()).toBe(one.value);
      }
    }),
    { numRuns: 400 },
  );
});

test("a moment or text that comes again takes one byte", () => {
  const writer = new ByteWriter();
  const sizeOf = (times: number): number => {
    writer.begin(2 * times);
    for (let n = 0; n < times; n += 1) {
      writer.moment(1_700_000_000_000);
      writer.text("order.placed:A-1");
    }
    const { start, end } = writer.finish();
    return end - start;
  };
  expect(sizeOf(11) - sizeOf(1)).toBe(20);
});
