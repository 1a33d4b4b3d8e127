import { expect, test } from "vitest";
import {
  d,
  day,
  delivered,
  diary,
  fact,
  judged,
  made,
  placed,
  pledge,
  policy,
  slot,
} from "./in-code.ts";

const quiet = { bySeverity: [0, 0, 0, 0, 0, 0], atRisk: 0, overdue: 0, renegotiated: 0, kept: 0 };
/** A policy of one pledge that weighs nothing, so that only verdicts are said. */
const only = (more: Parameters<typeof pledge>[0]) =>
  policy({ pledges: [pledge({ points: quiet, ...more })] });

test("a parcel that comes in time keeps the promise", () => {
  const { decisions, counts } = judged([placed("1", d(0), d(10)), delivered("2", d(5))], only({}));
  expect(diary(decisions)).toEqual(["0: date/A#1 open at 0", "5: date/A#1 kept at 5 kept 5"]);
  expect(decisions[1]).toMatchObject({ was: "open", revision: 2, because: "fact", due: d(10) });
  expect(decisions[1]).toMatchObject({
    evidence: ["1", "2"],
    madeAt: d(0),
    customer: "customer:1",
  });
  expect(counts).toEqual({ read: 2, applied: 2, duplicates: 0, setAside: 0, waiting: 0 });
});

test("a day that passes without the parcel goes from open over at-risk and overdue to broken", () => {
  const by = only({ atRiskBeforeMs: 2 * day, graceMs: day });
  expect(diary(judged([placed("1", d(0), d(10))], by, d(15)).decisions)).toEqual([
    "0: date/A#1 open at 0",
    "8: date/A#1 at-risk at 8",
    "10: date/A#1 overdue at 10",
    "11: date/A#1 broken at 11 severity 3",
    "13: date/A#1 broken at 13 severity 4",
  ]);
});

test("a late arrival mends a broken promise and freezes its severity", () => {
  const facts = [placed("1", d(0), d(10)), delivered("2", d(12))];
  const { decisions } = judged(facts, only({}), d(30));
  expect(diary(decisions)).toEqual([
    "0: date/A#1 open at 0",
    "10: date/A#1 broken at 10 severity 3",
    "12: date/A#1 broken at 10 severity 3 kept 12",
  ]);
  expect(decisions[2]).toMatchObject({ revision: 3, was: "broken", evidence: ["1", "2"] });
});

test("evidence recorded late takes a break back", () => {
  const late = { ...delivered("2", d(9)), recordedTime: d(14) };
  expect(diary(judged([placed("1", d(0), d(10)), late], only({})).decisions)).toEqual([
    "0: date/A#1 open at 0",
    "10: date/A#1 broken at 10 severity 3",
    "13: date/A#1 broken at 13 severity 4",
    "14: date/A#1 kept at 9 kept 9",
  ]);
});

test("another date is a renegotiation, and both rows stay visible", () => {
  const facts = [placed("1", d(0), d(10)), placed("2", d(5), d(15)), delivered("3", d(12))];
  const { decisions, pledges } = judged(facts, only({}));
  expect(diary(decisions)).toEqual([
    "0: date/A#1 open at 0",
    "5: date/A#1 renegotiated at 5",
    "5: date/A#2 open at 5",
    "12: date/A#1 renegotiated at 5 kept 12",
    "12: date/A#2 kept at 12 kept 12",
  ]);
  expect(decisions[1]).toMatchObject({ evidence: ["1", "2"] });
  expect(pledges.map((row) => row.verdict)).toEqual(["renegotiated", "kept"]);
});

test("saying the same date again is nothing, and a date given after arrival is no promise", () => {
  const facts = [
    placed("1", d(0), d(10)),
    placed("2", d(2), d(10)),
    delivered("3", d(5)),
    placed("4", d(6), d(20)),
  ];
  expect(diary(judged(facts, only({})).decisions)).toEqual([
    "0: date/A#1 open at 0",
    "5: date/A#1 kept at 5 kept 5",
  ]);
});

