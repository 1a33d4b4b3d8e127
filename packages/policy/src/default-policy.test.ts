import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Fact, type Kind, kinds } from "@troth/events";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkPolicy } from "./check.ts";
import { policyJsonSchema, policyReadme } from "./documentation.ts";
import { parsePolicy } from "./parse.ts";
import type { PledgeTemplate, Policy, Profile } from "./policy.ts";

const folder = join(import.meta.dirname, "../../../infra/policy");
const text = readFileSync(join(folder, "default.yaml"), "utf8");

function defaultPolicy(): Policy {
  const result = parsePolicy(text);
  if (!result.ok) throw new Error(checkPolicy(text).text);
  return result.value;
}
const policy = defaultPolicy();

function pledge(id: string): PledgeTemplate {
  const found = policy.pledges.find((template) => template.id === id);
  if (found === undefined) throw new Error(`no pledge ${id}`);
  return found;
}

const time = Date.parse("2018-01-12T15:00:00Z");
const fact = (kind: Kind, data: Record<string, unknown>): Fact => ({
  id: "e1",
  source: "urn:shop",
  kind,
  tenant: "default",
  time,
  recordedTime: time,
  subject: "customer:1",
  data,
});

const nobody: Profile = {
  segment: null,
  tier: null,
  region: null,
  products: [],
  contact: null,
  pace: null,
  price: null,
  familiarity: null,
};

/** Terms one fact gives, over all making slots of the template. */
const termsOf = (template: PledgeTemplate, one: Fact) =>
  template.made
    .filter((slot) => slot.kinds.includes(one.kind) && slot.test(one))
    .map((slot) => ({
      key: slot.key(one),
      stated: slot.stated(one),
      value: slot.value(one),
      tag: slot.tag(one),
    }));

const marks = (template: PledgeTemplate, role: "kept" | "broken", one: Fact): number =>
  template[role].filter((slot) => slot.kinds.includes(one.kind) && slot.test(one)).length;

describe("the default policy", () => {
  it("reads every kind that says something about an experience", () => {
    const silent = kinds.filter((kind) => !policy.readers.has(kind));
    expect(silent.sort()).toEqual([
      "alert.acknowledged",
      "alert.snoozed",
      "charge.disputed",
      "charge.ruled",
      "identity.linked",
      "identity.unlinked",
      "incident.resolved",
      "preference.set",
      "profile.updated",
      "resolution.offered",
      "resolution.proposed",
      "source.heartbeat",
      "survey.answered",
      "survey.invited",
    ]);
  });

  it("is ordered by name, with indexes that say the place", () => {
    const ids = policy.pledges.map(({ id }) => id);
    expect(ids).toEqual([...ids].sort());
    expect(policy.pledges.map(({ index }) => index)).toEqual(ids.map((_, i) => i));
    expect(policy.noises.map(({ index }) => index)).toEqual(policy.noises.map((_, i) => i));
  });

  it("alerts by itself on a parcel that is not there on the promised day", () => {
    const { steps, points } = pledge("delivery-date");
    expect(points.bySeverity[steps[0]?.severity ?? 0]).toBeGreaterThanOrEqual(policy.score.alertAt);
  });

  it("takes no order's noises together for an alert", () => {
    const small = ["several-senders", "several-items"].map((id) => {
      const noise = policy.noises.find((one) => one.id === id);
      return Math.max(...(noise?.steps ?? []).map((step) => noise?.bySeverity[step.severity] ?? 0));
    });
    const late = pledge("hand-over");
    const worst = late.points.bySeverity[late.steps.at(-1)?.severity ?? 0] ?? 0;
    expect(small.reduce((a, b) => a + b, worst)).toBeLessThan(policy.score.alertAt);
  });
});

