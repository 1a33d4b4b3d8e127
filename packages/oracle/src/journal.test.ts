import type { Fact } from "@troth/events";
import { expect, test } from "vitest";
import { Agenda } from "./agenda.ts";
import {
  carrier,
  d,
  delivered,
  diary,
  fact,
  hour,
  judged,
  noise,
  placed,
  pledge,
  policy,
  text,
} from "./in-code.ts";

const quiet = { bySeverity: [0, 0, 0, 0, 0, 0], atRisk: 0, overdue: 0, renegotiated: 0, kept: 0 };
const verdicts = policy({ pledges: [pledge({ points: quiet })] });
const of = (subject: string | null, one: Fact): Fact => ({ ...one, subject });
const linked = (id: string, time: number, reference: string, customer = "customer:1"): Fact =>
  fact("identity.linked", id, time, { reference, customer });
const unlinked = (id: string, time: number, reference: string, customer = "customer:1"): Fact =>
  fact("identity.unlinked", id, time, { reference, customer });
const parcel = (id: string, time: number): Fact =>
  fact(
    "delivery.status",
    id,
    time,
    { orderNumber: "A", deliveryStatus: "Delivered" },
    {
      subject: "order:A",
    },
  );

test("an event sent twice is counted and otherwise nothing, until it is forgotten", () => {
  const again = { ...placed("1", d(0), d(10)), recordedTime: d(6) };
  const { counts, decisions } = judged([placed("1", d(0), d(10)), again], verdicts);
  expect(counts).toMatchObject({ read: 2, applied: 1, duplicates: 1 });
  expect(diary(decisions)).toHaveLength(1);
  const muchLater = { ...again, recordedTime: d(13) };
  const third = judged([placed("1", d(0), d(20)), again, muchLater], verdicts);
  expect(third.counts).toMatchObject({ read: 3, applied: 2, duplicates: 1 });
});

test("the clock never goes back, and nothing recorded after the end is read", () => {
  const early = { ...placed("2", d(1), d(5), "B"), recordedTime: d(1) };
  const beyond = { ...delivered("3", d(4)), recordedTime: d(21) };
  const { decisions, counts } = judged([placed("1", d(2), d(9)), early, beyond], verdicts, d(20));
  expect(diary(decisions).slice(0, 3)).toEqual([
    "2: date/A#1 open at 2",
    "2: date/B#1 open at 1",
    "5: date/B#1 broken at 5 severity 3",
  ]);
  expect(counts.read).toBe(2);
});

test("facts wait for their owner and are delivered in order when the link comes", () => {
  const facts = [
    of("order:A", placed("1", d(0), d(2))),
    parcel("2", d(1)),
    linked("3", d(4), "order:A"),
  ];
  expect(judged(facts.slice(0, 2), verdicts).counts).toMatchObject({ applied: 2, waiting: 2 });
  const { decisions, counts } = judged(facts, verdicts);
  expect(diary(decisions)).toEqual([
    "4: date/A#1 broken at 2 severity 3",
    "4: date/A#1 kept at 1 kept 1",
  ]);
  expect(counts).toMatchObject({ read: 3, applied: 3, waiting: 0 });
});

test("an event that carries two references joins them", () => {
  const facts = [parcel("2", d(1)), placed("1", d(1.5), d(5))];
  expect(diary(judged(facts, verdicts).decisions)).toEqual([
    "1.5: date/A#1 open at 1.5",
    "1.5: date/A#1 kept at 1 kept 1",
  ]);
});

test("when a waiting room is full the newest is set aside", () => {
  const facts = [1, 2, 3, 4, 5].map((i) => parcel(String(i), d(i)));
  const { counts } = judged(facts, verdicts);
  expect(counts).toEqual({ read: 5, applied: 4, duplicates: 0, setAside: 1, waiting: 4 });
});