test("what happened first decides: withdrawn before a break stays withdrawn", () => {
  const facts = [
    placed("1", d(0), d(10)),
    fact("promise.withdrawn", "2", d(3), { orderNumber: "A" }),
    fact("delivery.missed", "3", d(4), { orderNumber: "A" }),
  ];
  expect(diary(judged(facts, only({})).decisions)).toEqual([
    "0: date/A#1 open at 0",
    "3: date/A#1 withdrawn at 3",
  ]);
});

test("an explicit break weighs at least its own severity, and more as it drags on", () => {
  const facts = [
    placed("1", d(0), d(10)),
    fact("delivery.missed", "2", d(9), { orderNumber: "A" }),
  ];
  const said = judged(facts, only({ brokenSeverity: 4 }), d(20)).decisions;
  expect(diary(said)).toEqual([
    "0: date/A#1 open at 0",
    "9: date/A#1 broken at 9 severity 4",
    "17: date/A#1 broken at 17 severity 5",
  ]);
  expect(said[2]).toMatchObject({ because: "time", was: "broken", revision: 3 });
});

test("a pause pushes the due moment, and while it is open nothing is due", () => {
  const facts = [
    placed("1", d(0), d(10)),
    fact("promise.paused", "2", d(4), { orderNumber: "A" }),
    fact("promise.paused", "3", d(5), { orderNumber: "A" }),
    fact("promise.resumed", "4", d(7), { orderNumber: "A" }),
  ];
  const { decisions } = judged(facts, only({}), d(14));
  expect(diary(decisions)).toEqual([
    "0: date/A#1 open at 0",
    "4: date/A#1 open at 0",
    "7: date/A#1 open at 0",
    "13: date/A#1 broken at 13 severity 3",
  ]);
  expect(decisions.flatMap((one) => (one.kind === "pledge" ? [one.due] : []))).toEqual([
    d(10),
    null,
    d(13),
    d(13),
  ]);
});

test("a promise of no date stays open, and one that nobody reports on is unverifiable", () => {
  expect(diary(judged([placed("1", d(0), null)], only({}), d(99)).decisions)).toHaveLength(1);
  const unseen = only({ verifiable: false, kept: [] });
  expect(diary(judged([placed("1", d(0), d(2))], unseen, d(9)).decisions)).toEqual([
    "0: date/A#1 open at 0",
    "2: date/A#1 unverifiable at 2",
  ]);
});

test("silence keeps a promise that something will not happen", () => {
  const by = only({ keptBySilence: true, kept: [], due: ({ madeAt }) => madeAt + 7 * day });
  const missed = fact("delivery.missed", "2", d(3), { orderNumber: "A" });
  expect(diary(judged([placed("1", d(0), null)], by, d(8)).decisions)).toEqual([
    "0: date/A#1 open at 0",
    "7: date/A#1 kept at 7",
  ]);
  expect(diary(judged([placed("1", d(0), null), missed], by, d(99)).decisions)).toEqual([
    "0: date/A#1 open at 0",
    "3: date/A#1 broken at 3 severity 3",
  ]);
});

test("a fact over its limit breaks the promise in the making, by so much", () => {
  const steps = [
    { over: 0, severity: 1 },
    { over: 50, severity: 2 },
  ];
  const by = only({ limit: 100, kept: [], steps });
  const order = (id: string, amount: number) =>
    fact("order.placed", id, d(1), { orderNumber: id, amount });
  const { decisions } = judged([order("a", 100), order("b", 149), order("c", 150)], by);
  expect(diary(decisions)).toEqual([
    "1: date/a#1 kept at 1 kept 1",
    "1: date/b#1 broken at 1 severity 1",
    "1: date/c#1 broken at 1 severity 2",
  ]);
});

test("a bill above the promised amount breaks the deal, one at it keeps it", () => {
  const deal = (id: string) =>
    fact("promise.made", id, d(0), { promiseId: id, dueUntil: d(30), amount: 200 });
  const bill = (id: string, deal: string, amount: number) =>
    fact("billing.issued", id, d(9), { dealRef: deal, amount });
  const by = only({
    made: [made("promise.made", "promiseId")],
    kept: [slot("billing.issued", "key", "dealRef")],
    compare: "at-most",
    steps: [
      { over: 0, severity: 2 },
      { over: 50, severity: 3 },
    ],
  });
  const facts = [deal("x"), deal("y"), bill("1", "x", 200), bill("2", "y", 250)];
  expect(diary(judged(facts, by).decisions).slice(2)).toEqual([
    "9: date/x#1 kept at 9 kept 9",
    "9: date/y#1 broken at 9 severity 3",
  ]);
});

