import type { Output } from "@troth/events";
import type { Hand } from "../http/parts.ts";
import { recoveryEvent } from "./facts.ts";

export type RecoveryOptions = {
  readonly hand: Hand;
  readonly tenantOf: (customer: string) => string;
  /** False while the past is being read: what was over before anybody watched is not promised anew. */
  readonly isLive: () => boolean;
  readonly failed: (error: unknown) => void;
};

/**
 * A reader for which every alert that opens is a promise to put it right. The promise's id is the
 * alert's, so that however often it is handed in, it is one.
 */
export function openRecovery(options: RecoveryOptions) {
  const { hand, isLive, failed, tenantOf } = options;
  return {
    fold: ({ body, stamp }: Output): void => {
      if (body.kind !== "alert" || body.state !== "opened" || !isLive()) return;
      const { alertId, customer } = body;
      const tenant = tenantOf(customer);
      hand([recoveryEvent({ alertId, customer, tenant, madeAt: Math.max(stamp, body.at) })]).then(
        (handed) => handed === "refused" && failed(new Error("the door took no recovery promise")),
        failed,
      );
    },
  };
}
