import { expect, test } from "vitest";
import { Tenants } from "./tenants.ts";

test("a customer is the tenant's whose facts name them, and nobody's once another's do", () => {
  const tenants = new Tenants();
  expect(tenants.of("customer:1")).toBeNull();
  expect(tenants.claim("customer:1", "north")).toBe("north");
  expect(tenants.claim("customer:1", "north")).toBe("north");
  expect(tenants.of("customer:1")).toBe("north");
  expect(tenants.claim("customer:1", "south")).toBeNull();
  expect(tenants.claim("customer:1", "north")).toBeNull();
  expect(tenants.of("customer:1")).toBeNull();
});
