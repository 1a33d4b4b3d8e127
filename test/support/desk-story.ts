import { readFileSync } from "node:fs";
import { createViews, type DeskOptions } from "@troth/desk";
import { type Output, parseEvent, publicPseudonymKey } from "@troth/events";
import { type Policy, parsePolicy } from "@troth/policy";
import { Pipeline } from "../../services/troth/src/pipeline.ts";
import { syntheticDay } from "../../services/troth/src/story/synthetic-day.ts";

export const storyEndsAt = Date.UTC(2026, 8, 1, 12);

/** The policy `start` uses unless told otherwise. */
export function defaultPolicy(): Policy {
  const text = readFileSync(new URL("../../infra/policy/default.yaml", import.meta.url), "utf8");
  const parsed = parsePolicy(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value;
}

/**
 * The made-up day as a desk is given it: judged by the real judge, in memory. `listens`: how customers
 * sound in writing is looked at.
 */
export function deskStory(customers = 400, endsAt = storyEndsAt, listens = false) {
  const policy = defaultPolicy();
  const pipeline = new Pipeline(policy, publicPseudonymKey);
  const views = createViews(policy, listens);
  let stamp = 0;
  let inOffset = 0;
  const fold = (bodies: readonly Output["body"][]): void => {
    for (const [seq, body] of bodies.entries()) views.fold({ inOffset, seq, stamp, body });
    inOffset += 1;
  };
  /** Sends one more event through the judge, as if it came in now. */
  const send = (event: unknown): void => {
    const fact = parseEvent(event);
    if (!fact.ok) throw new Error(JSON.stringify(fact.error));
    stamp = Math.max(stamp, fact.value.recordedTime);
    const out: Output["body"][] = [];
    pipeline.take(fact.value, stamp, out);
    fold(out);
  };
  for (const event of syntheticDay({ seed: 2718, endsAt, customers })) send(event);
  const end: Output["body"][] = [];
  stamp = Math.max(stamp, endsAt);
  pipeline.tick(stamp, end);
  fold(end);
  const options: Omit<DeskOptions, "listen"> = {
    views,
    policy,
    hand: async (events) => {
      for (const event of events) send(event);
      return "shown";
    },
    flagNow: (customer, tenant) => pipeline.flag(tenant ?? "default", customer, stamp),
    logTime: () => stamp,
    isDemo: () => true,
    intakeUrl: () => "http://127.0.0.1:8781/v1/events",
    tell: {
      answered: () => undefined,
      failed: (error) => {
        throw error;
      },
    },
  };
  return { views, policy, options, send, flagsAt: (now: number) => pipeline.flags(now) };
}
