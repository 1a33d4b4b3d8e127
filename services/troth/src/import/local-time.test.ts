import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { describe, expect, it } from "vitest";
import {
  daysBetween,
  type LocalTime,
  localTime,
  openZoneTimes,
  readAmerican,
  readDayFirst,
  readIso,
  readNamedMonth,
  readShortDate,
} from "./local-time.ts";

const at = (text: string): LocalTime => {
  const read = readIso(text);
  if (read === null) throw new Error(text);
  return read;
};
const saoPaulo = openZoneTimes("America/Sao_Paulo");
const iso = (ms: number): string => new Date(ms).toISOString();

describe("times of a zone", () => {
  it("are an hour apart in summer and winter", () => {
    expect(iso(saoPaulo.instantOf(at("2017-07-01 12:00:00")))).toBe("2017-07-01T15:00:00.000Z");
    expect(iso(saoPaulo.instantOf(at("2018-01-01 12:00:00")))).toBe("2018-01-01T14:00:00.000Z");
  });

  it("take a midnight the clocks skipped as the first moment of the day", () => {
    expect(iso(saoPaulo.instantOf(at("2017-10-15 00:00:00")))).toBe("2017-10-15T03:00:00.000Z");
    expect(iso(saoPaulo.instantOf(at("2017-10-15 00:30:00")))).toBe("2017-10-15T03:30:00.000Z");
  });

  it("take an hour the clocks showed twice as the first of the two", () => {
    expect(iso(saoPaulo.instantOf(at("2018-02-17 23:30:00")))).toBe("2018-02-18T01:30:00.000Z");
  });

  it("end a promised day one millisecond before the next one begins", () => {
    expect(iso(saoPaulo.endOfDay(at("2017-03-20")))).toBe("2017-03-21T02:59:59.999Z");
    expect(iso(saoPaulo.endOfDay(at("2018-02-17")))).toBe("2018-02-18T02:59:59.999Z");
    expect(iso(saoPaulo.endOfDay(at("2017-10-14")))).toBe("2017-10-15T02:59:59.999Z");
  });

  it("agree with the calendar on every moment", () => {
    const zones = [
      "America/Sao_Paulo",
      "Asia/Jerusalem",
      "America/New_York",
      "Australia/Lord_Howe",
    ];
    const opened = new Map(zones.map((zone) => [zone, openZoneTimes(zone)]));
    const minute = fc.integer({ min: 0, max: 20 * 366 * 1440 });
    fc.assert(
      fc.property(fc.constantFrom(...zones), minute, (zone, minutes) => {
        const plain = Temporal.PlainDateTime.from("1999-01-01T00:00").add({ minutes });
        const { year, month, day, hour } = plain;
        const local = { year, month, day, hour, minute: plain.minute, second: 0 };
        const known = opened.get(zone)?.instantOf(local);
        expect(known).toBe(plain.toZonedDateTime(zone).epochMilliseconds);
      }),
      { numRuns: 3000 },
    );
  });
});

describe("ways to write a time", () => {
  it("are read as their file means them", () => {
    expect(readIso("2015-02-24T11:35:52")).toEqual(localTime(2015, 2, 24, 11, 35, 52));
    expect(readIso("2017-03-20 00:00:00.5")).toEqual(localTime(2017, 3, 20));
    expect(readDayFirst("5/3/2016 12:00")).toEqual(localTime(2016, 3, 5, 12));
    expect(readAmerican("12/25/2013 12:08:09 AM")).toEqual(localTime(2013, 12, 25, 0, 8, 9));
    expect(readAmerican("12/25/2013 12:00:00 PM")).toEqual(localTime(2013, 12, 25, 12));
    expect(readNamedMonth("04-Aug-15", "3:53:50 PM")).toEqual(localTime(2015, 8, 4, 15, 53, 50));
    expect(readShortDate("990201", "7:02:47")).toEqual(localTime(1999, 2, 1, 7, 2, 47));
  });

  it("are refused when no calendar or clock shows them", () => {
    expect(readIso("2017-02-29 00:00:00")).toBeNull();
    expect(readIso("2016-02-29 24:00:00")).toBeNull();
    expect(readIso("2017-13-01")).toBeNull();
    expect(readIso("soon")).toBeNull();
    expect(readDayFirst("2016-03-05 12:00")).toBeNull();
    expect(readAmerican("25/12/2013 11:00:00 PM")).toBeNull();
    expect(readAmerican("12/25/2013 13:00:00 PM")).toBeNull();
    expect(readNamedMonth("04-Foo-15", "3:53:50 PM")).toBeNull();
    expect(readShortDate("990230", "7:02:47")).toBeNull();
  });

  it("give whole days between dates whatever the hour", () => {
    expect(daysBetween(at("2017-10-14 23:59:59"), at("2017-10-16 00:00:01"))).toBe(2);
  });
});