describe("the essays' examples in the default policy", () => {
  it("hold a wait of 45 minutes against the promise to answer, sooner for those in a hurry", () => {
    const answer = pledge("answer-within");
    const one = fact("contact.completed", {
      contactId: "c",
      direction: "inbound",
      queueWaitSeconds: 2_700,
    });
    const [terms] = termsOf(answer, one);
    expect(terms).toMatchObject({ key: "c", value: 2_700_000 });
    expect(answer.limit).toBe(180_000);
    const fast = answer.variants.find(({ applies }) => applies({ ...nobody, pace: "fast" }));
    expect(fast).toMatchObject({ limit: 60_000, pointsPerMille: 1_250 });
    expect(answer.variants.some(({ applies }) => applies(nobody))).toBe(false);
    const gaps = { key: "c", due: null, lateMs: null, value: 2_700_000, limit: 180_000 };
    expect(answer.says.broken(gaps)).toBe(
      "Waited 45 minutes for an answer where 3 minutes is promised.",
    );
    expect(
      termsOf(answer, fact("contact.completed", { contactId: "c", direction: "outbound" })),
    ).toEqual([]);
  });

  it("take a promised call back at its word, or give it two working days", () => {
    const followUp = pledge("follow-up");
    const spoken = fact("contact.completed", {
      contactId: "c",
      resolution: "follow_up_promised",
      reason: "late",
    });
    expect(termsOf(followUp, spoken)).toEqual([
      { key: "c", stated: null, value: null, tag: "late" },
    ]);
    const stated = Date.parse("2018-01-13T12:00:00Z");
    expect(followUp.due({ madeAt: time, stated, needed: null })).toBe(stated);
    expect(followUp.due({ madeAt: time, stated: null, needed: null })).toBe(
      Date.parse("2018-01-16T20:00:00Z"),
    );
    expect(marks(followUp, "kept", fact("contact.completed", { direction: "outbound" }))).toBe(1);
    expect(marks(followUp, "kept", fact("contact.completed", { direction: "inbound" }))).toBe(0);
  });

  it("see a warm contact that leaves the matter unresolved, but not for who wants no contact", () => {
    const warm = pledge("warm-but-unresolved");
    const made = (data: Record<string, unknown>): number =>
      termsOf(warm, fact("contact.completed", { contactId: "c", courtesyScore: 0.9, ...data }))
        .length;
    expect(made({})).toBe(1);
    expect(made({ resolution: "unresolved" })).toBe(1);
    expect(made({ resolution: "resolved" })).toBe(0);
    expect(made({ courtesyScore: 0.69 })).toBe(0);
    expect(warm.variants.find(({ applies }) => applies({ ...nobody, contact: "none" }))?.off).toBe(
      true,
    );
  });

  it("see the date that was put off, and no promise where none was given", () => {
    const delivery = pledge("delivery-date");
    const due = time + 1_000;
    expect(
      termsOf(delivery, fact("order.placed", { orderNumber: "A", expectedArrivalUntil: due })),
    ).toMatchObject([{ key: "A", stated: due }]);
    expect(
      termsOf(delivery, fact("delivery.status", { orderNumber: "A", deliveryStatus: "InTransit" })),
    ).toEqual([]);
    expect(
      marks(
        delivery,
        "kept",
        fact("delivery.status", { orderNumber: "A", deliveryStatus: "Delivered" }),
      ),
    ).toBe(1);
    expect(marks(delivery, "broken", fact("delivery.missed", { orderNumber: "A" }))).toBe(1);
  });

  it("hold a bill against the deal, by exact amounts", () => {
    const deal = pledge("deal-on-the-bill");
    const made = fact("promise.made", {
      promiseId: "p",
      kind: "bill-amount",
      dealRef: "D",
      amount: { amount: "30.00", currency: "EUR" },
    });
    expect(termsOf(deal, made)).toMatchObject([{ key: "D", value: 300_000 }]);
    const [slot] = deal.kept;
    const bill = fact("billing.issued", {
      dealRef: "D",
      amountDue: { amount: "42.00", currency: "EUR" },
    });
    expect(slot?.test(bill)).toBe(true);
    expect(slot?.name(bill)).toBe("D");
    expect(slot?.value(bill)).toBe(420_000);
    expect(deal.compare).toBe("at-most");
    expect(deal.due({ madeAt: time, stated: time, needed: time })).toBeNull();
  });

  it("know a product that breaks after a few uses, and a visit that was in vain", () => {
    const noisy = (one: Fact): readonly string[] =>
      (policy.readers.get(one.kind)?.noises ?? [])
        .filter((noise) => {
          const value = noise.value(one) ?? 0;
          return noise.test(one) && noise.steps.some(({ over }) => over <= value);
        })
        .map(({ id }) => id);
    expect(noisy(fact("product.fault", { usageCount: 3, daysInService: 20 }))).toEqual([
      "early-failure",
      "few-uses",
      "product-fault",
    ]);
    expect(noisy(fact("product.fault", { usageCount: 300, daysInService: 400 }))).toEqual([
      "product-fault",
    ]);
    expect(noisy(fact("visit.completed", { visitNumber: 1, outcome: "part_missing" }))).toEqual([
      "visit-in-vain",
    ]);
    expect(noisy(fact("visit.completed", { visitNumber: 2, outcome: "completed" }))).toEqual([
      "several-visits",
    ]);
    expect(noisy(fact("social.mention", { sentiment: { score: -0.9 } }))).toEqual([
      "said-in-public",
    ]);
    expect(noisy(fact("social.mention", { sentiment: { score: 0.2 } }))).toEqual([]);
    expect(noisy(fact("social.mention", {}))).toEqual([]);
  });

  it("know whom an incident touches, and what to say to them", () => {
    const incident = policy.noises.find(({ id }) => id === "known-incident");
    const raised = fact("incident.raised", {
      problemId: "i",
      regionCode: "BR-SP",
      productRef: "fibre",
    });
    expect(incident?.touches?.by).toEqual(["region", "product", "segment", "link"]);
    expect(incident?.touches?.region(raised)).toBe("BR-SP");
    expect(incident?.touches?.product(raised)).toBe("fibre");
    expect(incident?.touches?.link(raised)).toBeNull();
    expect(incident?.touches?.campaign(raised)).toBeNull();
    expect(policy.advice.find(({ id }) => id === "known-outage")?.dont).toEqual(["Do not upsell."]);
  });
});

