import type { Policy } from "@troth/policy";
import { type Accuracy, measure } from "@troth/truth";
import { type Example, type Learned, learn, logOdds } from "./weigh.ts";

/** Accuracy of log odds on examples that were not fitted. */
export function accuracyOn(learned: Learned, examples: readonly Example[]): Accuracy {
  return measure(
    examples.map((one) => ({
      riskScore: logOdds(learned, one),
      alerted: false,
      outcome: one.bad ? "not_enjoyed" : "enjoyed",
      weight: one.weight,
    })),
  );
}

export type Ablated = {
  /** The rule left out of the fit. */
  readonly rule: string;
  /** What is lost without it on the examples held out; negative where it did harm. */
  readonly aucLost: number;
  readonly apLost: number;
};

const lost = (whole: number | null, part: number | null): number =>
  Math.round(((whole ?? 0) - (part ?? 0)) * 1e6) / 1e6;

/** Fits again without each rule (or each named) in turn; judged on examples that were not fitted. */
export function ablate(
  policy: Policy,
  fitted: readonly Example[],
  heldOut: readonly Example[],
  penalty: number,
  named: readonly string[] | null = null,
): readonly Ablated[] {
  const whole = learn(policy, fitted, penalty);
  const all = accuracyOn(whole, heldOut);
  return whole.rules
    .filter(({ id, weights }) =>
      named === null ? [...weights.values()].some((weight) => weight !== 0) : named.includes(id),
    )
    .map(({ id }) => {
      const { auc, ap } = accuracyOn(learn(policy, fitted, penalty, new Set([id])), heldOut);
      return { rule: id, aucLost: lost(all.auc, auc), apLost: lost(all.ap, ap) };
    })
    .sort((a, b) => b.aucLost - a.aucLost || (a.rule < b.rule ? -1 : 1));
}
