import { createHmac } from "node:crypto";
import { isoTime } from "@troth/events";
import { deskSource, type Event } from "../acts/facts.ts";
import { dayMs } from "../limits.ts";
import type { DeskCustomer } from "../view/customer.ts";
import type { DeskView } from "../view/view.ts";

/** How likely whom is asked, so that the answers speak for all: none of it may be nought. */
export type Sampling = {
  readonly alerted: number;
  /** Everybody else, so that what we do not see is seen too. */
  readonly others: number;
  /** Those whose alert is over. */
  readonly recovered: number;
  /** Nobody is asked again sooner. */
  readonly quietDays: number;
  readonly openDays: number;
};
export const usualSampling: Sampling = {
  alerted: 0.25,
  others: 0.02,
  recovered: 0.5,
  quietDays: 60,
  openDays: 30,
};

export const question = "Did you enjoy your personal service experience with us?";

type Why = { readonly reason: "alert" | "random" | "post_recovery"; readonly probability: number };

const recoveredForMs = 7 * dayMs;

function whyAsk(customer: DeskCustomer, sampling: Sampling, now: number): Why {
  const { alert } = customer;
  if (customer.openAlert !== null) return { reason: "alert", probability: sampling.alerted };
  if (alert?.state === "recovered" && now - alert.at < recoveredForMs) {
    return { reason: "post_recovery", probability: sampling.recovered };
  }
  return { reason: "random", probability: sampling.others };
}

/** A number in [0, 1) that nobody without the secret can foresee, the same whenever it is asked for. */
const chanceOf = (secret: Buffer, ...words: readonly string[]): number =>
  createHmac("sha256", secret).update(JSON.stringify(words)).digest().readUIntBE(0, 6) / 2 ** 48;

export type Asked = {
  readonly customer: string;
  readonly invitationId: string;
  readonly event: Event;
};

/**
 * Whom to ask in a round, such as a day's: each customer with the probability of their kind, which is
 * set down with the invitation. The same round asks the same people, however often it is run.
 */
export function invitationsOf(
  view: DeskView,
  tenant: string,
  round: string,
  secret: Buffer,
  sampling: Sampling,
  now: number,
): readonly Asked[] {
  const asked: Asked[] = [];
  for (const customer of view.ranked("risk", "all")) {
    const { reference } = customer;
    if (now - (customer.askedAt ?? Number.NEGATIVE_INFINITY) < sampling.quietDays * dayMs) continue;
    const { reason, probability } = whyAsk(customer, sampling, now);
    if (chanceOf(secret, "ask", tenant, reference, round) >= probability) continue;
    const number = createHmac("sha256", secret).update(`${tenant}\u0000${reference}\u0000${round}`);
    const invitationId = `ask-${number.digest("hex").slice(0, 20)}`;
    const data = {
      invitationId,
      questionText: question,
      type: "enjoyed_personal_service",
      reasonForAsking: reason,
      askProbability: probability,
      attributes: { round },
    };
    const event = {
      specversion: "1.0",
      id: invitationId,
      source: deskSource,
      type: "org.troth.survey.invited.v1",
      subject: reference,
      tenantid: tenant,
      time: isoTime(now),
      recordedtime: isoTime(now),
      data,
    };
    asked.push({ customer: reference, invitationId, event });
  }
  return asked;
}
