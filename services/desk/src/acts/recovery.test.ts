import { readFileSync } from "node:fs";
import type { AlertDecision } from "@troth/events";
import { parsePolicy } from "@troth/policy";
import { expect, test } from "vitest";
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
async function heardAt(now: number, isLive = true) {
  const handed: object[] = [];
  const became: string[] = [];
  const recovery = openRecovery({
    hand: async (events) => {
      handed.push(...events);
      return "stored";
    },
    policy: { readers },
    tenantOf: () => "default",
    isLive: () => isLive,
    logTime: async () => now,
    tell: {
      made: () => became.push("made"),
      late: () => became.push("late"),
      failed: (error) => became.push(String(error)),
    },
  });
  recovery.fold({ inOffset: 0, seq: 0, stamp: monday, body: opened("a-1", monday) });
  await new Promise((resolve) => setImmediate(resolve));
  return { handed: handed.length, became };
}

test("an alert is a promise to put it right as long as that promise can still be kept", async () => {
  expect(due).toBeGreaterThan(monday);
  const last = Number(due) - 1;
  expect(await heardAt(monday)).toEqual({ handed: 1, became: ["made"] });
  expect(await heardAt(last)).toEqual({ handed: 1, became: ["made"] });
});

test("heard of when that promise would be late already, it is left without one, and counted", async () => {
  expect(await heardAt(Number(due))).toEqual({ handed: 0, became: ["late"] });
  expect(await heardAt(Number(due) + 30 * 86_400_000)).toEqual({ handed: 0, became: ["late"] });
});

test("of what was over before anybody watched nothing is promised and nothing counted", async () => {
  expect(await heardAt(monday, false)).toEqual({ handed: 0, became: [] });
});
