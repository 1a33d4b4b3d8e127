import { describe, expect, test } from "vitest";
import { exp, log, logOddsOf, probabilityOf } from "./exact.ts";
import { fitIsotonic } from "./isotonic.ts";
import { type Column, fitLogistic } from "./logistic.ts";

/** Numbers both sides can make: the figures below are scikit-learn 1.5's on the very same sample. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return state / 2147483648;
  };
}

function madeUp() {
  const next = generator(7);
  return Array.from({ length: 400 }, () => {
    const x = [
      next() < 0.3 ? 1 : 0,
      next() < 0.5 ? 1 : 0,
      Math.floor(next() * 4) / 4,
      next() < 0.2 ? 1 : 0,
    ];
    const [a = 0, b = 0, c = 0, d = 0] = x;
    const bad = next() < probabilityOf(-1.5 + 2 * a + 0.8 * b + 0.5 * c - 1.2 * d);
    return { x, bad, weight: 1 + Math.floor(next() * 4) };
  });
}
const rows = madeUp();

const columns = (signs: readonly Column["sign"][]): readonly Column[] =>
  signs.map((sign, j) => {
    const there = rows.flatMap(({ x }, row) => ((x[j] ?? 0) === 0 ? [] : [{ row, x: x[j] ?? 0 }]));
    return { rows: there.map(({ row }) => row), values: there.map(({ x }) => x), sign };
  });

const sample = (signs: readonly Column["sign"][]) => ({
  bad: rows.map(({ bad }) => bad),
  weights: rows.map(({ weight }) => weight),
  columns: columns(signs),
});

describe("the exponential and the logarithm of our own", () => {
  test("are those of the machine, to fifteen digits", () => {
    for (let x = -30; x <= 30; x += 0.37) {
      expect(exp(x) / Math.exp(x)).toBeCloseTo(1, 13);
      expect(log(Math.exp(x))).toBeCloseTo(x, 12);
      expect(logOddsOf(probabilityOf(x / 3))).toBeCloseTo(x / 3, 9);
    }
    expect([exp(0), log(1), probabilityOf(0)]).toEqual([1, 0, 0.5]);
  });
});

describe("a logistic regression", () => {
  test("is made of the same people as scikit-learn's", () => {
    expect(rows.filter(({ bad }) => bad)).toHaveLength(138);
    expect(rows.reduce((sum, { weight }) => sum + weight, 0)).toBe(1000);
  });

  test.each([
    [1, -1.47248603, [1.82432071, 0.88635795, 0.10300251, -1.00275067]],
    [10, -1.16358459, [1.19660449, 0.58967206, 0.06625957, -0.56647014]],
  ])("with penalty %i has scikit-learn's weights", (penalty, intercept, weights) => {
    const fitted = fitLogistic(sample([1, 1, 1, -1]), penalty);
    expect(fitted.intercept).toBeCloseTo(intercept, 6);
    weights.forEach((weight, j) => {
      expect(fitted.weights[j]).toBeCloseTo(weight, 6);
    });
  });

  test("never gives a weight the sign its policy forbids", () => {
    const { weights } = fitLogistic(sample([-1, 1, 1, 1]), 1);
    expect(weights[0]).toBe(0);
    expect(weights[3]).toBe(0);
    expect(weights[1]).toBeGreaterThan(0);
  });

  test("gives the same bits for the same sample", () => {
    expect(fitLogistic(sample([1, 1, 1, -1]), 1)).toEqual(fitLogistic(sample([1, 1, 1, -1]), 1));
  });
});

describe("an isotonic table", () => {
  const points = rows.map(({ x: [a = 0, b = 0, c = 0, d = 0], bad, weight }) => ({
    score: Math.floor(20 * a + 8 * b + 5 * c - 12 * d + 0.5),
    bad,
    weight,
  }));

  test("has scikit-learn's shares where no step is too small", () => {
    const steps = fitIsotonic(points, 0);
    expect(steps.map(({ from, share }) => [from, Number(share.toFixed(6))])).toEqual([
      [-12, 0.093333],
      [-4, 0.111111],
      [0, 0.182131],
      [8, 0.284672],
      [11, 0.44335],
      [21, 0.609756],
      [28, 0.735294],
      [29, 0.818182],
      [31, 0.9],
      [32, 0.90625],
    ]);
  });

  test("makes no step of a handful of answers, and always rises", () => {
    const steps = fitIsotonic(points, 0.1);
    expect(steps.length).toBeLessThan(9);
    const shares = steps.map(({ share }) => share);
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(steps.slice(0, -1).every(({ weight }) => weight >= 100)).toBe(true);
  });
});
