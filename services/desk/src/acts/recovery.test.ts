import { readFileSync } from "node:fs";
import { type AlertDecision, type Output, parseEvent } from "@troth/events";
import { parsePolicy } from "@troth/policy";
import { expect, test } from "vitest";
import { recoveryEvent } from "./facts.ts";
import { openRecovery } from "./recovery.ts";

const path = new URL("../../../../infra/policy/default.yaml", import.meta.url);
const parsed = parsePolicy(readFileSync(path, "utf8"));
if (!parsed.ok) throw new Error("the default policy does not parse");
const { readers, pledges } = parsed.value;

/** A Monday, at noon in São Paulo; two business days later is the end of Wednesday's office hours. */
const monday = Date.UTC(2026, 5, 15, 15);
const due = pledges
  .find(({ id }) => id === "recovery-promise")
  ?.due({ madeAt: monday, stated: null, needed: null });

const opened = (alertId: string, at: number): AlertDecision => ({
  kind: "alert",
  at,
  customer: "customer:1",
  alertId,
  state: "opened",
  revision: 1,
  rule: "critical",
  level: "critical",
  score: 1_000,
  lead: null,
  operatedBy: null,
  parts: [],
  says: "It broke.",
  policy: "p",
});

/** What becomes of an alert of Monday noon, heard when log time has come to `now`. */
async function heardAt(now: number, isLive = true, more: readonly Output["body"][] = []) {
  const handed: string[] = [];
  let live = isLive;
  const became: string[] = [];
  const recovery = openRecovery({
    hand: async (events) => {
      handed.push(...events.map(({ id }) => String(id)));
      return "stored";
    },
    policy: { readers },
    tenantOf: () => "default",
    isLive: () => live,
    logTime: async () => now,
    tell: {
      made: () => became.push("made"),
      late: () => became.push("late"),
      failed: (error) => became.push(String(error)),
    },
  });
  for (const [inOffset, body] of [opened("a-1", monday), ...more].entries()) {
    recovery.fold({ inOffset, seq: 0, stamp: monday, body });
  }
  await new Promise((resolve) => setImmediate(resolve));
  const atOnce = { handed: [...handed], became: [...became] };
  live = true;
  await recovery.caughtUp();
  return { ...atOnce, afterwards: handed.slice(atOnce.handed.length) };
}

const promised = (alertId: string): Output["body"] => {
  const read = parseEvent(
    recoveryEvent({ alertId, customer: "customer:1", tenant: "default", madeAt: monday }),
  );
  if (!read.ok) throw new Error("a recovery promise does not parse");
  return { kind: "noise", customer: "customer:1", fact: read.value };
};

test("an alert is a promise to put it right as long as that promise can still be kept", async () => {
  expect(due).toBeGreaterThan(monday);
  const last = Number(due) - 1;
  expect(await heardAt(monday)).toEqual({
    handed: ["recovery-a-1"],
    became: ["made"],
    afterwards: [],
  });
  expect(await heardAt(last)).toEqual({
    handed: ["recovery-a-1"],
    became: ["made"],
    afterwards: [],
  });
});

test("heard of when that promise would be late already, it is left without one, and counted", async () => {
  expect(await heardAt(Number(due))).toEqual({ handed: [], became: ["late"], afterwards: [] });
  expect(await heardAt(Number(due) + 30 * 86_400_000)).toEqual({
    handed: [],
    became: ["late"],
    afterwards: [],
  });
});

test("one that opened while no desk was up is promised once the past is read, if it still can be", async () => {
  expect(await heardAt(monday, false)).toEqual({
    handed: [],
    became: [],
    afterwards: ["recovery-a-1"],
  });
  expect(await heardAt(Number(due), false)).toEqual({ handed: [], became: [], afterwards: [] });
});

test("of those the past holds, only what stands and was promised to nobody is promised", async () => {
  const over = { ...opened("a-2", monday), state: "recovered" as const };
  const heard = await heardAt(monday, false, [
    opened("a-2", monday),
    opened("a-3", monday),
    opened("a-4", monday),
    promised("a-3"),
    over,
  ]);
  expect(heard.afterwards).toEqual(["recovery-a-1", "recovery-a-4"]);
});
