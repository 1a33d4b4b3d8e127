import { readFileSync } from "node:fs";
import { decisionJson, flagJson, parseLine, publicPseudonymKey } from "@troth/events";
import { recompute } from "@troth/oracle";
import { type Policy, parsePolicy } from "@troth/policy";
import { replayLines } from "@troth/troth";
import { expect, test } from "vitest";
import { randomEvents } from "../support/random-events.ts";

const text = readFileSync(new URL("../../infra/policy/default.yaml", import.meta.url), "utf8");
const parsed = parsePolicy(text);
if (!parsed.ok) throw new Error("the default policy does not compile");
const policy: Policy = parsed.value;

/** Runs of the simulation; more with TROTH_SEEDS. */
const seeds = Number(process.env["TROTH_SEEDS"] ?? 60);

/** The first line at which two runs part, with a little before it; null when they are the same. */
function firstDifference(a: readonly string[], b: readonly string[]): string | null {
  for (let i = 0; i < Math.max(a.length, b.length); i += 1) {
    const [ours = "", theirs = ""] = [a[i], b[i]];
    if (ours === theirs) continue;
    let at = 0;
    while (ours[at] === theirs[at]) at += 1;
    const near = `engine …${ours.slice(at - 80, at + 160)}\noracle …${theirs.slice(at - 80, at + 160)}`;
    return [near, ...a.slice(Math.max(0, i - 2), i), `engine: ${ours}`, `oracle: ${theirs}`].join(
      "\n",
    );
  }
  return null;
}

test("the engine and the naive oracle say the same decisions in the same order", async () => {
  for (let seed = 1; seed <= seeds; seed += 1) {
    const lines = randomEvents(seed, 160).map((event) => JSON.stringify(event));
    const engine = await replayLines(lines, policy);
    const facts = lines.flatMap((line) => {
      const fact = parseLine(line);
      return fact.ok ? [fact.value] : [];
    });
    const oracle = recompute({ facts, policy, pseudonymKey: publicPseudonymKey, until: null });
    expect(engine.refused, `seed ${seed}`).toEqual([]);
    const parting = firstDifference(
      engine.decisions.map(decisionJson),
      oracle.decisions.map(decisionJson),
    );
    expect(parting, `seed ${seed}`).toBeNull();
    const sorted = (flags: readonly string[]): string[] => [...flags].sort();
    expect(sorted(engine.flags.map(flagJson)), `seed ${seed}`).toEqual(
      sorted(oracle.flags.filter((flag) => flag.level !== "none").map(flagJson)),
    );
  }
});
