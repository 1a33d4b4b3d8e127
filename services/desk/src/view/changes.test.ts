import { expect, test } from "vitest";
import { deskLimits } from "../limits.ts";
import { Changes } from "./changes.ts";

test("whoever begins to listen after a change hears of it at once, and of the next one too", () => {
  const changes = new Changes();
  changes.note("customer:early");
  const heard: (readonly string[] | null)[] = [];
  const end = changes.subscribe(() => heard.push(changes.take().customers));
  expect(heard).toEqual([["customer:early"]]);
  changes.note("customer:late");
  expect(heard).toEqual([["customer:early"], ["customer:late"]]);
  end();
  changes.note("customer:unheard");
  expect(heard.length).toBe(2);
});

test("many changes before they are taken are one call, and too many to name are named none", () => {
  const changes = new Changes();
  let calls = 0;
  changes.subscribe(() => {
    calls += 1;
  });
  for (let place = 0; place <= deskLimits.changedMax; place += 1) {
    changes.note(`customer:${place}`);
  }
  expect(calls).toBe(1);
  expect(changes.take()).toEqual({ version: deskLimits.changedMax + 1, customers: null });
});
