import { join } from "node:path";
import { expect, test } from "vitest";
import { exhaust } from "./exhaustive.ts";

const policy = join(import.meta.dirname, "../../infra/policy/default.yaml");

/** All 200 of them: `pnpm test:exhaustive`. */
test("a crash at any point of a small workload loses nothing and says nothing twice", {
  timeout: 240_000,
}, async () => {
  const found = await exhaust({ policy, seeds: [7], pairsOf: 0 });
  expect(found.violations).toEqual([]);
  expect(found.points).toBeGreaterThan(80);
  expect(found.struck).toBe(found.points);
});
