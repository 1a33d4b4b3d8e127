import fc from "fast-check";
import { expect, test } from "vitest";
import { never, none } from "../register/memory.ts";
import { isWide } from "../register/texts.ts";
import { areCommon, ByteReader, ByteWriter } from "./bytes.ts";

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
  fc.record({ is: fc.constant("string" as const), value: fc.string({ unit: "binary" }) }),
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
        else if (one.is === "string") writer.string(one.value, isWide(one.value));
        else writer.copy(Buffer.from(one.value), 0, one.value.length);
      }
      reader.begin(writer.bytes, 0);
      for (const one of things) {
        if (one.is === "number") expect(reader.number()).toBe(one.value === 0 ? 0 : one.value);
        else if (one.is === "count") expect(reader.count()).toBe(one.value);
        else if (one.is === "moment") expect(reader.moment()).toBe(one.value);
        else if (one.is === "string") expect(reader.string()).toBe(one.value);
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

test("characters that ids are made of take six bits, and come back from wherever they begin", () => {
  const writer = new ByteWriter();
  const reader = new ByteReader();
  const uuid = "6f9619ff-8b86-d011-b42d-00cf4fc964ff";
  const common = fc.oneof(
    fc.stringMatching(/^[a-z0-9:._/#A-V-]*$/),
    fc.constantFrom("", "a", uuid, "order.placed:Z"),
  );
  fc.assert(
    fc.property(common, fc.nat({ max: 3 }), (text, skipped) => {
      const bytes = Buffer.from(text, "latin1");
      const start = Math.min(skipped, bytes.length);
      if (!areCommon(bytes, start, bytes.length)) {
        expect(text).toContain("Z");
        return;
      }
      writer.begin();
      writer.copyCommon(bytes, start, bytes.length);
      writer.count(77);
      expect(writer.length - 1).toBe(Math.ceil((6 * (bytes.length - start)) / 8));
      const back = Buffer.from(bytes.subarray(0, start).toString("latin1").padEnd(text.length));
      reader.begin(writer.bytes, 0);
      reader.copyCommon(back, start, back.length);
      expect(back.toString("latin1")).toBe(text);
      expect(reader.count()).toBe(77);
    }),
  );
});
