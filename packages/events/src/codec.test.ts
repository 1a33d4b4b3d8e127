import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { avroSchemaOf, avroTypeOf, loggedSchemaOf } from "./avro.ts";
import { asPresent, decodeDecision, decodeFact, encodeDecision, encodeFact } from "./codec.ts";
import type { Decision, Part } from "./decision.ts";
import { anyFactOf } from "./fact.arbitrary.ts";
import type { Fact } from "./fact.ts";
import { kinds } from "./kinds/index.ts";

const bill: Fact = {
  id: "b1",
  source: "urn:billing",
  kind: "billing.issued",
  tenant: "default",
  time: 1_515_922_200_000,
  recordedTime: 1_515_922_260_000,
  subject: "customer:42",
  data: { billNo: "b1", amountDue: { amount: "42.00", currency: "EUR" } },
};

describe("a fact in the log", () => {
  it.each(kinds)("of kind %s reads back as it was written", (kind) => {
    fc.assert(
      fc.property(anyFactOf(kind), (fact) => {
        expect(decodeFact(encodeFact(fact))).toStrictEqual({ ok: true, value: fact });
      }),
      { numRuns: 40 },
    );
  });

  it("may be larger than the room first set aside", () => {
    const large = {
      ...bill,
      data: { promiseRefs: Array.from({ length: 64 }, () => "x".repeat(9000)) },
    };
    expect(decodeFact(encodeFact(large))).toStrictEqual({ ok: true, value: large });
    expect(decodeFact(encodeFact(bill))).toStrictEqual({ ok: true, value: bill });
  });

  it("cut short anywhere, or with more behind it, is refused and not misread", () => {
    const bytes = encodeFact(bill);
    for (let length = 0; length < bytes.length; length++) {
      expect(decodeFact(bytes.subarray(0, length))).toMatchObject({
        ok: false,
        error: { reason: "bad-avro" },
      });
    }
    expect(decodeFact(Buffer.concat([bytes, Buffer.from([0])]))).toMatchObject({
      ok: false,
      error: { message: "The record cannot be read as Avro: 1 bytes follow the record." },
    });
  });

  it("of a schema nobody knows is refused by its id", () => {
    const bytes = encodeFact(bill);
    bytes.writeUInt32BE(7, 1);
    expect(decodeFact(bytes)).toMatchObject({
      ok: false,
      error: { reason: "bad-avro", message: expect.stringContaining("Schema id 7") },
    });
    expect(decodeFact(Buffer.from("{}"))).toMatchObject({ ok: false });
  });
});

const part: Part = {
  id: "delivery-date/A-1#1",
  rule: "delivery-date",
  link: "delivery",
  owner: "logistics",
  points: -20,
  severity: 0,
  evidence: ["d1", "d2"],
  says: "It came.",
};
const about = { at: 1_515_922_200_000, policy: "0123456789abcdef" };
const customer = "customer:42";

const decisions: readonly Decision[] = [
  {
    ...about,
    kind: "pledge",
    decidedAt: 1_515_922_300_000,
    customer,
    promiseId: "delivery-date/A-1",
    term: 2,
    template: "delivery-date",
    link: "delivery",
    owner: "logistics",
    operatedBy: "outsourced",
    madeBy: "system",
    how: "stated",
    verdict: "broken",
    was: null,
    revision: 1,
    because: "time",
    madeAt: 1_515_000_000_000,
    due: 1_515_922_200_000,
    keptAt: null,
    severity: 3,
    evidence: ["d1"],
  },
  {
    ...about,
    kind: "alert",
    state: "opened",
    alertId: "a1",
    revision: 1,
    customer,
    rule: "compound",
    level: "high",
    score: 640,
    lead: part,
    operatedBy: null,
    parts: [part, { ...part, evidence: [], points: 660 }],
    says: "The parcel has not come.",
  },
  {
    ...about,
    kind: "alert",
    state: "recovered",
    alertId: "a1",
    revision: 2,
    customer,
    rule: "critical",
    level: "none",
    score: -3,
    lead: null,
    operatedBy: "inhouse",
    parts: [],
    says: "",
  },
  { ...about, kind: "flag", customer, level: "low", was: "none", score: 120, topLink: null },
  {
    ...about,
    kind: "survey",
    customer,
    subject: "order:A-1",
    invitationId: "i1",
    riskScore: 120,
    level: "low",
    alerted: false,
    topLink: "delivery",
    weight: 2.25,
    rules: ["delivery-date", "long-queue"],
    shadow: ["far-promise"],
    parts: [
      {
        id: "delivery-date/1#1",
        rule: "delivery-date",
        link: "delivery",
        owner: "logistics",
        points: 120,
        severity: 4,
        evidence: ["e1"],
        says: "Late.",
      },
    ],
    segment: "vip",
    region: null,
  },
  { ...about, kind: "source", state: "silent", source: "carrier", owner: "logistics", says: "…" },
  {
    ...about,
    kind: "cohort",
    cohort: "n1",
    rule: "outage",
    link: "supply",
    owner: "network",
    touched: 0,
    says: "…",
  },
];

describe("a record of an earlier release", () => {
  it("is read through the schema it was written with: new fields absent, lost ones gone", () => {
    const now = avroSchemaOf("billing.issued");
    const lost = { name: "colour", type: "string" };
    const before = { ...now, fields: [lost, ...now.fields.slice(5, 20)] };
    const writer = avroTypeOf(loggedSchemaOf(before));
    const bytes = Buffer.concat([
      Buffer.from([0, 0, 0, 0, 9]),
      writer.toBuffer({ ...bill, data: { ...bill.data, colour: "red" } }),
    ]);
    const present = avroTypeOf(loggedSchemaOf(now));
    const { record, end } = asPresent(present, writer)(bytes, 5);
    expect(end).toBe(bytes.length);
    const read: unknown = present.fromBuffer(record);
    expect(read).toMatchObject({
      ...Object.fromEntries(Object.entries(bill).filter(([name]) => name !== "kind")),
      data: { amountDue: { amount: "42.00", currency: "EUR" }, billNo: null, link: null },
    });
    expect(read).not.toHaveProperty("data.colour");
  });

  it("whose amounts have the point elsewhere is not read at all", () => {
    const now = JSON.stringify(loggedSchemaOf(avroSchemaOf("billing.issued")));
    const present = avroTypeOf(JSON.parse(now));
    const cents = avroTypeOf(JSON.parse(now.replace('"scale":4', '"scale":2')));
    expect(() => asPresent(present, cents)).toThrow("cannot read");
  });
});

describe("a decision in the log", () => {
  it.each(decisions)("of kind $kind reads back as it was written", (decision) => {
    expect(decodeDecision(encodeDecision(decision))).toStrictEqual({ ok: true, value: decision });
  });

  it("is never taken for a fact", () => {
    for (const decision of decisions) {
      expect(decodeFact(encodeDecision(decision))).toMatchObject({ ok: false });
    }
    expect(decodeDecision(encodeFact(bill))).toMatchObject({ ok: false });
  });
});
