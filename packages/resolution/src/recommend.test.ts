import type { Candidate, Resolutions } from "@troth/policy";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { featuresOf, type Situation } from "./features.ts";
import { type BrokenRow, harmOf } from "./harm.ts";
import { OutcomeModel } from "./outcome-model.ts";
import { parityOf } from "./parity.ts";
import { recommend } from "./recommend.ts";

const candidate = (id: string, more: Partial<Candidate> = {}): Candidate => ({
  id,
  kind: "apology",
  says: id,
  ledger: "goodwill",
  amount: 0,
  links: null,
  fromSeverity: 1,
  unlessContact: [],
  ...more,
});
const resolutions: Resolutions = {
  currency: "EUR",
  fund: { amount: 1_000_000, everyMs: 30 * 86_400_000 },
  heard: ["queue", "contact", "complaint", "public"],
  worthOfMoney: 0.02,
  abstainAbove: 3,
  explore: 0.1,
  candidates: [
    candidate("apology"),
    candidate("call-back", { kind: "call-back", unlessContact: ["digital", "none"] }),
    candidate("credit", { kind: "credit", amount: 250_000, fromSeverity: 3 }),
    candidate("replace", { kind: "replace", ledger: "entitlement", links: ["product"] }),
  ],
};
const nobody = { segment: null, contact: null, pace: null, price: null };
const situation = (more: Partial<Situation["harm"]> = {}, who = {}): Situation => ({
  harm: { link: "delivery", severity: 4, links: 1, ...more },
  who: { ...nobody, ...who },
});

/** A model to which each action did so well, often enough to be sure. */
function taught(answers: Readonly<Record<string, number>>): OutcomeModel {
  const model = new OutcomeModel();
  for (const [action, answer] of Object.entries(answers)) {
    for (const link of ["delivery", "product"]) {
      for (let n = 0; n < 200; n += 1) {
        model.learn(action, featuresOf(action, situation({ link })), answer + ((n % 3) - 1));
      }
    }
  }
  return model;
}
const sure = taught({ apology: 4, "call-back": 6, credit: 8 });

describe("what is proposed", () => {
  test("is nothing while too little is known, and it says how little", () => {
    const { proposed, reasons, ranked } = recommend(
      new OutcomeModel(),
      resolutions,
      situation(),
      1e6,
      0.5,
    );
    expect(proposed).toBeNull();
    expect(ranked.length).toBe(3);
    expect(reasons.join()).toMatch(/Too little is known.*0 outcomes/);
  });

  test("is what did best for customers like this, with interval and reasons", () => {
    const found = recommend(sure, resolutions, situation(), 1e6, 0.999);
    expect(found.proposed?.candidate.id).toBe("credit");
    expect(found.proposed?.prediction.mean).toBeCloseTo(8, 0);
    expect(found.reasons.join()).toMatch(/between .* 200|400 outcomes/);
  });

  test("leaves out what does not fit: too slight a harm, an unwanted call, another link, no money left", () => {
    const ids = (one: Situation, left = 1e6): readonly string[] =>
      recommend(sure, resolutions, one, left, 0.999).ranked.map((each) => each.candidate.id);
    expect(ids(situation({ severity: 2 }))).not.toContain("credit");
    expect(ids(situation({}, { contact: "digital" }))).not.toContain("call-back");
    expect(ids(situation(), 249_999)).not.toContain("credit");
    expect(ids(situation(), 250_000)).toContain("credit");
  });

  test("is never what is owed: that is paid, whatever is proposed and whatever is left", () => {
    const found = recommend(sure, resolutions, situation({ link: "product" }), 0, 0.5);
    expect(found.owed.map(({ id }) => id)).toEqual(["replace"]);
    expect(found.ranked.map((one) => one.candidate.id)).not.toContain("replace");
  });

  test("is each as often as its propensity says, over all chances", () => {
    const even = taught({ apology: 6, "call-back": 6.1, credit: 6.6 });
    const counts = new Map<string, { times: number; propensity: number }>();
    const draws = 10_000;
    for (let n = 0; n < draws; n += 1) {
      const found = recommend(even, resolutions, situation(), 1e6, n / draws);
      const id = found.proposed?.candidate.id ?? "none";
      const held = counts.get(id) ?? { times: 0, propensity: found.propensity };
      expect(found.propensity).toBe(held.propensity);
      counts.set(id, { ...held, times: held.times + 1 });
    }
    expect(counts.size).toBeGreaterThan(1);
    for (const { times, propensity } of counts.values()) {
      expect(Math.abs(times / draws - propensity)).toBeLessThan(0.001);
    }
  });
});

describe("being loud pays nothing", () => {
  const link = fc.constantFrom("delivery", "billing", "visit", "product");
  const loud = fc.constantFrom(...resolutions.heard);
  const verdict = fc.constantFrom("broken", "kept", "open", "overdue");
  const row = (from: fc.Arbitrary<string>): fc.Arbitrary<BrokenRow> =>
    fc.record({ link: from, severity: fc.integer({ min: 1, max: 5 }), verdict });
  const heard = new Set(resolutions.heard);

  test("whatever is broken on the links by which people make themselves heard moves no money", () => {
    fc.assert(
      fc.property(
        fc.array(row(link), { maxLength: 8 }),
        fc.array(row(loud), { minLength: 1, maxLength: 40 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (rows, noise, chance) => {
          const quiet = harmOf(rows, heard);
          const shouting = harmOf([...noise, ...rows, ...noise], heard);
          expect(shouting).toEqual(quiet);
          if (quiet === null || shouting === null) return;
          const amount = (harm: Situation["harm"]): number =>
            recommend(sure, resolutions, { harm, who: nobody }, 1e6, chance).proposed?.candidate
              .amount ?? 0;
          expect(amount(shouting)).toBe(amount(quiet));
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test("but worse harm on another link does count", () => {
    const rows = [{ link: "delivery", severity: 2, verdict: "broken" }];
    const worse = [...rows, { link: "billing", severity: 4, verdict: "broken" }];
    expect(harmOf(rows, heard)).toMatchObject({ severity: 2, links: 1 });
    expect(harmOf(worse, heard)).toMatchObject({ link: "billing", severity: 4, links: 2 });
  });
});

describe("parity of amounts at equal harm", () => {
  const cases = (segment: string, severity: number, amounts: readonly number[]) =>
    amounts.map((amount) => ({ segment, severity, amount }));
  const many = (amount: number) => Array.from({ length: 200 }, (_, n) => amount + (n % 5) - 2);

  test("is seen where like harm is answered alike, whoever has more of it", () => {
    const rows = [
      ...cases("business", 4, many(40)),
      ...cases("business", 2, many(10).slice(0, 20)),
      ...cases("consumer", 4, many(40).slice(0, 20)),
      ...cases("consumer", 2, many(10)),
    ];
    for (const one of parityOf(rows)) {
      expect(one.ratio).toBeCloseTo(1, 1);
      expect(one.isUneven).toBe(false);
    }
  });

  test("is not where one segment gets twice as much, and the interval says so", () => {
    const rows = [...cases("business", 4, many(40)), ...cases("consumer", 4, many(20))];
    expect(parityOf(rows)).toMatchObject([
      { segment: "business", isUneven: true },
      { segment: "consumer", isUneven: true },
    ]);
  });

  test("says nothing where there is nobody to compare with", () => {
    expect(parityOf(cases("business", 4, many(40)))).toMatchObject([{ ratio: null }]);
  });
});
