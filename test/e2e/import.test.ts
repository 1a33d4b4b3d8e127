import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { type Imported, importFolder } from "../../services/troth/src/import/fixture.ts";
import {
  type ImporterName,
  importers,
  isImporterName,
} from "../../services/troth/src/import/index.ts";

/** The public files, beside the project; their licences forbid carrying them in it. */
const data = fileURLToPath(new URL("../../../shared/data", import.meta.url));
const missing = existsSync(data) ? "" : ` (skipped: no ${data})`;

type Expected = {
  readonly events: Readonly<Record<string, number>>;
  readonly aside: Readonly<Record<string, number>>;
};

/** What the shipped files hold, counted apart from the importers. */
const expected: Readonly<Record<ImporterName, Expected>> = {
  olist: {
    events: {
      "profile.updated": 12_512,
      "order.placed": 12_512,
      "billing.issued": 12_512 - 62,
      "delivery.status": 12_512 - 1162 + (12_512 - 1911),
      "survey.invited": 12_564,
      "survey.answered": 12_564,
    },
    aside: {},
  },
  servicenow: {
    events: {
      "complaint.raised": 17_366,
      "complaint.status": 77_960,
      "survey.invited": 17_366,
      "survey.answered": 17_365,
    },
    aside: {},
  },
  calls: {
    events: { "contact.completed": 20_899, "contact.abandoned": 4770 },
    aside: { "not-a-contact": 221 },
  },
  tweets: {
    events: { "social.mention": 10_347, "survey.invited": 10_347, "survey.answered": 10_347 },
    aside: { "bad-key": 7 },
  },
  openrepair: {
    events: { "product.fault": 121_677, "visit.completed": 121_677 },
    aside: { "bad-time": 15 },
  },
  complaints: {
    events: { "complaint.raised": 2223 + 2385 + 289, "complaint.status": 2308 },
    aside: { "bad-key": 1, "bad-time": 1 },
  },
};

const countBy = <T>(items: readonly T[], nameOf: (item: T) => string): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const item of items) counts[nameOf(item)] = (counts[nameOf(item)] ?? 0) + 1;
  return counts;
};

const done = new Map<ImporterName, Promise<Imported>>();

/** Each family is imported once, however many tests look at it. */
function imported(name: ImporterName): Promise<Imported> {
  const known = done.get(name) ?? importFolder(importers[name], data);
  done.set(name, known);
  return known;
}

describe.skipIf(missing !== "")(`the shipped public files${missing}`, () => {
  for (const [name, wanted] of Object.entries(expected)) {
    if (!isImporterName(name)) continue;
    it(`of ${name} become events the door admits, with every row accounted for`, async () => {
      const { facts, asideRows } = await imported(name);
      expect(countBy(facts, ({ kind }) => kind)).toEqual(wanted.events);
      expect(countBy(asideRows, ({ reason }) => reason)).toEqual(wanted.aside);
    });
  }

  it("of olist weigh up to the marketplace they are a sample of, with its answers", async () => {
    const { facts } = await imported("olist");
    const weight = facts
      .filter(({ kind }) => kind === "order.placed")
      .reduce((sum, { data: { sampleWeight } }) => sum + Number(sampleWeight), 0);
    expect(weight).toBeCloseTo(10_597 * 5.0966 + 1915, 3);
    const answers = facts.filter(({ kind }) => kind === "survey.answered");
    expect(countBy(answers, ({ data: { outcome } }) => String(outcome))).toEqual({
      not_enjoyed: 2539 + 466,
      indifferent: 1075,
      enjoyed: 2214 + 6270,
    });
  });
});
