import { readFileSync } from "node:fs";
import {
  type AlertDecision,
  type CloudEvent,
  type Decision,
  type Fact,
  type Flag,
  isoTime,
  kinds,
  type Output,
  parseEvent,
  typeOf,
} from "@troth/events";
import { parsePolicy } from "@troth/policy";
import { beforeAll, describe, expect, test } from "vitest";
import { Pipeline } from "../pipeline.ts";
import { defaultPolicyPath } from "../policy-file.ts";
import { day, frameOf, hour } from "./diary.ts";
import { syntheticDay } from "./synthetic-day.ts";

const endsAt = Date.UTC(2026, 5, 12, 18);
const told = (seed: number, customers = 400, ends = endsAt): CloudEvent[] => [
  ...syntheticDay({ seed, endsAt: ends, customers }),
];

function factOf(event: CloudEvent): Fact {
  const parsed = parseEvent(JSON.parse(JSON.stringify(event)));
  if (!parsed.ok) throw new Error(`${event.id}: ${parsed.error.message}`);
  return parsed.value;
}

const isDecision = (body: Output["body"]): body is Decision =>
  !["noise", "retraction", "merge", "split"].includes(body.kind);

function judge(events: readonly CloudEvent[]): { decisions: Decision[]; flags: readonly Flag[] } {
  const policy = parsePolicy(readFileSync(defaultPolicyPath, "utf8"));
  if (!policy.ok) throw new Error("the default policy is wrong");
  const pipeline = new Pipeline(policy.value, "story");
  const out: Output["body"][] = [];
  let stamp = 0;
  for (const event of events) {
    const fact = factOf(event);
    stamp = Math.max(stamp, fact.recordedTime);
    expect(pipeline.take(fact, stamp, out)).toBe("applied");
  }
  pipeline.tick(endsAt, out);
  return { decisions: out.filter(isDecision), flags: pipeline.flags(endsAt) };
}

describe("the synthetic day", () => {
  test("tells the same events, byte for byte, for the same seed, and others for another", () => {
    const once = JSON.stringify(told(7));
    expect(JSON.stringify(told(7))).toBe(once);
    expect(JSON.stringify(told(8))).not.toBe(once);
  });

  test("moves as a whole with its end", () => {
    const shift = 400 * day;
    const moved = told(7, 40, endsAt + shift).map((event) => factOf(event).recordedTime - shift);
    expect(moved).toEqual(told(7, 40).map((event) => factOf(event).recordedTime));
  });

  test("is taken by the door whole, in order of recordedtime, each id once, nothing from the future", () => {
    const events = told(7);
    const facts = events.map(factOf);
    expect(events.length).toBeGreaterThan(3_000);
    expect(events.length).toBeLessThan(6_000);
    expect(new Set(events.map((event) => event.id)).size).toBe(events.length);
    let last = 0;
    for (const fact of facts) {
      expect(fact.recordedTime).toBeGreaterThanOrEqual(last);
      expect(fact.time).toBeLessThanOrEqual(fact.recordedTime);
      last = fact.recordedTime;
    }
    expect(last).toBeLessThanOrEqual(endsAt);
    expect(endsAt - last).toBeLessThan(hour);
  });

  test("has every kind of fact but those by which people answer troth", () => {
    const seen = new Set(told(7).map((event) => event.type));
    const missing = kinds.filter((kind) => !seen.has(typeOf(kind)));
    expect(missing).toEqual([
      "alert.acknowledged",
      "alert.snoozed",
      "alert.false-alarm",
      "charge.disputed",
      "charge.ruled",
    ]);
  });

  test("says of every source and customer that they are made up", () => {
    for (const event of told(7, 60)) {
      expect(event.source).toMatch(/halden-demo/);
      if (event.subject?.startsWith("customer:") === true)
        expect(event.subject).toMatch(/:demo-\d{4}$/);
    }
  });

  test("can be told of one customer or none", () => {
    expect(told(7, 0).every((event) => event.subject === undefined)).toBe(true);
    expect(told(7, 1).some((event) => event.subject === "customer:demo-0001")).toBe(true);
  });
});

