import { isoTime } from "@troth/events";
import type { Candidate } from "@troth/policy";
import type { Scored, ToneNote } from "@troth/resolution";
import { mayDo } from "../access/roles.ts";
import type { DeskCustomer } from "../view/customer.ts";
import type { Context } from "./context.ts";
import type { CustomerPage } from "./schemas.ts";

type Shown = NonNullable<CustomerPage["recommendation"]>;

export const amountText = (units: number): string | null =>
  units === 0 ? null : (units / 10_000).toFixed(2);

const owedOf = ({ id, says, kind, amount }: Candidate): Shown["owed"][number] => ({
  candidate: id,
  says,
  kind,
  amount: amountText(amount),
});

const round = (value: number): number => Math.round(value * 10) / 10;

const offerOf = ({ candidate, prediction }: Scored): Shown["ranked"][number] => ({
  ...owedOf(candidate),
  expected: round(prediction.mean),
  low: round(prediction.low),
  high: round(prediction.high),
  known: prediction.known,
});

/** What was read where, and by what: who acts on it can look for themselves. */
function heardOf(note: ToneNote): NonNullable<Shown["tone"]["heard"]> {
  const { tone, at, fact, platform, topic, model, confidence } = note;
  const where = platform === null ? "" : ` on ${platform}`;
  const about = topic === null ? "" : ` about ${topic}`;
  const sure = confidence === null ? "" : `, ${Math.round(confidence * 100)} % sure`;
  const says = `They sounded ${tone} in what they wrote${where}${about}. ${model ?? "Somebody else's model"} read it${sure}; it may be wrong.`;
  return { tone, at: isoTime(at), says, evidence: [fact.id] };
}

/** What to offer, for whoever may offer it; null where nothing is to be put right. */
export function recommendationOf(context: Context, customer: DeskCustomer): Shown | null {
  const { view, person } = context;
  const alertId = customer.openAlert?.alertId;
  if (
    !context.canAct ||
    view.mending === null ||
    alertId === undefined ||
    !mayDo(person.role, "act")
  )
    return null;
  const now = context.logTime();
  const found = view.mending.recommend(customer, alertId, now);
  if (found === null) return null;
  const { currency } = view.mending.resolutions;
  const heard = view.mending.toneOf(customer, now);
  return {
    owed: found.owed.map(owedOf),
    proposed: found.proposed === null ? null : offerOf(found.proposed),
    ranked: found.ranked.map(offerOf),
    reasons: [...found.reasons],
    manner: [...found.manner],
    tone: { isRead: view.mending.listens, heard: heard === null ? null : heardOf(heard) },
    currency,
  };
}
