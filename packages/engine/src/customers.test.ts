import { parsePolicy } from "@troth/policy";
import { expect, test } from "vitest";
import { Customers } from "./customers.ts";
import { emptyState } from "./engine.ts";
import { Names } from "./packed/names.ts";
import { setLevelNumber } from "./register/layout.ts";
import { beginSnapshot } from "./snapshot.ts";

const parsed = parsePolicy(`
policy: small
links: { public: { says: what is said in public, owner: communications } }
noises: { said: { link: public, on: social.mention, severity: 1 } }
`);
if (!parsed.ok) throw new Error("the policy does not compile");
const policy = parsed.value;

test("a level is read without opening anybody, also of a tenant whose name is written out", () => {
  const full = Array.from({ length: 4_096 }, (_, n) => `name-${n}`);
  const customers = new Customers(policy, new Names(full), 1);
  const tenants = ["name-7", "nobody-numbered-me", "Żółw"];
  const levels = [0, 3, 4, 1];
  levels.forEach((level, slot) => {
    const tenant = tenants[slot % tenants.length] ?? "";
    const c = customers.getOrCreate(`key-${slot}`, tenant);
    setLevelNumber(customers.memory, c, level);
  });
  // All but the last are packed by now.
  expect(levels.map((_, slot) => customers.levelAt(slot))).toEqual(levels);
  expect(customers.tenantOf(customers.at(1))).toBe("nobody-numbered-me");
});

/** In how many steps a snapshot of so many customers is taken, all of them open and none packed yet. */
function stepsOf(count: number): number {
  const state = emptyState(policy, count);
  for (let n = 0; n < count; n += 1) state.customers.getOrCreate(`key-${n}`, "default");
  const taking = beginSnapshot(policy, state);
  let steps = 1;
  while (!taking.step()) steps += 1;
  return steps;
}

test("a snapshot is taken in small steps, and in larger ones where there would be too many", () => {
  expect(stepsOf(10_000)).toBe(Math.ceil((10_000 * 11) / 2_000));
  expect(stepsOf(60_000)).toBeLessThanOrEqual(251);
});
