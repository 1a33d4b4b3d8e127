import { readFileSync } from "node:fs";
import { type Filed, type Output, parseEvent, publicPseudonymKey } from "@troth/events";
import { type Policy, parsePolicy } from "@troth/policy";
import { replay } from "../../services/troth/src/replay/replay.ts";
import type { ReadLine } from "../../services/troth/src/replay/source.ts";
import { syntheticDay } from "../../services/troth/src/story/synthetic-day.ts";
import { root } from "./source.ts";

export function defaultPolicy(): Policy {
  const path = `${root}infra/policy/default.yaml`;
  const policy = parsePolicy(readFileSync(path, "utf8"), path);
  if (!policy.ok) throw new Error("the default policy does not parse");
  return policy.value;
}

async function* lines(customers: number): AsyncGenerator<readonly ReadLine[]> {
  const endsAt = Date.UTC(2026, 2, 3, 18);
  let line = 0;
  for (const event of syntheticDay({ seed: 7, endsAt, customers })) {
    line += 1;
    yield [{ line, result: parseEvent(event), raw: null }];
  }
}

export type JudgedDay = { readonly facts: readonly Filed[]; readonly outputs: readonly Output[] };

/** The log of a made-up day, and everything the judge writes about it. */
export async function judgedDay(customers: number): Promise<JudgedDay> {
  const outputs: Output[] = [];
  const facts: Filed[] = [];
  await replay(lines(customers), defaultPolicy(), publicPseudonymKey, null, {
    decision: () => undefined,
    output: (output) => outputs.push(output),
    fact: (record) => facts.push(record),
    setAside: () => undefined,
    drained: () => Promise.resolve(),
  });
  return { facts, outputs };
}
