import fc from "fast-check";
import { expect, test } from "vitest";
import { openTrackRecord } from "./track-record.ts";

test("a seller nobody has heard of is as good as the house", () => {
  const record = openTrackRecord(8);
  record.note("a", true);
  expect([record.excess("b"), record.seen("b"), record.seen("a")]).toEqual([0, 0, 1]);
});

test("one bad day makes no bad name, and many do", () => {
  const record = openTrackRecord(8);
  for (let i = 0; i < 90; i += 1) record.note("good", false);
  record.note("bad", true);
  const once = record.excess("bad");
  for (let i = 0; i < 9; i += 1) record.note("bad", true);
  // The house: 10 of 100. Ten of ten, beside eight at the house's share: 10.8 of 18, that is .6 - .1.
  expect(record.excess("bad")).toBe(500);
  expect(once).toBeGreaterThan(0);
  expect(once).toBeLessThan(120);
  expect(record.excess("good")).toBeLessThan(0);
});

test("it does not matter in which order outcomes became known", () => {
  const outcome = fc.record({ name: fc.constantFrom("a", "b", "c"), bad: fc.boolean() });
  fc.assert(
    fc.property(fc.array(outcome, { maxLength: 30 }), (outcomes) => {
      const told = openTrackRecord(5);
      const retold = openTrackRecord(5);
      for (const { name, bad } of outcomes) told.note(name, bad);
      for (const { name, bad } of [...outcomes].reverse()) retold.note(name, bad);
      for (const name of ["a", "b", "c"]) expect(retold.excess(name)).toBe(told.excess(name));
    }),
  );
});
