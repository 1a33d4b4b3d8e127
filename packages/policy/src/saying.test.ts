import { describe, expect, it } from "vitest";
import { compileSaying, decimalText, spanText } from "./saying.ts";
import { zoneOf } from "./zone.ts";

const zone = zoneOf("America/Sao_Paulo") ?? {
  id: "",
  offsetAt: () => 0,
  toUtc: (at: number) => at,
};
const gaps = { key: "A-1", due: null, lateMs: null, value: null, limit: null };
const minute = 60_000;

describe("sentences", () => {
  it("name the day it is where the promise was made, and how late it came", () => {
    const { saying, problems } = compileSaying(
      "The parcel promised for {due} is {late} late.",
      "number",
      zone,
    );
    expect(problems).toEqual([]);
    const due = Date.parse("2018-01-15T01:59:59.999Z");
    expect(saying({ ...gaps, due, lateMs: 3 * 1440 * minute + 5 })).toBe(
      "The parcel promised for 14 January 2018 is 3 days late.",
    );
  });

  it("say the time of day where it matters", () => {
    const { saying } = compileSaying("By {dueTime}.", "number", zone);
    expect(saying({ ...gaps, due: Date.parse("2018-06-14T21:05:00Z") })).toBe(
      "By 14 June 2018 at 18:05.",
    );
  });

  it("say measured values in their own measure", () => {
    const waited = compileSaying("Waited {value} where {limit} is promised.", "duration", zone);
    expect(waited.saying({ ...gaps, value: 45 * minute, limit: 3 * minute })).toBe(
      "Waited 45 minutes where 3 minutes is promised.",
    );
    const billed = compileSaying("{value} instead of {limit} ({key}).", "money", zone);
    expect(billed.saying({ ...gaps, value: 420_000, limit: 300_000 })).toBe(
      "42.00 instead of 30.00 (A-1).",
    );
  });

  it("stay sentences when nothing is known", () => {
    const { saying } = compileSaying("{due}, {late}, {value}", "number", zone);
    expect(saying(gaps)).toBe("no agreed day, an unknown time, an unknown amount");
  });

  it("point at a gap that does not exist", () => {
    const { problems } = compileSaying("Due {deu}, {late} }", "number", zone);
    expect(problems.map(({ offset, remedy }) => [offset, remedy])).toEqual([
      [4, "did you mean `due`?"],
      [18, "write {due}, {late} …"],
    ]);
  });
});

describe("spans and numbers", () => {
  it.each([
    [45 * minute, "45 minutes"],
    [minute, "1 minute"],
    [90 * minute, "1 hour 30 minutes"],
    [25 * 60 * minute, "1 day 1 hour"],
    [3 * 1440 * minute + 7 * 60 * minute, "3 days"],
    [61_000, "1 minute 1 second"],
    [999, "less than a second"],
  ])("says %d ms as people do", (ms, text) => {
    expect(spanText(ms)).toBe(text);
  });

  it("writes decimals exactly", () => {
    expect(decimalText(125_000, "money")).toBe("12.50");
    expect(decimalText(-1, "money")).toBe("-0.0001");
    expect(decimalText(8_500, "number")).toBe("0.85");
    expect(decimalText(30_000, "number")).toBe("3");
  });
});
