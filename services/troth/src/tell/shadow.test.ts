import type { AlertDecision } from "@troth/events";
import { openMetrics } from "@troth/runtime";
import { expect, test } from "vitest";
import { openShadowTell } from "./shadow.ts";

function open() {
  const metrics = openMetrics({ process: false });
  const tell = openShadowTell(metrics);
  let inOffset = 0;
  const say = (side: "live" | "shadow", alertId: string, customer: string, state: string): void => {
    const body = { kind: "alert", alertId, customer, state } as AlertDecision;
    const output = { inOffset, seq: 0, stamp: 0, body };
    inOffset += 1;
    // Said twice, as after a crash.
    tell.fold(side, output);
    tell.fold(side, output);
  };
  const shown = async () => {
    const text = await metrics.expose();
    const of = (under: string) =>
      Number(new RegExp(`on_alert\\{under="${under}"\\} (\\d+)`).exec(text)?.[1]);
    return [of("both"), of("live"), of("shadow")];
  };
  return { say, shown };
}

test("customers on alert are told by whose alert it is, and nobody is left when it is over", async () => {
  const { say, shown } = open();
  say("live", "a", "customer:1", "opened");
  say("shadow", "b", "customer:1", "opened");
  say("shadow", "c", "customer:2", "opened");
  expect(await shown()).toEqual([1, 0, 1]);
  say("shadow", "d", "customer:2", "opened");
  say("shadow", "c", "customer:2", "recovered");
  expect(await shown()).toEqual([1, 0, 1]);
  say("shadow", "b", "customer:1", "withdrawn");
  expect(await shown()).toEqual([0, 1, 1]);
  say("shadow", "d", "customer:2", "recovered");
  say("live", "a", "customer:1", "recovered");
  expect(await shown()).toEqual([0, 0, 0]);
});

test("an alert goes along when its customer turns out to be another one", async () => {
  const { say, shown } = open();
  say("live", "a", "customer:1", "opened");
  say("shadow", "b", "customer:2", "opened");
  expect(await shown()).toEqual([0, 1, 1]);
  say("live", "a", "customer:2", "amended");
  expect(await shown()).toEqual([1, 0, 0]);
});
