import { type Output, parseEvent } from "@troth/events";
import type { Policy } from "@troth/policy";
import type { Hand } from "../http/parts.ts";
import type { DeskCustomer } from "../view/customer.ts";
import { type Event, recoveryEvent, recoveryIdOf } from "./facts.ts";

export type RecoveryOptions = {
  readonly hand: Hand;
  readonly policy: Pick<Policy, "readers">;
  readonly tenantOf: (customer: string) => string;
  /** False while the past is being read: what was over before anybody watched is not promised anew. */
  readonly isLive: () => boolean;
  /** Log time of everything that is stored, judged or not. */
  readonly logTime: () => Promise<number>;
  readonly tell: {
    readonly made: () => void;
    /** It would have been late when it was made, so it was not. */
    readonly late: () => void;
    readonly failed: (error: unknown) => void;
  };
};

/** The promise an alert opens was made, by us or by whoever took it on. */
export function isRecoveryPromised(customer: DeskCustomer, alertId: string): boolean {
  const key = `/${recoveryIdOf(alertId)}`;
  return customer.register.rows().some(({ promiseId }) => promiseId.endsWith(key));
}

/**
 * When the policy would have the promise in an event be kept; the earliest, where it gives some
 * customers less time than others. Null: it is due at no moment.
 */
function dueOf({ readers }: Pick<Policy, "readers">, event: Event): number | null {
  const read = parseEvent(event);
  if (!read.ok) return null;
  const fact = read.value;
  const made = readers.get(fact.kind)?.made ?? [];
  const dues = made.flatMap(({ template, slot }) => {
    if (!slot.test(fact) || slot.key(fact) === null) return [];
    const input = { madeAt: slot.at(fact), stated: slot.stated(fact), needed: null };
    const others = template.variants.flatMap(({ off, due }) => (off || due === null ? [] : [due]));
    return [template.due, ...others].flatMap((due) => due(input) ?? []);
  });
  return dues.length === 0 ? null : Math.min(...dues);
}

/**
 * A reader for which every alert that opens is a promise to put it right. The promise's id is the
 * alert's, so that however often it is handed in, it is one. Who hears of an alert when that promise
 * would be late already makes none: it would break at once and be one more harm to the customer. It is
 * made by whoever takes the alert on, from then.
 */
export function openRecovery(options: RecoveryOptions) {
  const { hand, policy, isLive, logTime, tenantOf, tell } = options;
  const promise = async (event: Event): Promise<void> => {
    const due = dueOf(policy, event);
    if (due !== null && due <= (await logTime())) return tell.late();
    if ((await hand([event])) === "refused") throw new Error("the door took no recovery promise");
    tell.made();
  };
  return {
    fold: ({ body, stamp }: Output): void => {
      if (body.kind !== "alert" || body.state !== "opened" || !isLive()) return;
      const { alertId, customer } = body;
      const tenant = tenantOf(customer);
      const madeAt = Math.max(stamp, body.at);
      promise(recoveryEvent({ alertId, customer, tenant, madeAt })).catch(tell.failed);
    },
  };
}