test("an undone link takes back what came by it, and the facts wait for their true owner", () => {
  const facts = [
    linked("0", d(0), "order:A"),
    of("order:A", placed("1", d(1), d(9))),
    unlinked("2", d(3), "order:A"),
    linked("3", d(4), "order:A", "customer:2"),
  ];
  const { decisions } = judged(facts, verdicts);
  expect(diary(decisions)).toEqual([
    "1: date/A#1 open at 1",
    "3: date/A#1 void at 3",
    "4: date/A#1 open at 1",
  ]);
  expect(decisions[1]).toMatchObject({
    because: "retraction",
    customer: "customer:1",
    revision: 2,
  });
  expect(decisions[2]).toMatchObject({ because: "fact", customer: "customer:2", revision: 1 });
});

test("customers merge and part again with what was theirs", () => {
  const facts = [
    of("customer:2", placed("1", d(0), d(20))),
    linked("2", d(1), "customer:2"),
    of("customer:2", placed("3", d(2), d(20), "B")),
    of("customer:1", placed("4", d(3), d(20), "C")),
    unlinked("5", d(4), "customer:2"),
  ];
  const { decisions } = judged(facts, verdicts);
  const lines = diary(decisions).map((line, i) => {
    const decision = decisions[i];
    return decision?.kind === "pledge" ? `${decision.customer} ${decision.because} ${line}` : line;
  });
  expect(lines).toEqual([
    "customer:2 fact 0: date/A#1 open at 0",
    "customer:2 identity 1: date/A#1 void at 1",
    "customer:1 identity 1: date/A#1 open at 0",
    "customer:1 fact 2: date/B#1 open at 2",
    "customer:1 fact 3: date/C#1 open at 3",
    "customer:1 identity 4: date/A#1 void at 4",
    "customer:1 identity 4: date/B#1 void at 4",
    "customer:2 identity 4: date/A#1 open at 0",
    "customer:2 identity 4: date/B#1 open at 2",
  ]);
});

test("a merge that would close a circle is ignored", () => {
  const facts = [
    linked("1", d(0), "customer:2", "customer:1"),
    linked("2", d(1), "customer:1", "customer:2"),
    of("customer:2", placed("3", d(2), d(9))),
  ];
  expect(judged(facts, verdicts).decisions).toMatchObject([{ customer: "customer:1" }]);
});

test("while the carrier is silent nobody is blamed, and its return tells who was late", () => {
  const by = policy({ sources: [carrier], pledges: [pledge({ source: carrier, points: quiet })] });
  const beat = (id: string, time: number): Fact =>
    fact("source.heartbeat", id, time, {}, { subject: null, source: "urn:carrier" });
  const h = (hours: number): number => d(0) + hours * hour;
  const facts = [
    beat("b0", h(0)),
    placed("1", h(0), h(3)),
    placed("2", h(0), h(3), "B"),
    beat("b1", h(12)),
    { ...delivered("3", h(2.5)), recordedTime: h(12.5), source: "urn:carrier" },
  ];
  const lines = diary(judged(facts, by, h(13)).decisions);
  const at = (hours: number): number => hours / 24;
  expect(lines).toEqual([
    "0: date/A#1 open at 0",
    "0: date/B#1 open at 0",
    `${at(2)}: source silent`,
    `${at(3)}: date/A#1 source-blind at ${at(3)}`,
    `${at(3)}: date/B#1 source-blind at ${at(3)}`,
    `${at(12)}: source back`,
    `${at(12.5)}: date/A#1 kept at ${at(2.5)} kept ${at(2.5)}`,
    `${at(13)}: date/B#1 broken at ${at(3)} severity 3`,
  ]);
});

