import { takeAll } from "@troth/engine";
import {
  type Decision,
  decisionJson,
  type Fact,
  type Flag,
  isDecision,
  isoTime,
  type Output,
  parseEvent,
  publicPseudonymKey,
} from "@troth/events";
import { type Policy, parsePolicy } from "@troth/policy";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Pipeline } from "../../services/troth/src/pipeline.ts";
import {
  type Form,
  findsBreaks,
  findsNoises,
  forms,
  type Moments,
  policyFor,
} from "../support/absence.ts";
import { recomputed } from "../support/vectors.ts";

const start = Date.UTC(2026, 2, 2);
const hour = 3_600_000;
const at = (hours: number): number => start + hours * hour;
const endsAt = at(20);

type Told = { readonly letter: string; readonly hours: number };

const read = (told: string): readonly Told[] =>
  told.split(" ").map((word) => ({ letter: word.slice(0, 1), hours: Number(word.slice(1)) }));

function compiled(form: Form): Policy {
  const parsed = parsePolicy(policyFor(form));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value;
}

function factOf({ letter, hours }: Told, place: number, recorded: number, subject: string): Fact {
  const parsed = parseEvent({
    specversion: "1.0",
    id: `e${place}`,
    source: "urn:test:absence",
    type: "org.troth.contact.completed.v1",
    time: isoTime(at(hours)),
    recordedtime: isoTime(recorded),
    subject,
    data: { reason: letter },
  });
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
}

const beginning: Told = { letter: "S", hours: 0 };
const byTime = (told: readonly Told[]): readonly Told[] =>
  [beginning, ...told].sort((one, other) => one.hours - other.hours);
const inTime = (told: readonly Told[]): readonly Fact[] =>
  byTime(told).map((one, place) => factOf(one, place, at(one.hours), "customer:ada"));
/** Everything is heard of at the very end, the last thing first. */
const allLate = (told: readonly Told[]): readonly Fact[] =>
  byTime(told)
    .map((one, place) => factOf(one, place, endsAt, "customer:ada"))
    .reverse();

type Run = { readonly decisions: readonly Decision[]; readonly flags: readonly Flag[] };

function run(policy: Policy, facts: readonly Fact[], restarts: boolean): Run {
  let pipeline = new Pipeline(policy, publicPseudonymKey);
  const out: Output["body"][] = [];
  const maybeRestart = (): void => {
    if (restarts)
      pipeline = Pipeline.restore(
        policy,
        publicPseudonymKey,
        takeAll(pipeline.beginSnapshot()).values(),
      );
  };
  for (const fact of facts) {
    pipeline.take(fact, fact.recordedTime, out);
    maybeRestart();
    // What was seen before a restart is still a duplicate after it.
    if (restarts) expect(pipeline.take(fact, fact.recordedTime, out)).toBe("duplicate");
  }
  // Time passes in steps, with a restart before each: a timer must not live in memory alone.
  for (let hours = 1; at(hours) <= endsAt; hours += 1) {
    const last = facts.at(-1)?.recordedTime ?? 0;
    if (at(hours) < last || !restarts) continue;
    pipeline.tick(at(hours), out);
    maybeRestart();
  }
  pipeline.tick(endsAt, out);
  return { decisions: out.filter(isDecision), flags: pipeline.flags(endsAt) };
}

/** Hours, ascending: when promises stand broken since, and when the noises that count happened. */
function found(form: Form, { decisions, flags }: Run, facts: readonly Fact[]): readonly number[] {
  const rows = new Map<string, Decision & { kind: "pledge" }>();
  for (const one of decisions) {
    if (one.kind === "pledge" && one.customer === "customer:ada") {
      rows.set(`${one.promiseId}#${one.term}`, one);
    }
  }
  const breaks = [...rows.values()].filter((row) => row.verdict === "broken").map((row) => row.at);
  const flag = flags.find((one) => one.customer === "customer:ada");
  const noisy = new Set(
    (flag?.parts ?? [])
      .filter((part) => part.id.includes("-c/") || part.id.includes("-b/"))
      .flatMap((part) => part.evidence),
  );
  const noises = facts.filter((fact) => noisy.has(fact.id)).map((fact) => fact.time);
  return [...(findsBreaks(form) ? breaks : []), ...(findsNoises(form) ? noises : [])]
    .map((moment) => (moment - start) / hour)
    .sort((one, other) => one - other);
}

const momentsOf = (told: readonly Told[]): Moments => {
  const of = (letter: string): readonly number[] =>
    told
      .filter((one) => one.letter === letter)
      .map((one) => one.hours)
      .sort((one, other) => one - other);
  return { a: of("A"), b: of("B"), c: of("C") };
};

const ascending = (hours: readonly number[]): readonly number[] => [...hours].sort((a, b) => a - b);
const lines = ({ decisions }: Run): readonly string[] => decisions.map(decisionJson);

/** Told in every way the same things can come to be known; each must find the same. */
function expectFound(
  form: Form,
  policy: Policy,
  told: readonly Told[],
  wanted: readonly number[],
): void {
  const facts = inTime(told);
  const idle = run(policy, facts, false);
  expect(found(form, idle, facts), "with no event after").toEqual(wanted);
  const after = factOf({ letter: "Z", hours: 19 }, 99, at(19), "customer:somebody-else");
  const followed = run(policy, [...facts, after], false);
  expect(found(form, followed, facts), "with an event after").toEqual(wanted);
  const restarted = run(policy, facts, true);
  expect(found(form, restarted, facts), "across restarts").toEqual(wanted);
  expect(lines(restarted), "across restarts").toEqual(lines(idle));
  expect(found(form, run(policy, allLate(told), false), facts), "told late").toEqual(wanted);
  const second = recomputed(facts, policy, endsAt);
  expect(second.decisions.map(decisionJson), "the second opinion").toEqual(lines(idle));
}

const someEvents = fc.array(
  fc.record({ letter: fc.constantFrom("A", "B", "C"), hours: fc.integer({ min: 0, max: 10 }) }),
  { maxLength: 7 },
);

for (const form of forms) {
  describe(form.siddhi, () => {
    const policy = compiled(form);

    test.each(form.examples)("%s is found at %j", (told, wanted) => {
      expect(ascending(form.found(momentsOf(read(told))))).toEqual(wanted);
      expectFound(form, policy, read(told), wanted);
    });

    test("means what its definition says, in whatever order and across whatever restarts", () => {
      fc.assert(
        fc.property(someEvents, (told) => {
          expectFound(form, policy, told, ascending(form.found(momentsOf(told))));
        }),
        { numRuns: 60, seed: 483 },
      );
    });
  });
}
