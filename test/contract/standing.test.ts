import { parseLine, publicPseudonymKey } from "@troth/events";
import { Dispatcher } from "@troth/identity";
import { PartitionJudge } from "@troth/monitor";
import { expect, test } from "vitest";
import { defaultPolicy } from "../support/default-policy.ts";
import { randomEvents } from "../support/random-events.ts";

const policy = defaultPolicy();

test("who stands with a level is known at any time as if everybody had been looked at", () => {
  let standing = 0;
  let left = 0;
  for (let seed = 1; seed <= 20; seed += 1) {
    const registrar = new Dispatcher({ policy, key: publicPseudonymKey, partitions: 1 });
    let judge = new PartitionJudge(policy);
    let before = 0;
    let records = 0;
    let stamp = 0;
    for (const [offset, event] of randomEvents(seed, 200).entries()) {
      const fact = parseLine(JSON.stringify(event));
      if (!fact.ok) continue;
      stamp = Math.max(stamp, fact.value.recordedTime);
      registrar.take(fact.value, offset, stamp, (_, record) => {
        judge.apply(record, []);
        records += 1;
        if (records % 5 !== 0) return;
        const known = [...judge.standing(judge.stamp)].map(({ flag }) => flag);
        const looked = judge.flags(judge.stamp).filter(({ level }) => level !== "none");
        known.sort((a, b) => (a.customer < b.customer ? -1 : 1));
        expect(known, `seed ${seed}, record ${records}`).toEqual(looked);
        standing += known.length;
        if (known.length < before) left += 1;
        before = known.length;
        if (records % 50 === 0) judge = PartitionJudge.restore(policy, judge.snapshot());
      });
    }
  }
  expect(standing).toBeGreaterThan(1_000);
  expect(left).toBeGreaterThan(10);
});
