import { describe, expect, test } from "vitest";
import { choleskyOf, solve } from "./cholesky.ts";
import { featuresOf, type Situation } from "./features.ts";
import { type Decide, worthOf } from "./off-policy.ts";
import { OutcomeModel } from "./outcome-model.ts";
import {
  type Action,
  actions,
  formula,
  planted,
  truthOf,
  world,
} from "./synthetic-world.fixture.ts";

test("equations are solved as they are by hand", () => {
  const lower = choleskyOf([
    [4, 2, 0],
    [2, 5, 3],
    [0, 3, 6],
  ]);
  const x = solve(lower, [8, 21, 24]);
  expect(x.map((one) => Math.round(one * 1e9) / 1e9)).toEqual([1, 2, 3]);
});

describe("a prediction", () => {
  test("of one feature is what the books say: the mean drawn towards what was expected", () => {
    const model = new OutcomeModel({ prior: 5, spread: 1, noise: 2 });
    for (let n = 0; n < 12; n += 1) model.learn("a", ["always"], 9);
    // Twelve answers four above, against four that never were (noise² / spread²).
    expect(model.predict("a", ["always"]).mean).toBeCloseTo(5 + (12 * 4) / (12 + 4), 10);
  });

  test("is wide while little is known, and narrows as more is", () => {
    const { logged } = world(3);
    const model = new OutcomeModel();
    const widths: number[] = [];
    const probe = world(4).situation();
    for (const count of [0, 20, 200, 2_000]) {
      while (model.count < count) {
        const one = logged();
        model.learn(one.action, featuresOf(one.action, one.situation), one.answer);
      }
      const { low, high } = model.predict("credit", featuresOf("credit", probe));
      widths.push(high - low);
    }
    expect(widths).toEqual([...widths].sort((a, b) => b - a));
    expect(widths[0]).toBeGreaterThan(5);
    expect(widths[3]).toBeLessThan(1);
  });

  test("holds the truth in nine of ten intervals, and in some not", () => {
    let [inside, all] = [0, 0];
    for (let seed = 1; seed <= 6; seed += 1) {
      const { logged, situation } = world(seed);
      const model = new OutcomeModel();
      for (let n = 0; n < 600; n += 1) {
        const one = logged();
        model.learn(one.action, featuresOf(one.action, one.situation), one.answer);
      }
      for (let n = 0; n < 60; n += 1) {
        const one = situation();
        for (const action of actions) {
          const { low, high } = model.predict(action, featuresOf(action, one));
          const truth = truthOf(one, action);
          inside += Number(low <= truth && truth <= high);
          all += 1;
        }
      }
    }
    const share = inside / all;
    process.stdout.write(
      `truth inside the 90 % interval: ${(100 * share).toFixed(1)} % of ${all}\n`,
    );
    expect(share).toBeGreaterThan(0.82);
    expect(share).toBeLessThan(0.995);
  });
});

describe("in a world whose truth is known", () => {
  const { logged, situation } = world(2718);
  const learned = Array.from({ length: 4_000 }, logged);
  const held = Array.from({ length: 4_000 }, logged);
  const model = new OutcomeModel();
  for (const one of learned) {
    model.learn(one.action, featuresOf(one.action, one.situation), one.answer);
  }
  const expectOf = (one: Situation, action: string): number =>
    model.expected(featuresOf(action, one));
  const best = (one: Situation): Action =>
    [...actions].sort((a, b) => expectOf(one, b) - expectOf(one, a))[0] ?? "apology";
  const decide: Decide = best;

  /** What an action does more, against another and where it is planted against where it is not. */
  const contrasts: readonly [string, string, string, string][] = [
    ["credit", "link billing", "apology", "link visit"],
    ["call-back", "contact human", "apology", ""],
    ["call-back", "contact digital", "apology", ""],
    ["expedite", "link delivery", "apology", "link visit"],
    ["credit", "price lowest", "apology", ""],
    ["apology", "harm grave", "credit", "harm slight"],
  ];

  test.each(contrasts)(
    "what was planted of %s with %s is found again",
    (action, where, other, elsewhere) => {
      const times = new Map([
        [`do ${action}, ${where}`, 1],
        [`do ${other}, ${where}`, -1],
        ...(elsewhere === ""
          ? []
          : [
              [`do ${action}, ${elsewhere}`, -1] as const,
              [`do ${other}, ${elsewhere}`, 1] as const,
            ]),
      ]);
      const { mean, sd } = model.contrast(times);
      const truth = planted[`do ${action}, ${where}`] ?? 0;
      process.stdout.write(
        `planted ${action}, ${where}: ${truth}; found ${mean.toFixed(2)} (${(mean - 1.64 * sd).toFixed(2)} to ${(mean + 1.64 * sd).toFixed(2)})\n`,
      );
      expect(Math.abs(mean - truth)).toBeLessThan(2.5 * sd);
      expect(mean * Math.sign(truth)).toBeGreaterThan(2 * sd);
    },
  );

  test("the person's choice is worth more than one formula for everybody, on cases the formula decided", () => {
    const gain = worthOf(held, decide, expectOf, formula);
    const truth = Array.from({ length: 20_000 }, situation).map(
      (one) => truthOf(one, best(one)) - truthOf(one, formula()),
    );
    const real = truth.reduce((sum, value) => sum + value, 0) / truth.length;
    process.stdout.write(
      `gain over the formula, off-policy: ${gain.value.toFixed(2)} (${gain.low.toFixed(2)} to ${gain.high.toFixed(2)}) of 10; true: ${real.toFixed(2)}\n`,
    );
    expect(gain.low).toBeGreaterThan(0);
    expect(gain.low).toBeLessThan(real);
    expect(gain.high).toBeGreaterThan(real);
  });

  test("a formula is worth exactly as much as itself, and a model that knows nothing is put right by the cases", () => {
    expect(worthOf(held, formula, expectOf, formula).value).toBe(0);
    const ignorant = worthOf(held, formula, () => 0);
    const truth = held.map((one) => truthOf(one.situation, "credit"));
    const real = truth.reduce((sum, value) => sum + value, 0) / truth.length;
    expect(ignorant.low).toBeLessThan(real);
    expect(ignorant.high).toBeGreaterThan(real);
  });
});
