import { parsePolicy } from "@troth/policy";
import { expect, test } from "vitest";
import { Customers } from "./customers.ts";
import { Names } from "./packed/names.ts";
import { setLevelNumber } from "./register/layout.ts";

const parsed = parsePolicy(`
policy: small
links: { public: { says: what is said in public, owner: communications } }
noises: { said: { link: public, on: social.mention, severity: 1 } }
`);
if (!parsed.ok) throw new Error("the policy does not compile");

test("a level is read without opening anybody, also of a tenant whose name is written out", () => {
  const full = Array.from({ length: 4_096 }, (_, n) => `name-${n}`);
  const customers = new Customers(parsed.value, new Names(full), 1);
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
