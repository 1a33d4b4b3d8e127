import {
  decisionKinds,
  flagJson,
  flagJsonSchema,
  type Output,
  outputJsonSchema,
  outputText,
  parseLine,
  publicPseudonymKey,
} from "@troth/events";
import { expect, test } from "vitest";
import { z } from "zod";
import { Pipeline } from "../../services/troth/src/pipeline.ts";
import { defaultPolicy } from "../support/default-policy.ts";
import { houses } from "../support/houses.ts";

const output = z.fromJSONSchema(outputJsonSchema());
const flag = z.fromJSONSchema(flagJsonSchema());

/** All that is said of a few random houses. */
function said() {
  const pipeline = new Pipeline(defaultPolicy(), publicPseudonymKey);
  const outputs: Output[] = [];
  let stamp = 0;
  for (const [inOffset, event] of houses(7, 8, 60).entries()) {
    const fact = parseLine(JSON.stringify(event));
    if (!fact.ok) continue;
    const out: Output["body"][] = [];
    stamp = Math.max(stamp, fact.value.recordedTime);
    pipeline.take(fact.value, stamp, out);
    for (const [seq, body] of out.entries()) outputs.push({ inOffset, seq, stamp, body });
  }
  return { outputs, flags: [...pipeline.flags(stamp)] };
}

test("what the judge says is as the registry's schema has it, every kind of it, and nothing less is", () => {
  const { outputs, flags } = said();
  const kinds = new Set<string>();
  for (const one of outputs) {
    const read = JSON.parse(outputText(one));
    expect(output.safeParse(read).error, outputText(one)).toBeUndefined();
    if (kinds.has(one.body.kind)) continue;
    kinds.add(one.body.kind);
    for (const name of Object.keys(one.body)) {
      const { [name]: _, ...body } = read.body;
      expect(output.safeParse({ ...read, body }).success, `${one.body.kind}.${name}`).toBe(false);
    }
    expect(output.safeParse({ ...read, more: 1 }).success, "more may come").toBe(true);
  }
  expect([...decisionKinds].filter((kind) => !kinds.has(kind))).toEqual([]);
  expect(flags.length).toBeGreaterThan(3);
  for (const one of flags) {
    const read = JSON.parse(flagJson(one));
    expect(flag.safeParse(read).error).toBeUndefined();
    expect(flag.safeParse({ ...read, parts: "none" }).success).toBe(false);
  }
});