describe("changed at random, the default policy", () => {
  const lines = text.split("\n");
  const line = fc.integer({ min: 0, max: lines.length - 1 });
  const spot = fc.integer({ min: 0, max: text.length });
  const junk = fc.oneof(
    fc.constantFrom(
      "{",
      "}",
      "[",
      "- ",
      ": ",
      "&a ",
      "*a",
      "!!x ",
      '"',
      "'",
      "|",
      "\t",
      "__proto__: {}",
      "\u0000",
    ),
    fc.string({ maxLength: 12 }),
    fc.constantFrom("order.placed", "due: {}", "over: -1", "when: '('", "by: any", "1e999", "~"),
  );
  const edit = fc.oneof(
    fc.record({ how: fc.constant("cut lines" as const), from: line, until: line }),
    fc.record({ how: fc.constant("copy line" as const), from: line, to: line }),
    fc.record({ how: fc.constant("insert" as const), at: spot, junk }),
    fc.record({ how: fc.constant("cut" as const), at: spot, length: fc.nat(40) }),
    fc.record({ how: fc.constant("copy" as const), from: spot, length: fc.nat(30), at: spot }),
  );
  type Edit = typeof edit extends fc.Arbitrary<infer One> ? One : never;

  function changedBy(one: Edit): string {
    switch (one.how) {
      case "cut lines":
        return lines.filter((_, i) => i < one.from || i > one.until).join("\n");
      case "copy line":
        return lines.map((old, i) => (i === one.to ? (lines[one.from] ?? "") : old)).join("\n");
      case "insert":
        return text.slice(0, one.at) + one.junk + text.slice(one.at);
      case "cut":
        return text.slice(0, one.at) + text.slice(one.at + one.length);
      case "copy":
        return `${text.slice(0, one.at)}${text.slice(one.from, one.from + one.length)}${text.slice(one.at)}`;
    }
  }

  it("is read or refused with places inside the file, and never thrown on", () => {
    const counts = { read: 0, refused: 0 };
    const before = Object.getOwnPropertyNames(Object.prototype).length;
    fc.assert(
      fc.property(edit, (one) => {
        const changed = changedBy(one);
        const { ok, errors, text: told } = checkPolicy(changed);
        counts[ok ? "read" : "refused"] += 1;
        expect(ok).toBe(errors.length === 0);
        expect(told.length).toBeGreaterThan(0);
        const last = changed.split(/\r\n|\n|\r/u).length;
        for (const { line: at, column, expected, remedy } of errors) {
          expect(at).toBeLessThanOrEqual(last);
          expect(column).toBeGreaterThanOrEqual(1);
          expect(expected === "" || remedy === "").toBe(false);
        }
      }),
      { numRuns: 150 },
    );
    expect(counts.read).toBeGreaterThan(0);
    expect(counts.refused).toBeGreaterThan(0);
    expect(Object.getOwnPropertyNames(Object.prototype).length).toBe(before);
  });
});

describe("what infra/policy says about policies", () => {
  it("is what the code says: run `pnpm --filter @troth/policy generate` if not", () => {
    expect(readFileSync(join(folder, "README.md"), "utf8")).toBe(policyReadme());
    const schema: unknown = JSON.parse(readFileSync(join(folder, "policy.schema.json"), "utf8"));
    expect(schema).toEqual(JSON.parse(JSON.stringify(policyJsonSchema())));
  });
});
