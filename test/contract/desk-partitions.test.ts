import { createViews, type DeskView } from "@troth/desk";
import { type Fact, type Output, parseLine, publicPseudonymKey } from "@troth/events";
import { expect, test } from "vitest";
import { Pipeline } from "../../services/troth/src/pipeline.ts";
import { AddedUp } from "../../services/troth/src/run/added-up.ts";
import { defaultPolicy } from "../support/default-policy.ts";
import { houses } from "../support/houses.ts";
import { judgePartitioned, type Partitioned } from "../support/partitions.ts";
import { seeded } from "../support/random-events.ts";

const policy = defaultPolicy();

const factsFor = (seed: number): readonly Fact[] =>
  houses(seed, 6, 60).flatMap((event) => {
    const fact = parseLine(JSON.stringify(event));
    return fact.ok ? [fact.value] : [];
  });

/** What the desk of one process shows. */
function ofOne(facts: readonly Fact[]): DeskView {
  const pipeline = new Pipeline(policy, publicPseudonymKey);
  const views = createViews(policy);
  let stamp = 0;
  for (const [inOffset, fact] of facts.entries()) {
    const out: Output["body"][] = [];
    stamp = Math.max(stamp, fact.recordedTime);
    pipeline.take(fact, stamp, out);
    for (const [seq, body] of out.entries()) views.fold({ inOffset, seq, stamp, body });
  }
  return views.of("default");
}

/** What a desk shows that reads each partition at a pace of its own. */
function ofMany({ outputs, stamps }: Partitioned, dice: () => number): DeskView {
  const views = createViews(policy);
  const added = new AddedUp(outputs.length, (output) => views.fold(output));
  const left = outputs.map((all, partition) => ({ partition, all, next: 0 }));
  for (
    let open = [...left];
    open.length > 0;
    open = open.filter((one) => one.next < one.all.length)
  ) {
    const one = open[Math.floor(dice() * open.length)];
    // Often many at once, as batches are read.
    const count = 1 + Math.floor(dice() ** 3 * 400);
    if (one === undefined) continue;
    const { partition } = one;
    for (const body of one.all.slice(one.next, one.next + count)) {
      const stamp = stamps[partition]?.[one.next] ?? 0;
      added.fold(partition, { inOffset: one.next, seq: 0, stamp, body });
      one.next += 1;
    }
  }
  return views.of("default");
}

/** What is shown of each customer that follows from what was said, and not from when a partition said it. */
const shown = (view: DeskView): ReadonlyMap<string, string> =>
  new Map(
    view.ranked("risk", "all").map((one) => [
      one.reference,
      JSON.stringify({
        timeline: one.timeline.entries.map(({ at, knownAt, text }) => `${at} ${knownAt} ${text}`),
        dropped: one.timeline.dropped,
        alert: one.openAlert?.alertId ?? null,
        openedAt: one.openAlert === null ? null : one.openedAt,
        references: [...one.references].sort(),
        segment: one.profile.value("segment"),
        mendings: one.standing.mendings,
        promises: one.register.rows(),
      }),
    ]),
  );

const levels = (view: DeskView): readonly string[] =>
  view
    .ranked("risk", "all")
    .map(({ reference, level }) => `${reference} ${level}`)
    .sort();

test("the desk shows the same level of every customer in whatever order it hears the partitions", () => {
  for (let seed = 1; seed <= 10; seed += 1) {
    const facts = factsFor(seed);
    const whole = levels(ofOne(facts));
    expect(whole.filter((one) => !one.endsWith("none")).length).toBeGreaterThan(5);
    const judged = judgePartitioned(facts, policy, 3, seeded(seed));
    for (let pace = 0; pace < 5; pace += 1) {
      const many = levels(ofMany(judged, seeded(seed * 100 + pace)));
      expect(many, `seed ${seed}, pace ${pace}`).toEqual(whole);
    }
  }
});

/** Every order in which whole partitions can be read one after the other. */
function orders(count: number): readonly (readonly number[])[] {
  if (count === 0) return [[]];
  return orders(count - 1).flatMap((one) =>
    Array.from({ length: count }, (_, at) => [...one.slice(0, at), count - 1, ...one.slice(at)]),
  );
}

/** What a desk shows that reads one partition to its end after the other. */
function inTurn(judged: Partitioned, order: readonly number[]): DeskView {
  const views = createViews(policy);
  const added = new AddedUp(judged.outputs.length, (output) => views.fold(output));
  for (const partition of order) {
    for (const [at, body] of (judged.outputs[partition] ?? []).entries()) {
      const stamp = judged.stamps[partition]?.[at] ?? 0;
      added.fold(partition, { inOffset: at, seq: 0, stamp, body });
    }
  }
  return views.of("default");
}

test("customers joined across partitions show the same lines in whatever order those are read, as one process has them", () => {
  let exchanges = 0;
  let joined = 0;
  // Seeds in which customers of several partitions are found to be one.
  for (const seed of [4, 8, 16]) {
    const facts = factsFor(seed);
    const whole = shown(ofOne(facts));
    const judged = judgePartitioned(facts, policy, 3, seeded(seed));
    exchanges += judged.exchanges;
    joined += judged.outputs.flat().filter(({ kind }) => kind === "merge").length;
    const views = [
      ...orders(3).map((order) => inTurn(judged, order)),
      ...[1, 2].map((pace) => ofMany(judged, seeded(seed * 100 + pace))),
    ];
    for (const [place, view] of views.entries()) {
      const many = shown(view);
      expect([...many.keys()].sort(), `seed ${seed}`).toEqual([...whole.keys()].sort());
      for (const [name, one] of whole) {
        expect(many.get(name), `seed ${seed}, reading ${place}, ${name}`).toBe(one);
      }
    }
  }
  expect(exchanges).toBeGreaterThan(5);
  expect(joined).toBeGreaterThan(8);
}, 240_000);