test("an order is complete when every part has come, at the latest of them", () => {
  const by = only({
    keptNeeds: "all",
    kept: [
      slot("delivery.status", "key", "orderNumber"),
      slot("visit.completed", "key", "orderNumber"),
    ],
  });
  const parcel = fact("delivery.status", "2", d(4), { orderNumber: "A" });
  const fitter = fact("visit.completed", "3", d(3), { orderNumber: "A" });
  const { decisions } = judged([placed("1", d(0), d(10)), fitter, parcel], by);
  expect(diary(decisions)).toEqual(["0: date/A#1 open at 0", "4: date/A#1 kept at 4 kept 4"]);
  expect(decisions[1]).toMatchObject({ evidence: ["1", "2", "3"] });
});

test("an absence that needs confirming is broken when confirmed, and void when never", () => {
  const confirm = { ...slot("contact.completed", "any", ""), withinMs: 20 * day };
  const by = only({ confirm });
  const call = fact("contact.completed", "2", d(13));
  const confirmed = judged([placed("1", d(0), d(10)), call], by).decisions;
  expect(diary(confirmed)).toEqual([
    "0: date/A#1 open at 0",
    "10: date/A#1 overdue at 10",
    "13: date/A#1 broken at 13 severity 4",
  ]);
  expect(confirmed[2]).toMatchObject({ evidence: ["1", "2"] });
  expect(diary(judged([placed("1", d(0), d(10))], by, d(40)).decisions).slice(1)).toEqual([
    "10: date/A#1 overdue at 10",
    "20: date/A#1 void at 20",
  ]);
});

test("a promise that needs an advert exists only beside one, and is due by what it claimed", () => {
  const needs = { ...slot("advert.exposed", "any", ""), withinMs: 3 * day };
  const by = only({ needs, due: ({ madeAt, needed }) => madeAt + (needed ?? 0) });
  const advert = (id: string, time: number) =>
    fact("advert.exposed", id, time, { amount: 2 * day });
  const seen = [advert("1", d(0)), placed("2", d(1), null), placed("3", d(3.5), null, "B")];
  expect(diary(judged(seen, by, d(9)).decisions)).toEqual([
    "1: date/A#1 open at 1",
    "3: date/A#1 broken at 3 severity 3",
    "6: date/A#1 broken at 6 severity 4",
  ]);
});

test("a loose mark speaks of pledges made before it with the same tag, and never of its own fact", () => {
  const by = only({
    made: [made("contact.completed", "contactId")],
    kept: [],
    broken: [slot("contact.completed", "tag", "tag")],
    keptBySilence: true,
    due: ({ madeAt }) => madeAt + 7 * day,
  });
  const call = (id: string, time: number, tag: string) =>
    fact("contact.completed", id, time, { contactId: id, tag });
  const calls = [call("a", d(0), "bill"), call("b", d(1), "parcel"), call("c", d(2), "bill")];
  expect(diary(judged(calls, by, d(20)).decisions)).toEqual([
    "0: date/a#1 open at 0",
    "1: date/b#1 open at 1",
    "2: date/a#1 broken at 2 severity 3",
    "2: date/c#1 open at 2",
    "8: date/b#1 kept at 8",
    "9: date/c#1 kept at 9",
  ]);
});

test("a supply problem puts a promise at risk from the moment it happened", () => {
  const short = fact("supply.problem", "2", d(3), { orderNumber: "A" });
  const by = only({ atRiskBeforeMs: day });
  expect(diary(judged([placed("1", d(0), d(10)), short], by, d(9.5)).decisions)).toEqual([
    "0: date/A#1 open at 0",
    "3: date/A#1 at-risk at 3",
  ]);
});

