import fc from "fast-check";
import { expect, test } from "vitest";
import { type Answered, measure } from "./measure.ts";
import { outcomeOf } from "./truth-line.ts";

const answer = (
  riskScore: number,
  alerted: boolean,
  outcome: Answered["outcome"],
  weight = 1,
): Answered => ({ riskScore, alerted, outcome, weight });

test("precision and recall count the weight of those alerted and of those who did not enjoy it", () => {
  const { n, precision, recall } = measure([
    answer(900, true, "not_enjoyed", 3),
    answer(800, true, "enjoyed", 1),
    answer(100, false, "not_enjoyed", 1),
    answer(0, false, "indifferent", 5),
  ]);
  expect({ n, precision, recall }).toEqual({ n: 4, precision: 0.75, recall: 0.75 });
});

test("nothing to divide by gives no figure instead of a false one", () => {
  expect(measure([])).toEqual({ n: 0, precision: null, recall: null, auc: null, ap: null });
  expect(measure([answer(5, false, "enjoyed")])).toMatchObject({ recall: null, auc: null });
});

test("a score that says nothing has an AUC of one half and the base rate as average precision", () => {
  const { auc, ap } = measure([
    answer(7, false, "not_enjoyed"),
    answer(7, false, "enjoyed"),
    answer(7, false, "enjoyed"),
    answer(7, false, "enjoyed"),
  ]);
  expect({ auc, ap }).toEqual({ auc: 0.5, ap: 0.25 });
});

const someAnswers = fc.array(
  fc.record({
    riskScore: fc.integer({ min: 0, max: 6 }),
    alerted: fc.boolean(),
    outcome: fc.constantFrom("enjoyed", "indifferent", "not_enjoyed"),
    weight: fc.integer({ min: 1, max: 9 }),
  }),
  { minLength: 2, maxLength: 40 },
);

test("the AUC is the weighted share of pairs in which the unhappy one has the higher score", () => {
  fc.assert(
    fc.property(someAnswers, (answers) => {
      let wins = 0;
      let pairs = 0;
      for (const bad of answers.filter((one) => one.outcome === "not_enjoyed")) {
        for (const good of answers.filter((one) => one.outcome !== "not_enjoyed")) {
          const weight = bad.weight * good.weight;
          pairs += weight;
          if (bad.riskScore > good.riskScore) wins += weight;
          else if (bad.riskScore === good.riskScore) wins += weight / 2;
        }
      }
      const { auc } = measure(answers);
      if (pairs === 0) expect(auc).toBeNull();
      else expect(auc).toBeCloseTo(wins / pairs, 5);
    }),
  );
});

test("the order of the answers changes no figure", () => {
  fc.assert(
    fc.property(someAnswers, (answers) => {
      expect(measure([...answers].reverse())).toEqual(measure(answers));
    }),
  );
});

test("an outcome is taken as stated, else from a score of one to five, else not at all", () => {
  expect(outcomeOf({ outcome: "indifferent", score: 5 })).toBe("indifferent");
  expect([5, 4, 3, 2, 1].map((score) => outcomeOf({ score }))).toEqual([
    "enjoyed",
    "enjoyed",
    "indifferent",
    "not_enjoyed",
    "not_enjoyed",
  ]);
  expect(outcomeOf({ score: 7, scaleMin: 0, scaleMax: 10 })).toBeNull();
  expect(outcomeOf({})).toBeNull();
});
