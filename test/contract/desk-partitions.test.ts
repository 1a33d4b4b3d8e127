import { createViews, type DeskView } from "@troth/desk";
import { type Fact, type Output, parseLine, publicPseudonymKey } from "@troth/events";
import { expect, test } from "vitest";
import { Pipeline } from "../../services/troth/src/pipeline.ts";
import { AddedUp } from "../../services/troth/src/run/added-up.ts";
import { defaultPolicy } from "../support/default-policy.ts";
import { houses } from "../support/houses.ts";
import { judgePartitioned } from "../support/partitions.ts";
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
function ofMany(outputs: readonly (readonly Output["body"][])[], dice: () => number): DeskView {
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
    for (const body of one?.all.slice(one.next, one.next + count) ?? []) {
      added.fold(one?.partition ?? 0, { inOffset: one?.next ?? 0, seq: 0, stamp: 0, body });
    }
    if (one !== undefined) one.next += count;
  }
  return views.of("default");
}

/** Who is at what level; timelines of customers joined across partitions depend on the order still. */
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
    const { outputs } = judgePartitioned(facts, policy, 3, seeded(seed));
    for (let pace = 0; pace < 5; pace += 1) {
      const many = levels(ofMany(outputs, seeded(seed * 100 + pace)));
      expect(many, `seed ${seed}, pace ${pace}`).toEqual(whole);
    }
  }
});