describe("the synthetic day under the default policy", () => {
  let decisions: Decision[];
  let flags: readonly Flag[];
  beforeAll(() => {
    ({ decisions, flags } = judge(told(7)));
  });
  const opened = (): AlertDecision[] =>
    decisions.filter((one): one is AlertDecision => one.kind === "alert" && one.state === "opened");

  test("leaves most customers without an alert and most of them without a flag", () => {
    const alerted = new Set(opened().map((alert) => alert.customer));
    expect(alerted.size).toBeGreaterThanOrEqual(8);
    expect(alerted.size).toBeLessThan(40);
    const flagged = flags.filter((flag) => flag.level !== "none").length;
    expect(flagged).toBeLessThan(160);
  });

  test("shows critical breaks and sums of small things", () => {
    const compound = opened().filter((alert) => alert.rule === "compound");
    expect(opened().some((alert) => alert.rule === "critical")).toBe(true);
    // Of at least one, no part alone would have reached the alert.
    expect(compound.some((alert) => alert.parts.every((part) => part.points < 600))).toBe(true);
  });

  test("breaks every promise of the lead character's week and shows five owners", () => {
    const customer = "customer:demo-0001";
    const last = new Map<string, string>();
    for (const one of decisions) {
      if (one.kind === "pledge" && one.customer === customer) {
        last.set(`${one.template}#${one.term}`, one.verdict);
      }
    }
    expect(Object.fromEntries(last)).toMatchObject({
      "deal-on-the-bill#1": "broken",
      "answer-within#1": "broken",
      "follow-up#1": "broken",
      "delivery-date#1": "renegotiated",
      "delivery-date#2": "broken",
      "installation#1": "broken",
    });
    const flag = flags.find((one) => one.customer === customer);
    const parts = flag?.parts ?? [];
    expect(parts.reduce((sum, part) => sum + part.points, 0)).toBe(flag?.score);
    const noisy = parts.filter((part) => part.points > 0);
    expect(new Set(noisy.map((part) => part.owner)).size).toBeGreaterThanOrEqual(5);
    expect(new Set(noisy.flatMap((part) => part.evidence)).size).toBeGreaterThanOrEqual(7);
  });

  test("goes blind once while the carrier is silent, and judges with true times afterwards", () => {
    const { silentFrom, silentUntil } = frameOf(endsAt);
    const silences = decisions.filter((one) => one.kind === "source" && one.state === "silent");
    expect(silences.map((one) => one.kind === "source" && one.source)).toEqual(["carrier"]);
    const rows = decisions.filter(
      (one) => one.kind === "pledge" && one.template === "delivery-date",
    );
    const blind = rows.filter((one) => one.kind === "pledge" && one.verdict === "source-blind");
    expect(blind.length).toBeGreaterThanOrEqual(3);
    const brokenThen = rows.filter(
      (one) =>
        one.kind === "pledge" &&
        one.verdict === "broken" &&
        one.decidedAt > silentUntil &&
        one.at > silentFrom &&
        one.at < silentUntil,
    );
    expect(brokenThen.length).toBeGreaterThanOrEqual(1);
    for (const one of opened()) {
      const during = one.at > silentFrom + hour && one.at < silentUntil;
      expect(during && one.lead?.link === "delivery", isoTime(one.at)).toBe(false);
    }
  });

  test("tells who the outage, the recall and the news touched", () => {
    const touched = new Map(
      decisions.flatMap((one) => (one.kind === "cohort" ? [[one.rule, one.touched] as const] : [])),
    );
    for (const rule of ["known-incident", "recall", "bad-news"]) {
      expect(touched.get(rule), rule).toBeGreaterThan(0);
      expect(touched.get(rule), rule).toBeLessThan(60);
    }
  });
});
