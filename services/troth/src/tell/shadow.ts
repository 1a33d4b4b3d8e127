import { isBeyond, type Output } from "@troth/events";
import type { Metrics } from "@troth/runtime";
import { openNet, openSingle } from "./closed.ts";

const under = ["both", "live", "shadow"] as const;
const nowhere = { inOffset: -1, seq: -1 };
type Side = Exclude<(typeof under)[number], "both">;

export type ShadowTell = {
  /** Takes the next thing the live judge wrote, or the one in shadow, each in order; copies are dropped. */
  readonly fold: (side: Side, output: Output) => void;
  /** Facts below `position` are judged in shadow. */
  readonly judged: (position: number) => void;
};

/**
 * What a policy in shadow would do to the work there is now: customers on alert under both policies, or
 * under one alone. Holds nobody whose alert is over. `troth shadow` compares the whole past instead.
 */
export function openShadowTell(metrics: Metrics): ShadowTell {
  const customers = metrics.gauge({
    name: "troth_shadow_customers_on_alert",
    help: "Customers on alert now under the live policy and the one in shadow, or under one alone.",
    labels: { under },
  });
  const position = openSingle(
    metrics,
    "troth_shadow_position",
    "Facts judged in shadow; less than troth_log_position while the shadow catches up.",
  );
  const counts = { both: 0, live: 0, shadow: 0 };
  for (const one of under) customers.set({ under: one }, 0);
  /** Customers by their open alerts, as each side has them: joining customers moves an alert. */
  const open = { live: new Map<string, string>(), shadow: new Map<string, string>() };
  const alerts = openNet();
  const standing = (customer: string): (typeof under)[number] | null => {
    const live = alerts(`live ${customer}`, 0) > 0;
    const shadow = alerts(`shadow ${customer}`, 0) > 0;
    if (live && shadow) return "both";
    return live ? "live" : shadow ? "shadow" : null;
  };
  const show = (one: (typeof under)[number] | null, by: number): void => {
    if (one === null) return;
    counts[one] += by;
    customers.set({ under: one }, counts[one]);
  };
  const count = (side: Side, customer: string, by: number): void => {
    show(standing(customer), -1);
    alerts(`${side} ${customer}`, by);
    show(standing(customer), 1);
  };
  const seen = { live: nowhere, shadow: nowhere };
  return {
    fold: (side, output) => {
      if (!isBeyond(output, seen[side])) return;
      seen[side] = { inOffset: output.inOffset, seq: output.seq };
      const { body } = output;
      if (body.kind !== "alert") return;
      const { alertId, customer, state } = body;
      const before = open[side].get(alertId);
      if (before !== undefined) count(side, before, -1);
      if (state === "recovered" || state === "withdrawn") open[side].delete(alertId);
      else {
        open[side].set(alertId, customer);
        count(side, customer, 1);
      }
    },
    judged: (judged) => position.set({}, judged),
  };
}
