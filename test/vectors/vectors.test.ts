import { readdirSync } from "node:fs";
import type { Flag } from "@troth/events";
import { describe, expect, test } from "vitest";
import {
  asJson,
  factsOf,
  flagJson,
  judged,
  linesOf,
  matches,
  type Outcome,
  policyOf,
  readVectors,
  recomputed,
  registerOf,
  type Vector,
} from "../support/vectors.ts";

const folder = new URL(".", import.meta.url);
const files = readdirSync(folder)
  .filter((name) => name.endsWith(".yaml"))
  .sort();

type Json = { readonly [name: string]: unknown };

/** Says what was there when nothing of it matches, so that a red vector explains itself. */
function expectMatch(there: readonly Json[], wanted: Json, what: string): void {
  const found = there.some((one) => matches(one, wanted));
  if (!found)
    expect(there, `${what} ${JSON.stringify(wanted)}`).toContainEqual(
      expect.objectContaining(wanted),
    );
}

function expectList(
  there: readonly Json[],
  wanted: readonly Json[] | undefined,
  what: string,
): void {
  if (wanted === undefined) return;
  const fit = there.length === wanted.length && wanted.every((one, i) => matches(there[i], one));
  if (!fit) expect(there, what).toEqual(wanted);
}

const said = (outcome: Outcome, kind: string): readonly Json[] =>
  outcome.decisions.filter((one) => one.kind === kind).map(asJson);

function expectPledges(outcome: Outcome, wanted: readonly Json[]): void {
  const register = registerOf(outcome.decisions);
  for (const row of wanted) {
    const named = register.filter(
      (one) =>
        one["promiseId"] === row["promiseId"] &&
        one["term"] === (row["term"] ?? 1) &&
        (row["customer"] === undefined || one["customer"] === row["customer"]),
    );
    expectMatch(named.length === 0 ? register : named, row, "no such row in the register:");
  }
}

function expectFlags(outcome: Outcome, wanted: readonly Json[]): void {
  const flags = outcome.flags.map(flagJson);
  for (const flag of wanted) {
    const there = flags.find((one) => one["customer"] === flag["customer"]);
    expectMatch([there ?? { customer: flag["customer"], level: "none", score: 0 }], flag, "flag");
  }
}

/** Holds of every alert, survey and flag ever: the parts are the score. */
function expectSums(outcome: Outcome): void {
  for (const one of [...outcome.decisions, ...outcome.flags]) {
    if (!("parts" in one)) continue;
    const score = "riskScore" in one ? one.riskScore : one.score;
    expect(one.parts.reduce((sum, part) => sum + part.points, 0)).toBe(score);
  }
}

/** A customer of level `none` has no flag; whether one is written down all the same is a detail. */
const raised = ({ flags }: Outcome): readonly Flag[] =>
  flags.filter((flag) => flag.level !== "none");

async function check({ policy: given, events, subject, until, then }: Vector): Promise<void> {
  const policy = policyOf(given);
  const facts = factsOf(subject === undefined ? { events } : { events, subject });
  const end = until === undefined ? null : Date.parse(until);
  const outcome = await judged(facts, policy, end);
  expectPledges(outcome, then.pledges ?? []);
  expectFlags(outcome, then.flags ?? []);
  expectList(said(outcome, "alert"), then.alerts, "alerts");
  const opened = said(outcome, "alert").filter((one) => one["state"] === "opened");
  expectList(opened, then.opened, "opened alerts");
  expectList(said(outcome, "source"), then.sources, "sources");
  expectList(said(outcome, "cohort"), then.cohorts, "cohorts");
  expectList(said(outcome, "survey"), then.surveys, "surveys");
  for (const never of then.none ?? []) {
    expect(outcome.decisions.map(asJson).filter((one) => matches(one, never))).toEqual([]);
  }
  if (then.counts !== undefined) expect(outcome.counts).toMatchObject(then.counts);
  expectSums(outcome);
  const second = recomputed(facts, policy, end);
  expect(linesOf(second), "the second opinion").toEqual(linesOf(outcome));
  expect(raised(second), "the second opinion's flags").toEqual(raised(outcome));
  expect(second.counts, "the second opinion's counts").toEqual(outcome.counts);
}

for (const file of files) {
  describe(file.replace(".yaml", "").replaceAll("-", " "), () => {
    for (const vector of readVectors(new URL(file, folder).pathname)) {
      test(vector.title, () => check(vector));
    }
  });
}