test("a preference known when the promise was made changes it, a later one does not", () => {
  const fast = {
    applies: (profile: { pace: string | null }) => profile.pace === "fast",
    off: false,
    due: ({ madeAt }: { madeAt: number }) => madeAt + day,
    limit: null,
    pointsPerMille: 1000,
  };
  const pace = (id: string, time: number, data: Record<string, unknown>) =>
    fact("preference.set", id, time, data);
  const facts = [
    placed("1", d(0), d(10)),
    pace("2", d(1), { pace: "fast", basis: "declared" }),
    pace("3", d(2), { pace: "considered", basis: "inferred" }),
    placed("4", d(3), d(10), "B"),
  ];
  const { pledges } = judged(facts, only({ variants: [fast] }), d(4));
  expect(pledges.map((row) => [row.promiseId, row.due])).toEqual([
    ["date/A", d(10)],
    ["date/B", d(4)],
  ]);
});

test("an inferred preference counts until it expires, and never for an entitlement", () => {
  const none = {
    applies: (profile: { contact: string | null }) => profile.contact === "none",
    off: true,
    due: null,
    limit: null,
    pointsPerMille: 1000,
  };
  const guess = fact("preference.set", "1", d(0), {
    contact: "none",
    basis: "inferred",
    expiresAt: d(5),
  });
  const facts = [guess, placed("2", d(4), d(20)), placed("3", d(5), d(20), "B")];
  const rows = (entitlement: boolean) =>
    judged(facts, only({ variants: [none], entitlement })).pledges.map((row) => row.promiseId);
  expect(rows(false)).toEqual(["date/B"]);
  expect(rows(true)).toEqual(["date/A", "date/B"]);
});

test("a later revision of a record replaces the earlier one, in whatever order they come", () => {
  const revised = (id: string, revision: number, due: number) =>
    fact("order.placed", id, d(0), {
      orderNumber: "A",
      dueUntil: due,
      sourceRecordId: "r",
      revision,
    });
  const first = revised("1", 1, d(5));
  const second = revised("2", 2, d(8));
  for (const facts of [
    [first, second],
    [second, first],
  ]) {
    const { pledges } = judged(facts, only({}));
    expect(pledges).toHaveLength(1);
    expect(pledges[0]).toMatchObject({ term: 1, due: d(8), evidence: ["2"] });
  }
});

test("a fact that supersedes another stands in its place, whichever comes first", () => {
  const first = placed("1", d(0), d(5));
  const right = {
    ...placed("2", d(0), d(8)),
    data: { ...placed("2", d(0), d(8)).data, supersedes: "1" },
  };
  for (const facts of [
    [first, right],
    [right, first],
  ]) {
    const { pledges } = judged(facts, only({}));
    expect(pledges).toMatchObject([{ term: 1, due: d(8), evidence: ["2"] }]);
  }
});

test("what happens at the very end is in time, and at one moment keeping goes before breaking", () => {
  const missed = fact("delivery.missed", "2", d(10), { orderNumber: "A" });
  const facts = [placed("1", d(0), d(10)), missed, delivered("3", d(10))];
  expect(diary(judged(facts, only({ brokenSeverity: 4 })).decisions)).toEqual([
    "0: date/A#1 open at 0",
    "10: date/A#1 broken at 10 severity 3",
    "10: date/A#1 broken at 10 severity 4",
    "10: date/A#1 kept at 10 kept 10",
  ]);
});

test("an advert seen after the promise was made gives no due moment", () => {
  const needs = slot("advert.exposed", "any", "");
  const facts = [placed("1", d(1), null), fact("advert.exposed", "2", d(2), { amount: day })];
  expect(judged(facts, only({ needs })).decisions).toEqual([]);
});

test("a pause after the due moment excuses nothing", () => {
  const facts = [
    placed("1", d(0), d(10)),
    fact("promise.paused", "2", d(11), { orderNumber: "A" }),
    fact("promise.resumed", "3", d(12), { orderNumber: "A" }),
  ];
  expect(judged(facts, only({})).pledges).toMatchObject([{ verdict: "broken", due: d(10) }]);
});
