import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jsonFault } from "./json-fault.ts";

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe("where a line stops being JSON", () => {
  it.each([
    ['{"a":1,}', 7, "a name in quotes"],
    ['{"a" 1}', 5, "a colon"],
    ['{"a":NaN}', 5, "a value"],
    ["[1 2]", 3, "a comma or ]"],
    ['{"a":1', 6, "a comma or }"],
    ['{"a":"x', 7, "the closing quote"],
    ['"\\x"', 1, "a known escape after the backslash"],
    ['"a\tb"', 2, "no bare control character inside a text"],
    ["{} {}", 3, "the end of the line"],
    ["", 0, "a value"],
    ["01", 1, "the end of the line"],
  ])("in %j is character %i: expected %s", (text, at, expected) => {
    expect(jsonFault(text)).toEqual({ at, expected });
  });

  it("is found exactly when the engine refuses the text", () => {
    const nearlyJson = fc
      .tuple(
        fc.json(),
        fc.nat(),
        fc.constantFrom("", ",", '"', "]", "}", "{", ":", "\\", "-", "0", "e"),
      )
      .map(([json, where, put]) => {
        const at = where % (json.length + 1);
        return json.slice(0, at) + put + json.slice(at + (where % 2));
      });
    fc.assert(
      fc.property(fc.oneof(nearlyJson, fc.string()), (text) => {
        expect(jsonFault(text) === null).toBe(isJson(text));
      }),
      { numRuns: 3000 },
    );
  });

  it("is found however deep the nesting", () => {
    expect(jsonFault("[".repeat(200_000))?.at).toBe(200_000);
    expect(jsonFault(`${"[".repeat(200_000)}${"]".repeat(200_000)}`)).toBeNull();
  });
});
