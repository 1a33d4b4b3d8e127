import { amountUnits, err, ok, type Result } from "@troth/events";
import type { Person } from "../access/person.ts";
import { mayDo } from "../access/roles.ts";
import { amountText } from "../api/recommendation.ts";
import type { Mending } from "../mending/mending.ts";
import type { DeskCustomer } from "../view/customer.ts";
import type { Act } from "./act.ts";
import type { ActFault } from "./facts.ts";

type ResolutionAct = Extract<Act, { act: "resolution" }>;

/** A resolution as it will be written down, and the goodwill it takes. */
export type Resolved = {
  readonly data: Readonly<Record<string, unknown>>;
  readonly goodwill: number;
  readonly isAccepted: boolean;
};

type Terms = {
  readonly kind: string;
  readonly ledger: string;
  readonly units: number;
  readonly currency: string;
  readonly more: Readonly<Record<string, unknown>>;
};

/** One of the policy's ways, with what was expected of it when it was chosen. */
function fromPolicy(
  id: string,
  mending: Mending | null,
  customer: DeskCustomer,
  now: number,
): Result<Terms, ActFault> {
  const candidate = mending?.candidate(id) ?? null;
  if (mending === null || candidate === null) {
    return err({ field: "candidate", why: "no way of this policy" });
  }
  const alertId = customer.openAlert?.alertId ?? "";
  const found = mending.recommend(customer, alertId, now);
  const scored = found?.ranked.find((one) => one.candidate.id === id);
  const isOwed = found?.owed.some((one) => one.id === id) === true;
  if (scored === undefined && !isOwed) {
    return err({
      field: "candidate",
      why: "does not fit this customer, or there is no goodwill left for it",
    });
  }
  const isProposed = found?.proposed?.candidate.id === id;
  const { kind, ledger, amount: units } = candidate;
  const { currency } = mending.resolutions;
  const predicted =
    scored === undefined
      ? {}
      : {
          predictedScore: scored.prediction.mean,
          interval: { low: scored.prediction.low, high: scored.prediction.high },
        };
  // Only what was proposed was drawn; what a person chose against it has no probability of ours.
  const propensity = isProposed ? { propensity: found.propensity } : {};
  return ok({ kind, ledger, units, currency, more: { basis: id, ...predicted, ...propensity } });
}

function freely(
  act: ResolutionAct,
  person: Person,
  mending: Mending | null,
): Result<Terms, ActFault> {
  const { kind, ledger, amount } = act;
  if (kind === undefined || ledger === undefined) {
    return err({ field: "kind", why: "say kind and ledger, or a candidate" });
  }
  const isCredit = kind === "credit";
  if (isCredit !== (amount !== undefined)) {
    return err({ field: "amount", why: isCredit ? "a credit has one" : "only a credit has one" });
  }
  const units = amount === undefined ? 0 : amountUnits(amount);
  const usual = Math.max(0, ...(mending?.resolutions.candidates ?? []).map((one) => one.amount));
  if (ledger === "goodwill" && units > usual && !mayDo(person.role, "decide")) {
    return err({
      field: "amount",
      why: `more than ${amountText(usual) ?? "0.00"} is a lead's to give`,
    });
  }
  const currency = act.currency ?? mending?.resolutions.currency ?? "EUR";
  return ok({ kind, ledger, units, currency, more: {} });
}

/** What is written down of a resolution, or why it cannot be. */
export function resolved(
  act: ResolutionAct,
  making: { readonly person: Person; readonly customer: DeskCustomer; readonly now: number },
  mending: Mending | null,
  policyHash: string,
): Result<Resolved, ActFault> {
  const { person, customer, now } = making;
  const { candidate } = act;
  const terms =
    candidate === undefined
      ? freely(act, person, mending)
      : fromPolicy(candidate, mending, customer, now);
  if (!terms.ok) return terms;
  const { kind, ledger, units, currency, more } = terms.value;
  const text = amountText(units);
  return ok({
    goodwill: ledger === "goodwill" ? units : 0,
    isAccepted: act.response === "accepted",
    data: {
      resolutionId: `desk-${act.actId}`,
      kind,
      ledger,
      ...(text === null ? {} : { amount: { amount: text, currency } }),
      ...(act.alertId === undefined ? {} : { alertId: act.alertId }),
      ...more,
      policyVersion: policyHash,
      decidedBy: person.role,
      customerResponse: act.response,
    },
  });
}
