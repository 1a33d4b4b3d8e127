import { expect, test } from "vitest";
import { mutants } from "./mutants.ts";
import { mutated } from "./mutate.ts";
import { tryMutants } from "./run-mutants.ts";

/** These few are tried here; all of them by `pnpm test:mutants`. */
const sample: readonly string[] = [
  "appends are acknowledged without a sync",
  "outputs are written again after a start",
  "repetitions are judged again",
  "an answer that says no is taken for a yes",
  "what cannot be read is thrown away",
];

test("every fault put in by hand still fits the source", () => {
  for (const mutant of mutants) expect(mutated(mutant).length, mutant.name).toBeGreaterThan(0);
  expect(mutants.length).toBeGreaterThanOrEqual(40);
  expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
});

test("faults put in by hand are found by the simulation", { timeout: 300_000 }, async () => {
  const chosen = mutants.filter(({ name }) => sample.includes(name));
  expect(chosen).toHaveLength(sample.length);
  const verdicts = await tryMutants(chosen, 60, () => undefined);
  const survived = verdicts.filter(({ killed }) => killed === null);
  expect(survived.map(({ mutant }) => mutant.name)).toEqual([]);
});
