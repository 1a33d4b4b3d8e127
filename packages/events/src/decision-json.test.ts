import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalJson } from "./canonical.ts";
import type { Decision, Flag, Part } from "./decision.ts";
import { decisionJson, flagJson, registerJson } from "./decision-json.ts";

const part: Part = {
  says: "Late.",
  id: "delivery-date/1#1",
  rule: "delivery-date",
  link: "delivery",
  owner: "logistics",
  points: 600,
  severity: 3,
  evidence: ["e1"],
};

const decisions: readonly Decision[] = [
  {
    kind: "pledge",
    at: 1,
    decidedAt: 2,
    customer: "customer:1",
    promiseId: "delivery-date/1",
    term: 1,
    template: "delivery-date",
    link: "delivery",
    owner: "logistics",
    operatedBy: "partner",
    madeBy: "system",
    how: "stated",
    verdict: "broken",
    was: null,
    revision: 1,
    because: "time",
    madeAt: 0,
    due: 1,
    keptAt: null,
    severity: 3,
    evidence: ["e1"],
    policy: "p",
  },
  {
    kind: "alert",
    state: "opened",
    at: 1,
    alertId: "a",
    revision: 1,
    customer: "customer:1",
    rule: "critical",
    level: "critical",
    score: 600,
    lead: part,
    operatedBy: "partner",
    parts: [part],
    says: "Late.",
    policy: "p",
  },
  {
    kind: "flag",
    at: 1,
    customer: "customer:1",
    level: "high",
    was: "none",
    score: 600,
    topLink: null,
    policy: "p",
  },
  {
    kind: "survey",
    at: 1,
    customer: "customer:1",
    subject: "order:1",
    invitationId: "i",
    riskScore: 600,
    level: "high",
    alerted: true,
    topLink: "delivery",
    weight: 5.0966,
    rules: ["delivery-date"],
    shadow: ["far-promise"],
    parts: [
      {
        id: "delivery-date/1#1",
        rule: "delivery-date",
        link: "delivery",
        owner: "logistics",
        points: 600,
        severity: 4,
        evidence: ["e1"],
        says: "Late.",
      },
    ],
    segment: "vip",
    region: null,
    policy: "p",
  },
  { kind: "source", state: "silent", at: 1, source: "s", owner: "o", says: "S.", policy: "p" },
  {
    kind: "cohort",
    at: 1,
    cohort: "c",
    rule: "r",
    link: "l",
    owner: "o",
    touched: 3,
    says: "S.",
    policy: "p",
  },
];

const times = new Set(["at", "decidedAt", "madeAt", "due", "keptAt"]);
const withIsoTimes = (value: object): object =>
  Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name,
      times.has(name) && typeof item === "number" ? new Date(item).toISOString() : item,
    ]),
  );

test("every kind of decision is written in canonical form with nothing left out", () => {
  for (const decision of decisions) {
    expect(decisionJson(decision)).toBe(canonicalJson(withIsoTimes(decision)));
  }
});

test("whatever a pledge or a flag is called, and whatever was written before, the form is canonical", () => {
  const [pledge, , flag] = decisions;
  const text = fc.oneof(
    fc.constantFrom(
      "a",
      "b",
      "",
      '"',
      "\\",
      "\n",
      "\u001f",
      "\u007f",
      "\u2028",
      "\ud800",
      "é",
      "\ue000",
    ),
    fc.string({ unit: "binary", maxLength: 8 }),
  );
  const some = fc.record({
    template: fc.constantFrom("a", "b"),
    how: text,
    owner: text,
    policy: text,
    customer: text,
    promiseId: text,
    topLink: fc.option(text),
    keptAt: fc.option(fc.constantFrom(0, 1, 86_400_000)),
    evidence: fc.array(text, { maxLength: 3 }),
  });
  fc.assert(
    fc.property(fc.array(some, { minLength: 1, maxLength: 6 }), (changes) => {
      for (const { topLink, customer, policy, ...others } of changes) {
        const one = { ...pledge, ...others, customer, policy } as Decision;
        const other = { ...flag, topLink, customer, policy } as Decision;
        for (const said of [one, other]) {
          expect(decisionJson(said)).toBe(canonicalJson(withIsoTimes(said)));
        }
      }
    }),
    { numRuns: 20 },
  );
});

test("a flag is written in canonical form with nothing left out", () => {
  const flag: Flag = {
    at: 1,
    customer: "customer:1",
    level: "high",
    score: 600,
    topLink: "delivery",
    parts: [part],
    says: "Late.",
    do: ["Call."],
    dont: ["Do not upsell."],
    policy: "p",
  };
  expect(flagJson(flag)).toBe(canonicalJson(withIsoTimes(flag)));
});

test("a row of the register leaves out only what depends on the order of arrival", () => {
  const [row] = decisions;
  if (row?.kind !== "pledge") throw new Error("the first decision is a pledge");
  const { kind, was, revision, because, decidedAt, ...kept } = row;
  expect(registerJson(row)).toBe(canonicalJson(withIsoTimes(kept)));
});
