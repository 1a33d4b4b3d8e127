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

async function* read(events: Iterable<unknown>): AsyncGenerator<readonly ReadLine[]> {
  let line = 0;
  for (const event of events) {
    line += 1;
    yield [{ line, result: parseEvent(event), raw: null }];
  }
}

export type JudgedDay = { readonly facts: readonly Filed[]; readonly outputs: readonly Output[] };

/** The log of these events, and everything the judge writes about it. */
export async function judged(events: Iterable<unknown>): Promise<JudgedDay> {
  const outputs: Output[] = [];
  const facts: Filed[] = [];
  await replay(read(events), defaultPolicy(), publicPseudonymKey, null, {
    decision: () => undefined,
    output: (output) => outputs.push(output),
    fact: (record) => facts.push(record),
    setAside: () => undefined,
    drained: () => Promise.resolve(),
  });
  return { facts, outputs };
}

/** The same of a made-up day. */
export const judgedDay = (customers: number): Promise<JudgedDay> =>
  judged(syntheticDay({ seed: 7, endsAt: Date.UTC(2026, 2, 3, 18), customers }));
