import { amountUnits, type Fact } from "@troth/events";
import type { Candidate, Resolutions } from "@troth/policy";
import {
  type Answered,
  featuresOf,
  GoodwillFund,
  type Heard,
  harmOf,
  isFresh,
  OutcomeModel,
  type Recommendation,
  recommend,
  type Situation,
  type Tone,
  type ToneNote,
} from "@troth/resolution";
import type { DeskCustomer } from "../view/customer.ts";

type Pending = {
  readonly action: string;
  readonly situation: Situation;
  readonly tone: Tone | null;
};

const pendingMax = 50_000;
const answeredMax = 20_000;

/** The harm done to a customer and who they are, as far as it may matter; null: nothing to put right. */
export function situationOf(customer: DeskCustomer, resolutions: Resolutions): Situation | null {
  const harm = harmOf(customer.register.rows(), new Set(resolutions.heard));
  if (harm === null) return null;
  const { profile } = customer;
  return {
    harm,
    who: {
      segment: profile.value("segment"),
      contact: profile.value("contact"),
      pace: profile.value("pace"),
      price: profile.value("price"),
    },
  };
}

const textIn = (data: Fact["data"], name: string): string | null => {
  const value = data[name];
  return typeof value === "string" ? value : null;
};

/** Money in a fact in ten-thousandths; 0 where there is none. */
function unitsIn({ amount }: Fact["data"]): number {
  if (typeof amount !== "object" || amount === null || !("amount" in amount)) return 0;
  return typeof amount.amount === "string" ? amountUnits(amount.amount) : 0;
}

/**
 * What one tenant's log tells of putting things right: what came of each way for whom, and what of the
 * goodwill is spent. Folded from facts alone, so that it is the same after a restart.
 */
export class Mending {
  readonly resolutions: Resolutions;
  readonly model = new OutcomeModel();
  readonly fund: GoodwillFund;
  /** Harms answered at discretion, for seeing whether like harm is answered alike. */
  readonly #answered: Answered[] = [];
  readonly #pending = new Map<string, Pending>();
  /** Has learned how customers sounded besides; null where nobody listens. It decides no money. */
  readonly #heard: OutcomeModel | null;

  /** `listens`: whether how customers sound in writing is looked at, which is off unless somebody sets it. */
  constructor(resolutions: Resolutions, listens = false) {
    this.#heard = listens ? new OutcomeModel() : null;
    this.resolutions = resolutions;
    this.fund = new GoodwillFund(resolutions.fund);
  }

  get answered(): readonly Answered[] {
    return this.#answered;
  }

  fold(customer: DeskCustomer, fact: Fact): void {
    const { kind, data, id, time } = fact;
    const resolutionId = textIn(data, "resolutionId") ?? id;
    if (kind === "resolution.outcome") {
      const score = data["outcomeScore"];
      const pending = this.#pending.get(resolutionId);
      if (pending === undefined || typeof score !== "number") return;
      this.#pending.delete(resolutionId);
      const { action, situation, tone } = pending;
      this.model.learn(action, featuresOf(action, situation), score);
      this.#heard?.learn(action, featuresOf(action, situation, tone), score);
      return;
    }
    if (kind !== "resolution.offered" && kind !== "resolution.accepted") return;
    const isGoodwill = textIn(data, "ledger") === "goodwill";
    const amount = unitsIn(data);
    if (isGoodwill && kind === "resolution.accepted" && amount > 0) {
      this.fund.pay(resolutionId, amount, time);
    }
    if (this.#pending.has(resolutionId)) return;
    const situation = situationOf(customer, this.resolutions);
    const action = this.#actionOf(data, amount);
    if (situation === null || action === null) return;
    const tone = this.toneOf(customer, time)?.tone ?? null;
    this.#pending.set(resolutionId, { action, situation, tone });
    const [oldest] = this.#pending.keys();
    if (this.#pending.size > pendingMax && oldest !== undefined) this.#pending.delete(oldest);
    if (!isGoodwill) return;
    const segment = situation.who.segment ?? "unknown";
    this.#answered.push({ segment, severity: situation.harm.severity, amount });
    if (this.#answered.length > answeredMax) this.#answered.shift();
  }

  /** What to offer the customer now; null where there is nothing to put right. */
  recommend(customer: DeskCustomer, alertId: string, now: number): Recommendation | null {
    const situation = situationOf(customer, this.resolutions);
    if (situation === null) return null;
    const left = this.fund.left(now);
    const tone = this.toneOf(customer, now)?.tone ?? null;
    const heard: Heard | null =
      tone === null || this.#heard === null ? null : { tone, model: this.#heard };
    return recommend(this.model, this.resolutions, situation, left, chanceOf(alertId), heard);
  }

  /** Whether how customers sound in writing is looked at. */
  get listens(): boolean {
    return this.#heard !== null;
  }

  /** How the customer sounded in writing of late, where anybody listens. */
  toneOf({ tone }: DeskCustomer, now: number): ToneNote | null {
    return this.listens && tone !== null && isFresh(tone, now) ? tone : null;
  }

  candidate(id: string): Candidate | null {
    return this.resolutions.candidates.find((one) => one.id === id) ?? null;
  }

  /** Which of the policy's ways it was: by its name, else by what was done. */
  #actionOf(data: Fact["data"], amount: number): string | null {
    const named = this.candidate(textIn(data, "basis") ?? "");
    if (named !== null) return named.id;
    const kind = textIn(data, "kind");
    const same = this.resolutions.candidates.filter((one) => one.kind === kind);
    const near = same.sort((a, b) => Math.abs(a.amount - amount) - Math.abs(b.amount - amount));
    return near[0]?.id ?? null;
  }
}

/** A number in [0, 1) that is an alert's own: asked again, the same is proposed. */
const chanceOf = (alertId: string): number => {
  const read = Number.parseInt(alertId.slice(0, 8), 16);
  return Number.isNaN(read) ? 0 : read / 2 ** 32;
};
