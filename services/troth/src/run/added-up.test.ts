import type { CohortDecision, Output } from "@troth/events";
import { expect, test } from "vitest";
import { AddedUp } from "./added-up.ts";

const cohort = (touched: number, id = "incident-1"): CohortDecision => ({
  kind: "cohort",
  at: 1_000,
  cohort: id,
  rule: "outage",
  link: "network",
  owner: "operations",
  touched,
  says: "The network is down in the north.",
  policy: "p",
});
const output = (inOffset: number, body: Output["body"]): Output => ({
  inOffset,
  seq: 0,
  stamp: 1_000,
  body,
});

test("an incident is one bulletin, with everybody it touched on all partitions", () => {
  const told: Output[] = [];
  const added = new AddedUp(3, (one) => told.push(one));
  added.fold(0, output(7, cohort(2)));
  added.fold(2, output(3, cohort(0)));
  added.fold(0, output(9, cohort(1, "incident-2")));
  expect(told).toEqual([]);
  added.fold(1, output(4, cohort(5)));
  expect(told.map(({ body }) => body)).toEqual([cohort(7)]);
});

test("outputs of all partitions become one sequence that only goes forward", () => {
  const told: Output[] = [];
  const added = new AddedUp(2, (one) => told.push(one));
  const merge = { kind: "merge", part: "customer:a", whole: "customer:b" } as const;
  added.fold(0, output(50, merge));
  added.fold(1, output(2, merge));
  expect(told.map(({ inOffset }) => inOffset)).toEqual([0, 1]);
});
