import { describe, expect, it } from "vitest";
import type { FieldType } from "./field.ts";
import { fieldAt, isCohort, isKind, kinds, needsSubject, tableOf, typeOf } from "./index.ts";

describe("the vocabulary", () => {
  it("has a kind for every sort of noise in the chain", () => {
    for (const family of [
      "contact",
      "delivery",
      "billing",
      "product",
      "visit",
      "supply",
      "social",
      "advert",
      "campaign",
      "complaint",
      "incident",
      "news",
      "organisation",
      "survey",
      "promise",
      "resolution",
      "preference",
      "profile",
      "identity",
      "order",
      "alert",
      "source",
    ]) {
      expect(
        kinds.filter((kind) => kind.startsWith(`${family}.`)),
        family,
      ).not.toEqual([]);
    }
    expect(typeOf("alert.false-alarm")).toBe("org.troth.alert.false-alarm.v1");
    expect([isKind("delivery.status"), isKind("toString")]).toEqual([true, false]);
  });

  it("lets only cohort facts and heartbeats go without a subject", () => {
    expect(kinds.filter((kind) => !needsSubject(kind)).sort()).toEqual([
      "campaign.claimed",
      "incident.raised",
      "incident.resolved",
      "news.published",
      "organisation.changed",
      "product.recalled",
      "source.heartbeat",
      "supply.problem",
    ]);
    expect(isCohort("source.heartbeat")).toBe(false);
    expect(isCohort("supply.problem")).toBe(true);
  });

  it("says what every field means, in a sentence", () => {
    for (const kind of kinds) {
      for (const [name, { doc }] of Object.entries(tableOf(kind).fields)) {
        expect(doc, `${kind}.${name}`).toMatch(/^\S.*\.$|…$/);
      }
    }
  });

  it("never gives one name two types in different kinds, save where two standards share a word", () => {
    const types = new Map<string, FieldType["is"]>();
    const clashes: string[] = [];
    for (const kind of kinds) {
      for (const [name, { type }] of Object.entries(tableOf(kind).fields)) {
        const known = types.get(name) ?? type.is;
        if (known !== type.is) clashes.push(`${kind}.${name}: ${type.is}, elsewhere ${known}`);
        types.set(name, type.is);
      }
    }
    expect(clashes).toEqual(allowed);
  });

  it("finds a field by its path, and nothing where there is nothing", () => {
    expect(fieldAt("contact.completed", "queueWaitSeconds")).toMatchObject({
      is: "number",
      unit: "s",
    });
    expect(fieldAt("order.placed", "totalAmount.amount")).toMatchObject({ is: "text" });
    expect(fieldAt("social.mention", "sentiment.score")).toMatchObject({ is: "number", min: -1 });
    expect(fieldAt("visit.missed", "attributes.anything")).not.toBeNull();
    expect(fieldAt("visit.missed", "link")).toMatchObject({ is: "text" });
    expect(fieldAt("visit.missed", "queueWaitSeconds")).toBeNull();
    expect(fieldAt("visit.missed", "link.x")).toBeNull();
    expect(fieldAt("visit.missed", "constructor")).toBeNull();
  });
});

/** Names whose standards disagree with each other; a policy meets them in one kind at a time. */
const allowed = [
  "billing.issued.category: one-of, elsewhere text",
  "complaint.raised.category: text, elsewhere one-of",
  "incident.raised.priority: int, elsewhere text",
  "resolution.proposed.kind: one-of, elsewhere text",
  "preference.set.basis: one-of, elsewhere text",
  "identity.linked.basis: text, elsewhere one-of",
];
