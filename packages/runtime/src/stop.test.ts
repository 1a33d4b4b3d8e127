import { EventEmitter } from "node:events";
import { describe, expect, test } from "vitest";
import { openSimulatedClock } from "./simulated/clock.ts";
import { openStop } from "./stop.ts";

function open(graceMs = 5_000) {
  const emitter = new EventEmitter();
  const exits: number[] = [];
  const told: string[] = [];
  const clock = openSimulatedClock();
  const stop = openStop({
    host: {
      on: (signal, listener) => emitter.on(signal, listener),
      off: (signal, listener) => emitter.off(signal, listener),
      exit: (code) => exits.push(code),
    },
    clock,
    graceMs,
    tell: (event) => told.push(`${event.stop} ${event.name}`),
  });
  return { stop, emitter, exits, told, clock };
}

describe("a process told to stop", () => {
  test("closes what it opened in reverse order, one after another, and lets go of signals", async () => {
    const { stop, emitter, told, exits } = open();
    const order: string[] = [];
    const closer = (name: string) => async () => {
      order.push(`${name} begins`);
      await Promise.resolve();
      order.push(`${name} ends`);
    };
    stop.defer("log", closer("log"));
    stop.defer("door", closer("door"));
    const finished = stop.finish();
    expect(stop.signal.aborted).toBe(false);
    emitter.emit("SIGTERM");
    expect(await finished).toBe(0);
    expect(order).toEqual(["door begins", "door ends", "log begins", "log ends"]);
    expect(told).toEqual(["requested SIGTERM", "closed door", "closed log"]);
    expect(emitter.listenerCount("SIGTERM") + emitter.listenerCount("SIGINT")).toBe(0);
    expect(exits).toEqual([]);
  });

  test("closes the rest although one fails, and says so with its exit code", async () => {
    const { stop, told } = open();
    stop.defer("first", () => undefined);
    stop.defer("second", () => Promise.reject(new Error("stuck")));
    stop.request("end of input");
    expect(await stop.finish()).toBe(1);
    expect(told).toEqual(["requested end of input", "failed second", "closed first"]);
  });

  test("goes at the second signal", () => {
    const { stop, emitter, exits } = open();
    void stop.finish();
    emitter.emit("SIGINT");
    expect(exits).toEqual([]);
    emitter.emit("SIGINT");
    expect(exits).toEqual([1]);
  });

  test("goes when closing takes longer than the grace time, and says what held it up", async () => {
    const { stop, clock, exits, told } = open(100);
    stop.defer("never came to", () => undefined);
    stop.defer("hangs", () => new Promise(() => undefined));
    stop.request("test");
    void stop.finish();
    await Promise.resolve();
    clock.advance(99);
    expect(exits).toEqual([]);
    clock.advance(1);
    expect(exits).toEqual([1]);
    expect(told).toEqual(["requested test", "overran hangs"]);
  });
});
