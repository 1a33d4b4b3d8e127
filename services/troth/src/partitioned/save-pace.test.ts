import { openSimulatedClock } from "@troth/runtime";
import { expect, test } from "vitest";
import { openSavePace } from "./save-pace.ts";

test("what others do while something is saved beside them does not make saving rarer", async () => {
  const clock = openSimulatedClock(0);
  const pace = openSavePace({ clock, everyRecords: 1_000_000, everyMs: 5_000 });
  clock.advance(5_000);
  expect(pace.isTime(1)).toBe(true);
  // Its own half a second, and ten of others.
  pace.saveBeside(async () => {
    clock.advance(500);
    for (let turn = 0; turn < 10; turn += 1) {
      setImmediate(() => clock.advance(1_000));
      await pace.othersTurn();
    }
  });
  await pace.idle();
  expect(clock.now()).toBe(15_500);
  clock.advance(9_999);
  expect(pace.isTime(1)).toBe(false);
  clock.advance(1);
  expect(pace.isTime(1)).toBe(true);
});
