import type { Verdict } from "@troth/events";
import type { Policy } from "@troth/policy";
import { type Customer, type Said, viewOf } from "./customer.ts";
import { type Items, pledgeItemId } from "./items.ts";
import { compareText } from "./order.ts";

const provisional: readonly Verdict[] = ["open", "at-risk", "overdue", "source-blind"];

/**
 * Lets pledges go while a customer has more than the policy keeps: the one closed longest ago
 * first. What was said of it stands; nothing more is said.
 */
export function forgetOldPledges(customer: Customer, policy: Policy): void {
  for (;;) {
    const { items } = viewOf(customer);
    const promiseIds = [...new Set([...items.terms.keys(), ...items.keyed.keys()])];
    if (promiseIds.length <= policy.limits.pledgesPerCustomer) return;
    const oldest = promiseIds
      .map((promiseId) => ({ promiseId, closedAt: closedAt(saidOf(customer, promiseId)) }))
      .sort((a, b) => a.closedAt - b.closedAt || compareText(a.promiseId, b.promiseId))[0];
    if (oldest === undefined || oldest.closedAt === Number.POSITIVE_INFINITY) return;
    forget(customer, items, oldest.promiseId);
  }
}

const saidOf = (customer: Customer, promiseId: string): Said[] =>
  [...customer.said.values()].filter((said) => said.decision.promiseId === promiseId);

/** When the last of its rows was closed; infinity while one is not, or none was ever said. */
function closedAt(said: readonly Said[]): number {
  const open = said.some((one) => provisional.includes(one.decision.verdict));
  if (open || said.length === 0) return Number.POSITIVE_INFINITY;
  return Math.max(...said.map((one) => one.since));
}

function forget(customer: Customer, items: Items, promiseId: string): void {
  const terms = items.terms.get(promiseId) ?? [];
  const marks = items.keyed.get(promiseId) ?? [];
  for (const item of [...terms, ...marks]) customer.forgotten.add(pledgeItemId(promiseId, item));
  for (const [id, said] of customer.said)
    if (said.decision.promiseId === promiseId) customer.said.delete(id);
  customer.view = null;
}