test("an incident touches those who live there, and who is found to live there later", () => {
  const touches = {
    by: ["region"] as const,
    region: (one: Fact) => text(one, "region"),
    product: () => null,
    segment: () => null,
    link: () => null,
    campaign: () => null,
  };
  const by = policy({ noises: [noise("incident.raised", { id: "outage", touches })] });
  const lives = (id: string, time: number, who: string, region: string): Fact =>
    of(who, fact("profile.updated", id, time, { region }));
  const incident = of(null, fact("incident.raised", "i", d(3), { region: "north" }));
  const facts = [
    lives("1", d(0), "customer:1", "north"),
    lives("2", d(0), "customer:2", "south"),
    incident,
    { ...lives("3", d(2), "customer:3", "north"), recordedTime: d(4) },
    lives("4", d(4), "customer:4", "north"),
  ];
  const { decisions, flags } = judged(facts, by);
  // A day later the review finds trunc(100 * 2^(-6/64)) = 93, which is below low; so has the one
  // found later from the start.
  expect(diary(decisions)).toEqual(["3: flag low 100", "3: cohort outage 1", "4: flag none 93"]);
  expect(decisions[0]).toMatchObject({ customer: "customer:1" });
  expect(flags.map((flag) => flag.customer).sort()).toEqual(["customer:1", "customer:3"]);
});

const nobody = {
  region: () => null,
  product: () => null,
  segment: () => null,
  link: () => null,
  campaign: () => null,
};

test("an incident on a link touches those with a live promise on it", () => {
  const touches = { ...nobody, by: ["link"] as const, link: () => "delivery" };
  const by = policy({ noises: [noise("incident.raised", { id: "outage", touches })] });
  const facts = [
    of("customer:1", placed("1", d(0), d(9))),
    of("customer:2", placed("2", d(0), d(9), "B")),
    of("customer:2", delivered("3", d(1), "B")),
    of("customer:3", placed("4", d(0), d(1), "C")),
    of("customer:3", delivered("5", d(2), "C")),
    of(null, fact("incident.raised", "i", d(3))),
  ];
  const { decisions } = judged(facts, by);
  expect(diary(decisions).slice(-2)).toEqual(["3: flag low 100", "3: cohort outage 1"]);
  expect(decisions.at(-2)).toMatchObject({ customer: "customer:1" });
});

test("an incident that names no dimension touches nobody, and says so", () => {
  const touches = { ...nobody, by: ["region"] as const };
  const by = policy({ noises: [noise("incident.raised", { id: "outage", touches })] });
  const facts = [placed("1", d(0), d(9)), of(null, fact("incident.raised", "i", d(3)))];
  expect(diary(judged(facts, by).decisions).slice(1)).toEqual(["3: cohort outage 0"]);
});

test("a campaign touches those who had seen it by then", () => {
  const touches = { ...nobody, by: ["campaign"] as const, campaign: () => "spring" };
  const by = policy({ noises: [noise("news.published", { id: "recalled", touches })] });
  const seen = (id: string, time: number, who: string): Fact =>
    of(who, fact("advert.exposed", id, time, { campaignId: "spring" }));
  const news = of(null, fact("news.published", "n", d(2), {}, { recordedTime: d(4) }));
  const facts = [seen("1", d(1), "customer:1"), seen("2", d(3), "customer:2"), news];
  // Two days old when it is heard of: trunc(100 * 2^(-12/64)) = 87.
  const { decisions, flags } = judged(facts, by);
  expect(diary(decisions)).toEqual(["4: cohort recalled 1"]);
  expect(flags).toMatchObject([{ customer: "customer:1", score: 87 }]);
});

test("a supply problem that names orders is a fact about each of them", () => {
  const short = of(null, fact("supply.problem", "s", d(2), { affectedOrders: ["A", "B"] }));
  const facts = [placed("1", d(0), d(9)), placed("2", d(0), d(9), "B"), short];
  expect(diary(judged(facts, verdicts).decisions).slice(2)).toEqual([
    "2: date/A#1 at-risk at 2",
    "2: date/B#1 at-risk at 2",
  ]);
});

