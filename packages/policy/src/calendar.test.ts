import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { describe, expect, it } from "vitest";
import {
  addBusinessDays,
  addBusinessTime,
  atLocalTime,
  type Calendar,
  endOfDay,
  parseClock,
  parseDay,
  parseHours,
  parseWeekdays,
} from "./calendar.ts";
import { type Zone, zoneOf } from "./zone.ts";

const ids = ["Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Kathmandu"];

function zone(id: string): Zone {
  const found = zoneOf(id);
  if (found === null) throw new Error(`no zone ${id}`);
  return found;
}

const anyMoment = fc.integer({ min: Date.UTC(1990, 0, 2), max: Date.UTC(2099, 11, 30) });
/** Moments around the changes of the clocks, where mistakes would be. */
const nearChange = fc
  .tuple(
    fc.integer({ min: 1990, max: 2037 }),
    fc.constantFrom(1, 2, 3, 9, 10),
    fc.integer({ min: 0, max: 31 * 1440 }),
  )
  .map(([year, month, minutes]) => Date.UTC(year, month, 1) + minutes * 60_000);
const moment = fc.oneof(anyMoment, nearChange);

const at = (iso: string): number => Date.parse(iso);
const office: Calendar = {
  zone: zone("Europe/Berlin"),
  week: [[[540, 1020]], [[540, 1020]], [[540, 1020]], [[540, 1020]], [[540, 1020]], [], []],
  holidays: new Set([parseDay("2026-12-25") ?? 0]),
};

describe("a zone's table", () => {
  it.each(ids)("has the offset of %s that Temporal has, at any moment", (id) => {
    const { offsetAt } = zone(id);
    fc.assert(
      fc.property(moment, (utcMs) => {
        const there = Temporal.Instant.fromEpochMilliseconds(utcMs).toZonedDateTimeISO(id);
        expect(offsetAt(utcMs)).toBe(there.offsetNanoseconds / 1e6);
      }),
      { numRuns: 300 },
    );
  });

  it.each(ids)(
    "turns wall-clock time of %s into UTC as Temporal does, skipped and doubled hours too",
    (id) => {
      const { toUtc } = zone(id);
      fc.assert(
        fc.property(moment, (wallMs) => {
          const wall = Temporal.PlainDateTime.from(new Date(wallMs).toISOString().slice(0, -1));
          const expected = wall.toZonedDateTime(id, { disambiguation: "compatible" });
          expect(toUtc(wallMs)).toBe(expected.epochMilliseconds);
        }),
        { numRuns: 300 },
      );
    },
  );

  it("knows the very minute at which São Paulo's and Berlin's clocks changed", () => {
    const saoPaulo = zone("America/Sao_Paulo");
    expect(saoPaulo.offsetAt(at("2017-10-15T02:59:59Z"))).toBe(-3 * 3_600_000);
    expect(saoPaulo.offsetAt(at("2017-10-15T03:00:00Z"))).toBe(-2 * 3_600_000);
    expect(saoPaulo.toUtc(at("2017-10-15T00:30:00Z"))).toBe(at("2017-10-15T03:30:00Z"));
    const berlin = zone("Europe/Berlin");
    expect(berlin.toUtc(at("2018-03-25T02:30:00Z"))).toBe(at("2018-03-25T01:30:00Z"));
    expect(berlin.toUtc(at("2018-10-28T02:30:00Z"))).toBe(at("2018-10-28T00:30:00Z"));
  });

  it("does not know places that do not exist", () => {
    expect(zoneOf("Europe/Atlantis")).toBeNull();
    expect(zoneOf("")).toBeNull();
    expect(zoneOf("+02:00")).toBeNull();
  });
});

describe("working time", () => {
  it("lets a promise of two working days made on Friday fall due when Tuesday closes", () => {
    const friday = at("2018-01-12T15:00:00Z");
    expect(addBusinessDays(office, friday, 2, null)).toBe(at("2018-01-16T16:00:00Z"));
    expect(addBusinessDays(office, friday, 2, 12 * 60)).toBe(at("2018-01-16T11:00:00Z"));
  });

  it("leaves out holidays", () => {
    expect(addBusinessDays(office, at("2026-12-24T10:00:00Z"), 1, null)).toBe(
      at("2026-12-28T16:00:00Z"),
    );
  });

  it("counts opening hours only, over a night, a weekend and a change of clocks", () => {
    expect(addBusinessTime(office, at("2018-01-12T15:00:00Z"), 2 * 3_600_000)).toBe(
      at("2018-01-15T09:00:00Z"),
    );
    expect(addBusinessTime(office, at("2018-03-23T15:00:00Z"), 2 * 3_600_000)).toBe(
      at("2018-03-26T08:00:00Z"),
    );
    expect(addBusinessTime(office, at("2018-01-13T12:00:00Z"), 3_600_000)).toBe(
      at("2018-01-15T09:00:00Z"),
    );
  });

  it("passes exactly as much opening time as was asked for", () => {
    const { zone: berlin, week, holidays } = office;
    const open = (utcMs: number): boolean => {
      const wall = utcMs + berlin.offsetAt(utcMs);
      const day = Math.floor(wall / 86_400_000);
      const minute = (wall - day * 86_400_000) / 60_000;
      const weekday = (((day + 3) % 7) + 7) % 7;
      const hours = holidays.has(day) ? [] : (week[weekday] ?? []);
      return hours.some(([from, until]) => minute >= from && minute < until);
    };
    fc.assert(
      fc.property(nearChange, fc.integer({ min: 1, max: 30 * 60 }), (start, minutes) => {
        const end = addBusinessTime(office, start, minutes * 60_000);
        let passed = 0;
        for (let now = start; now < end; now += 60_000) if (open(now)) passed += 1;
        expect(passed).toBe(minutes);
        expect(open(end - 60_000)).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  it("ends a day with its last millisecond, where the customer lives", () => {
    const saoPaulo = zone("America/Sao_Paulo");
    expect(endOfDay(saoPaulo, at("2018-01-14T12:00:00Z"))).toBe(at("2018-01-15T01:59:59.999Z"));
    expect(endOfDay(saoPaulo, at("2018-01-15T01:30:00Z"))).toBe(at("2018-01-15T01:59:59.999Z"));
    expect(atLocalTime(saoPaulo, at("2018-06-14T12:00:00Z"), 1, 18 * 60)).toBe(
      at("2018-06-15T21:00:00Z"),
    );
  });
});

describe("what a calendar is written in", () => {
  it("reads days, hours and clock times, and refuses what is none", () => {
    expect(parseWeekdays("mon-fri")).toEqual([0, 1, 2, 3, 4]);
    expect(parseWeekdays("sat-mon")).toEqual([5, 6, 0]);
    expect(parseWeekdays("tue, thu")).toEqual([1, 3]);
    expect(parseWeekdays("mo-fr")).toBeNull();
    expect(parseWeekdays("mon-")).toBeNull();
    expect(parseHours("09:00-17:30")).toEqual([540, 1_050]);
    expect(parseHours("00:00-24:00")).toEqual([0, 1_440]);
    expect(parseHours("17:00-09:00")).toBeNull();
    expect(parseHours("9-17")).toBeNull();
    expect(parseClock("24:01")).toBeNull();
    expect(parseDay("2026-02-29")).toBeNull();
    expect(parseDay("2024-02-29")).not.toBeNull();
  });
});
