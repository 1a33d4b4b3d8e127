import { takeAll } from "@troth/engine";
import { type Output, parseLine, publicPseudonymKey } from "@troth/events";
import { Dispatcher } from "@troth/identity";
import { PartitionJudge } from "@troth/monitor";
import { expect, test } from "vitest";
import { defaultPolicy } from "../support/default-policy.ts";
import { randomEvents } from "../support/random-events.ts";

const policy = defaultPolicy();

test("who stands with a level is known at any time, restored or not", () => {
  let standing = 0;
  let left = 0;
  for (let seed = 1; seed <= 20; seed += 1) {
    const registrar = new Dispatcher({ policy, key: publicPseudonymKey, partitions: 1 });
    let judge = new PartitionJudge(policy);
    const said = new Set<string>();
    let records = 0;
    let stamp = 0;
    for (const [offset, event] of randomEvents(seed, 200).entries()) {
      const fact = parseLine(JSON.stringify(event));
      if (!fact.ok) continue;
      stamp = Math.max(stamp, fact.value.recordedTime);
      registrar.take(fact.value, offset, stamp, (_, record) => {
        const out: Output["body"][] = [];
        judge.apply(record, out);
        for (const one of out) {
          if (one.kind !== "flag") continue;
          if (one.level === "none" && said.delete(one.customer)) left += 1;
          if (one.level !== "none") said.add(one.customer);
        }
        const known = [...judge.standing()].map(({ reference }) => reference);
        expect(known.sort(), `seed ${seed}, record ${records}`).toEqual([...said].sort());
        expect(judge.standingCount).toBe(said.size);
        standing += said.size;
        records += 1;
        if (records % 10 === 0)
          judge = PartitionJudge.restore(policy, takeAll(judge.beginSnapshot()).values());
      });
    }
  }
  expect(standing).toBeGreaterThan(1_000);
  expect(left).toBeGreaterThan(10);
});
