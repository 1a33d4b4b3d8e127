import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dayMs, earliest, isoDuration, latest, parseDuration, parseInstant } from "./time.ts";

describe("moments", () => {
  it("are read as the calendar has them, to the millisecond", () => {
    fc.assert(
      fc.property(fc.integer({ min: earliest, max: latest - 1 }), (ms) => {
        expect(parseInstant(new Date(ms).toISOString(), false)).toBe(ms);
      }),
    );
  });

  it("may be written with an offset, without seconds, with a space, with finer fractions", () => {
    const noon = Date.UTC(2018, 0, 14, 12);
    expect(parseInstant("2018-01-14T10:00:00-02:00", false)).toBe(noon);
    expect(parseInstant("2018-01-14T17:30+0530", false)).toBe(noon);
    expect(parseInstant("2018-01-14 12:00:00z", false)).toBe(noon);
    expect(parseInstant("2018-01-14T12:00:00.1239999Z", true)).toBe(noon + 123);
    expect(parseInstant("2018-01-14T12:00:00.5Z", true)).toBe(noon + 500);
  });

  it("given as a day alone are its first millisecond, or its last for an end", () => {
    const day = Date.UTC(2016, 1, 29);
    expect(parseInstant("2016-02-29", false)).toBe(day);
    expect(parseInstant("2016-02-29", true)).toBe(day + dayMs - 1);
  });

  it.each([
    "2018-01-14T12:00:00",
    "2018-02-29",
    "2018-13-01",
    "2018-00-10",
    "2018-01-00",
    "2018-01-14T24:00:00Z",
    "2018-01-14T12:60:00Z",
    "2018-01-14T12:00:00.Z",
    "2018-01-14T12:00:00Zx",
    "2018-01-14T12:00:00+24:00",
    "2018/01/14",
    "14-01-2018",
    "9999-01-01",
    "1989-12-31",
    "2100-01-01",
    "1989-12-31T23:59:59.999Z",
    "+002018-01-14",
    "",
    "yesterday!",
  ])("are refused when written as %j", (text) => {
    expect(parseInstant(text, false)).toBeNaN();
  });
});

describe("durations", () => {
  it("are weeks to seconds", () => {
    expect(parseDuration("P3D")).toBe(3 * dayMs);
    expect(parseDuration("P1WT1H2M3.5S")).toBe(7 * dayMs + 3_723_500);
    expect(parseDuration("PT45M")).toBe(2_700_000);
  });

  it.each(["P1M", "P1Y", "P", "PT", "P1DT", "3D", "PT-1S", "PT1.5M", "P9999999W", ""])(
    "are refused when written as %j",
    (text) => {
      expect(parseDuration(text)).toBeNaN();
    },
  );

  it("read back as the milliseconds they were written from", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: latest - earliest }), (ms) => {
        expect(parseDuration(isoDuration(ms))).toBe(ms);
      }),
    );
  });
});
