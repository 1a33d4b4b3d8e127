import type { Fact } from "@troth/events";
import type { NoiseRule, Policy, TouchDimension } from "@troth/policy";
import { type Customer, hold, viewOf } from "./customer.ts";
import type { Standing } from "./judge.ts";
import { withinLimits } from "./limits.ts";
import { standingsOf } from "./look.ts";
import { profileAsOf } from "./profile.ts";
import { isReplaced } from "./replaced.ts";
import type { SourceView } from "./sources.ts";
import { countsAsNoise, type Held, noiseOf, nothing } from "./traces.ts";

/** The rules by which a cohort fact can touch customers, in policy order (RULES.md 9). */
export const touchingRules = (fact: Fact, policy: Policy): NoiseRule[] =>
  policy.noises.filter((rule) => rule.touches !== null && countsAsNoise(rule, fact));

/** Whether the rule says that the fact touches the customer, as they stand at `now`. */
export function isTouched(
  customer: Customer,
  rule: NoiseRule,
  fact: Fact,
  now: number,
  sources: SourceView,
): boolean {
  const { touches } = rule;
  if (touches === null) return false;
  const at = rule.at(fact);
  const asked = touches.by.flatMap((dimension) => {
    const value = touches[dimension](fact);
    return value === null ? [] : [{ dimension, value }];
  });
  const matches = (dimension: TouchDimension, value: string): boolean => {
    const { items } = viewOf(customer);
    const profile = profileAsOf(items.profile, at, true);
    if (dimension === "region") return profile.region === value;
    if (dimension === "segment") return profile.segment === value;
    if (dimension === "product") return profile.products.includes(value);
    if (dimension === "campaign")
      return items.exposures.some((one) => one.campaignId === value && one.at <= at);
    return standingsOf(customer, now, sources).some(
      ({ row, ...standing }) =>
        row.template.link.id === value && row.made.at <= at && isLive(standing),
    );
  };
  return asked.length > 0 && asked.every(({ dimension, value }) => matches(dimension, value));
}

function isLive({ verdict, mendedAt }: Pick<Standing, "verdict" | "mendedAt">): boolean {
  if (verdict === "broken") return mendedAt === null;
  return ["open", "at-risk", "overdue", "source-blind"].includes(verdict);
}

/** Gives the customer the noise of a cohort fact. */
export function touch(customer: Customer, rule: NoiseRule, fact: Fact, policy: Policy): void {
  if (isReplaced(customer.replaced, fact)) return;
  const traces = { ...nothing, noises: [noiseOf(rule, fact)] };
  const noise: Held = { fact, origin: customer.reference, traces };
  hold(customer, withinLimits([...customer.held, noise], policy.limits));
}

export const isAlreadyTouched = (customer: Customer, rule: NoiseRule, fact: Fact): boolean =>
  customer.held.some(
    (held) =>
      held.fact.id === fact.id &&
      held.fact.source === fact.source &&
      held.traces.noises.some((noise) => noise.rule.index === rule.index),
  );
