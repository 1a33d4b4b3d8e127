import { describe, expect, test } from "vitest";
import { openSimulatedClock } from "./simulated/clock.ts";
import { confirmationsMin, confirmEveryMs, jumpMs, openSteadyClock } from "./steady-clock.ts";

const start = Date.UTC(2026, 2, 27);
const dayMs = 86_400_000;
const confirmMs = confirmationsMin * confirmEveryMs;

function opened(since: number | null = null) {
  const clock = openSimulatedClock(start);
  const said: string[] = [];
  const steady = openSteadyClock(clock, { since, tell: (what) => said.push(what) });
  return { clock, steady, said };
}

describe("a clock whose jumps ahead are confirmed first", () => {
  test("says what the machine says while time passes, however long nobody asks", () => {
    const { clock, steady, said } = opened();
    for (const ms of [1, 250, jumpMs, 40 * dayMs]) {
      clock.advance(ms);
      expect(steady.now()).toBe(clock.now());
    }
    expect(said).toEqual([]);
  });

  test("set a day ahead, goes on at the pace of time until half a minute has confirmed it", () => {
    const { clock, steady, said } = opened();
    clock.set(start + dayMs);
    expect(steady.now()).toBe(start);
    for (let ms = 250; ms < confirmMs; ms += 250) {
      clock.advance(250);
      expect(steady.now()).toBe(start + ms);
    }
    clock.advance(confirmEveryMs);
    expect(steady.now()).toBe(clock.now());
    expect(said).toEqual(["held", "confirmed"]);
  });

  test("is confirmed by time alone, also where nobody asks in between", () => {
    const { clock, steady } = opened();
    clock.set(start + dayMs);
    steady.now();
    clock.advance(confirmMs + confirmEveryMs);
    expect(steady.now()).toBe(clock.now());
  });

  test("set right again before that, never was ahead", () => {
    const { clock, steady, said } = opened();
    clock.set(start + dayMs);
    steady.now();
    clock.advance(10_000);
    clock.set(start + 10_000);
    expect(steady.now()).toBe(start + 10_000);
    clock.advance(confirmMs * 2);
    expect(steady.now()).toBe(clock.now());
    expect(said).toEqual(["held", "taken-back"]);
  });

  test("does not count the same moment twice, however often it is asked", () => {
    const { clock, steady } = opened();
    clock.set(start + dayMs);
    for (let n = 0; n < 1_000; n += 1) expect(steady.now()).toBe(start);
  });

  test("begins anew when the clock jumps again while it is being confirmed", () => {
    const { clock, steady } = opened();
    clock.set(start + dayMs);
    steady.now();
    clock.advance(confirmMs - 2_000);
    clock.set(clock.now() + dayMs);
    steady.now();
    clock.advance(confirmMs - 2_000);
    expect(steady.now()).toBeLessThan(start + 2 * confirmMs);
    clock.advance(4_000);
    expect(steady.now()).toBe(clock.now());
  });

  test("takes a quarter of an hour, and a step back, at once", () => {
    const { clock, steady, said } = opened();
    clock.set(start + jumpMs);
    expect(steady.now()).toBe(start + jumpMs);
    clock.set(start - dayMs);
    expect(steady.now()).toBe(start - dayMs);
    // Set right: no further ahead than it was before somebody set it back.
    clock.set(start + jumpMs);
    expect(steady.now()).toBe(start + jumpMs);
    expect(said).toEqual([]);
  });

  test("begun a day after the log's end waits too: a machine that starts may have a wrong clock", () => {
    const { clock, steady } = opened(start - dayMs);
    expect(steady.now()).toBe(start - dayMs);
    clock.advance(confirmMs + confirmEveryMs);
    expect(steady.now()).toBe(clock.now());
  });
});