test("of too many pledges the one closed longest ago goes without a word", () => {
  const limits = { ...policy().limits, pledgesPerCustomer: 2 };
  const by = policy({ pledges: [pledge({ points: quiet })], limits });
  const facts = [
    placed("1", d(0), d(9), "A"),
    placed("2", d(0), d(9), "B"),
    delivered("3", d(2), "A"),
    delivered("4", d(1), "B"),
    placed("5", d(3), d(9), "C"),
  ];
  const earlier = (id: string, order: string): Fact => ({
    ...delivered(id, d(0.5), order),
    recordedTime: d(5),
  });
  const before = diary(judged(facts, by).decisions);
  expect(before).toHaveLength(5);
  const remembered = diary(judged([...facts, earlier("6", "A")], by).decisions);
  expect(remembered.slice(5)).toEqual(["5: date/A#1 kept at 0.5 kept 0.5"]);
  expect(diary(judged([...facts, earlier("6", "B")], by).decisions)).toEqual(before);
});

test("an event seen again after exactly the time of remembering is a new one", () => {
  const again = (days: number): Fact => ({ ...placed("1", d(0), d(10)), recordedTime: d(days) });
  expect(judged([again(0), again(7)], verdicts).counts.duplicates).toBe(0);
  expect(judged([again(0), again(6.99)], verdicts).counts.duplicates).toBe(1);
});

test("a row is blind since its due moment when the source had already gone quiet", () => {
  const by = policy({ sources: [carrier], pledges: [pledge({ source: carrier, points: quiet })] });
  const first = fact("source.heartbeat", "b", d(0), {}, { subject: null, source: "urn:carrier" });
  const facts = [first, placed("1", d(0), d(0) + 1.5 * hour)];
  const last = judged(facts, by, d(1)).decisions.at(-1);
  expect(last).toMatchObject({
    verdict: "source-blind",
    decidedAt: d(0) + 2 * hour,
    at: d(0) + 1.5 * hour,
  });
});

test("what a link releases follows first to last, and what that releases comes after", () => {
  const waits = (id: string, subject: string, more: Record<string, unknown>): Fact =>
    fact("survey.invited", id, d(1), { invitationId: id, ...more }, { subject });
  const facts = [
    waits("behind-b", "order:B", {}),
    waits("a1", "order:A", { orderNumber: "B" }),
    waits("a2", "order:A", {}),
    linked("l", d(2), "order:A"),
  ];
  const surveys = judged(facts, verdicts).decisions;
  expect(surveys.flatMap((one) => (one.kind === "survey" ? [one.invitationId] : []))).toEqual([
    "a1",
    "a2",
    "behind-b",
  ]);
});

test("a customer merged once is not merged again elsewhere", () => {
  const facts = [
    linked("1", d(0), "customer:2", "customer:1"),
    linked("2", d(1), "customer:2", "customer:3"),
    of("customer:2", placed("3", d(2), d(9))),
  ];
  expect(judged(facts, verdicts).decisions).toMatchObject([{ customer: "customer:1" }]);
});

test("a source names since when it was silent", () => {
  const by = policy({ sources: [carrier] });
  const beat = (id: string, time: number): Fact =>
    fact("source.heartbeat", id, time, {}, { subject: null, source: "urn:carrier" });
  const { decisions } = judged([beat("a", d(0)), beat("b", d(1))], by);
  expect(decisions).toMatchObject([
    { says: "Nothing heard from carrier since 2026-01-01T00:00:00.000Z." },
    { says: "carrier is heard again; it was silent since 2026-01-01T00:00:00.000Z." },
  ]);
});

test("two tenants never meet", () => {
  const other = { ...delivered("2", d(1)), tenant: "other" };
  const { pledges } = judged([placed("1", d(0), d(9)), other], verdicts, d(2));
  expect(pledges).toMatchObject([{ verdict: "open" }]);
});

test("the agenda gives moments in order, each customer once", () => {
  const agenda = new Agenda<string>();
  agenda.put("a", 5);
  agenda.put("b", 3);
  agenda.put("a", 3);
  agenda.put("c", 5);
  agenda.put("c", null);
  expect([agenda.earliest(), agenda.take(3).sort()]).toEqual([3, ["a", "b"]]);
  expect([agenda.earliest(), agenda.take(5), agenda.earliest()]).toEqual([5, [], null]);
});
