import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { splitArray, splitLines } from "./split.ts";

const texts = (pieces: readonly { readonly bytes: Buffer }[] | null) =>
  pieces?.map(({ bytes }) => bytes.toString()) ?? null;
const array = (text: string) => texts(splitArray(Buffer.from(text)));

describe("a batch", () => {
  test("falls into its elements as they were written, whatever they hold", () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), fc.constantFrom(0, 1, 2), (values, indent) => {
        const parsed = array(JSON.stringify(values, null, indent))?.map((text) => JSON.parse(text));
        expect(JSON.stringify(parsed)).toBe(JSON.stringify(values));
      }),
      { numRuns: 2_000 },
    );
  });

  test("loses only the broken element", () => {
    expect(array('[{"a":1}, nonsense, {"b":"]\\"["},]')).toEqual([
      '{"a":1}',
      "nonsense",
      '{"b":"]\\"["}',
      "",
    ]);
    expect(array(" \n[]\r\n")).toEqual([]);
    expect(array('["\\\\"]')).toEqual(['"\\\\"']);
  });

  test("that is no array, or whose brackets and quotes do not pair, is none", () => {
    for (const text of [
      "",
      "[",
      "]",
      "{}",
      "[1",
      '["]',
      "[1]]",
      "[[1]",
      "[}{]",
      '["\\"]',
      "[1],[2]",
    ])
      expect([text, array(text)]).toEqual([text, null]);
  });

  test("of eight megabytes of quotes or backslashes takes time in proportion", () => {
    for (const filling of ['"', "\\", '\\"', "["]) {
      const body = Buffer.alloc(8 * 1024 * 1024, filling);
      body.write('["', 0);
      body.write("]", body.length - 1);
      const start = performance.now();
      splitArray(body);
      expect(performance.now() - start).toBeLessThan(20_000);
    }
  });
});

test("lines are numbered as they stand, blank ones left out", () => {
  const pieces = splitLines(Buffer.from("a\r\n\n  \n b \nc"));
  expect(pieces.map(({ line, bytes }) => [line, bytes.toString()])).toEqual([
    [1, "a"],
    [4, "b"],
    [5, "c"],
  ]);
});
