import type { Fact } from "@troth/events";
import type { NoiseRule, Policy } from "@troth/policy";
import { isReplaced, refOf } from "./evolve.ts";
import { profileAt } from "./profile.ts";
import type { Customer } from "./state.ts";
import { sameFact, withItem } from "./state.ts";

/** True when some promise of that link was alive at `at`, as its rows stand now. */
function dependsOn(customer: Customer, link: string, at: number): boolean {
  return customer.pledges.some(
    (pledge) =>
      pledge.template.link.id === link &&
      pledge.rows.some(
        (row) =>
          row.madeAt <= at &&
          (["open", "at-risk", "overdue", "source-blind"].includes(row.verdict) ||
            (row.verdict === "broken" && row.mendedAt === null)),
      ),
  );
}

/** Whether a fact that names nobody reaches this customer: every dimension it gives must match. */
export function isTouched(customer: Customer, rule: NoiseRule, fact: Fact): boolean {
  const touches = rule.touches;
  if (touches === null || customer.tenant !== fact.tenant) return false;
  const at = rule.at(fact);
  const profile = profileAt(customer.profile, at, false);
  let given = 0;
  for (const dimension of touches.by) {
    const value = touches[dimension](fact);
    if (value === null) continue;
    given += 1;
    switch (dimension) {
      case "region":
        if (profile.region !== value) return false;
        break;
      case "product":
        if (!profile.products.includes(value)) return false;
        break;
      case "segment":
        if (profile.segment !== value) return false;
        break;
      case "link":
        if (!dependsOn(customer, value, at)) return false;
        break;
      case "campaign":
        if (!customer.exposures.some((one) => one.campaignId === value && one.at <= at))
          return false;
        break;
    }
  }
  return given > 0;
}

/** Gives a touched customer the cohort's noise; false if they have it already. */
export function touch(policy: Policy, customer: Customer, rule: NoiseRule, fact: Fact): boolean {
  const ref = refOf(fact, customer.key);
  if (isReplaced(customer, ref)) return false;
  if (customer.noises.some((one) => one.rule === rule && sameFact(one.ref, ref))) return false;
  const noise = { rule, at: rule.at(fact), value: rule.value(fact), ref };
  customer.noises = withItem(customer.noises, noise, policy.limits.noisesPerCustomer, true);
  return true;
}

export const cohortRules = (policy: Policy, fact: Fact): readonly NoiseRule[] =>
  (policy.readers.get(fact.kind)?.noises ?? []).filter(
    (rule) => rule.touches !== null && rule.test(fact),
  );
