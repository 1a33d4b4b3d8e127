import fc from "fast-check";
import { expect, test } from "vitest";
import { never, none } from "../register/memory.ts";
import { ByteReader, ByteWriter } from "./bytes.ts";

const number = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true }),
  fc.constantFrom(0, -0, 127, 128, 2 ** 31, -(2 ** 31), 2 ** 51, -(2 ** 51), 2 ** 53),
);
const moment = fc.oneof(
  fc.constantFrom(none, never, 0),
  fc.integer({ min: 1_500_000_000_000, max: 1_500_000_000_040 }),
  fc.maxSafeInteger(),
);
const thing = fc.oneof(
  fc.record({ is: fc.constant("number" as const), value: number }),
  fc.record({ is: fc.constant("count" as const), value: fc.maxSafeInteger().map(Math.abs) }),
  fc.record({ is: fc.constant("moment" as const), value: moment }),
  fc.record({ is: fc.constant("bytes" as const), value: fc.uint8Array({ maxLength: 40 }) }),
);

test("whatever is written is read back: numbers, moments and bytes, in order", () => {
  const writer = new ByteWriter();
  const reader = new ByteReader();
  fc.assert(
    fc.property(fc.array(thing, { maxLength: 120 }), (things) => {
      writer.begin();
      for (const one of things) {
        writer.room(16);
        if (one.is === "number") writer.number(one.value);
        else if (one.is === "count") writer.count(one.value);
        else if (one.is === "moment") writer.moment(one.value);
        else writer.copy(Buffer.from(one.value), 0, one.value.length);
      }
      reader.begin(writer.bytes, 0);
      for (const one of things) {
        if (one.is === "number") expect(reader.number()).toBe(one.value === 0 ? 0 : one.value);
        else if (one.is === "count") expect(reader.count()).toBe(one.value);
        else if (one.is === "moment") expect(reader.moment()).toBe(one.value);
        else {
          const end = reader.at + one.value.length;
          expect([...reader.bytes.subarray(reader.at, end)]).toEqual([...one.value]);
          reader.at = end;
        }
      }
      expect(reader.at).toBe(writer.length);
    }),
    { numRuns: 400 },
  );
});

test("a moment that comes again takes one byte", () => {
  const writer = new ByteWriter();
  const sizeOf = (times: number): number => {
    writer.begin();
    for (let n = 0; n < times; n += 1) writer.moment(1_700_000_000_000);
    return writer.length;
  };
  expect(sizeOf(11) - sizeOf(1)).toBe(10);
});
