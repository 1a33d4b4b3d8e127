import type { Fact, Level } from "@troth/events";

export type Snooze = {
  readonly alertId: string;
  readonly by: string;
  readonly reason: string;
  readonly until: number;
  /** The level it was put off at; a higher one wakes it. */
  readonly level: Level;
};

export type Taken = { readonly alertId: string; readonly by: string; readonly at: number };

/** A way to mend it that was offered: what is known of it so far. */
export type Mending = {
  readonly resolutionId: string;
  readonly at: number;
  readonly step: "proposed" | "offered" | "accepted" | "outcome";
  readonly kind: string | null;
  readonly amount: string | null;
  readonly currency: string | null;
  readonly ledger: string | null;
  readonly response: string | null;
  readonly outcomeScore: number | null;
};

/** Whether a broken promise is charged to whom it should be, as far as people have said. */
export type ChargeNote = {
  readonly state: "disputed" | "moved" | "upheld" | "withdrawn";
  /** The link that is, or should be, charged instead. */
  readonly chargedTo: string | null;
  readonly reason: string;
  readonly at: number;
  /** Who said so: who disputes does not rule. */
  readonly by: string;
};

export const rowKey = (promiseId: string, term: number): string => `${promiseId}#${term}`;

const textIn = (data: Fact["data"], name: string): string | null => {
  const value = data[name];
  return typeof value === "string" ? value : null;
};
const numberIn = (data: Fact["data"], name: string): number | null => {
  const value = data[name];
  return typeof value === "number" ? value : null;
};

/** Who only says they have seen it does not take it on. */
const takes = ({ attributes }: Fact["data"]): boolean =>
  !(typeof attributes === "object" && attributes !== null && "takes" in attributes) ||
  attributes.takes !== false;

const steps: Readonly<Record<string, Mending["step"]>> = {
  "resolution.proposed": "proposed",
  "resolution.offered": "offered",
  "resolution.accepted": "accepted",
  "resolution.outcome": "outcome",
};
const mendingsMax = 50;
const chargesMax = 100;

/** What people did about a customer, folded from the facts of it. */
export class Standing {
  #taken: Taken | null = null;
  #snooze: Snooze | null = null;
  #falseAlarm: { readonly alertId: string; readonly by: string; readonly reason: string } | null =
    null;
  /** Made when there is something to hold: most customers have none. */
  #mendings: Map<string, Mending> | null = null;
  /** By promise and date. */
  #charges: Map<string, ChargeNote> | null = null;

  /** Nobody has taken, put off or doubted anything of the customer's. */
  get isUntouched(): boolean {
    return this.#taken === null && this.#snooze === null && this.#falseAlarm === null;
  }

  get taken(): Taken | null {
    return this.#taken;
  }
  get snooze(): Snooze | null {
    return this.#snooze;
  }
  get falseAlarm() {
    return this.#falseAlarm;
  }
  charge(promiseId: string, term: number): ChargeNote | null {
    return this.#charges?.get(rowKey(promiseId, term)) ?? null;
  }
  /** Somebody waits for a ruling. */
  get isDisputed(): boolean {
    return [...(this.#charges?.values() ?? [])].some(({ state }) => state === "disputed");
  }
  /** Latest first. */
  get mendings(): readonly Mending[] {
    return [...(this.#mendings?.values() ?? [])].reverse();
  }

  fold(fact: Fact, level: Level): void {
    const { kind, data, time } = fact;
    const alertId = textIn(data, "alertId") ?? "";
    const by = textIn(data, "by") ?? "";
    switch (kind) {
      case "alert.acknowledged":
        if (takes(data)) this.#taken = { alertId, by, at: time };
        break;
      case "alert.snoozed":
        this.#snooze = {
          alertId,
          by,
          reason: textIn(data, "reason") ?? "",
          until: numberIn(data, "until") ?? time,
          level,
        };
        break;
      case "alert.false-alarm":
        this.#falseAlarm = { alertId, by, reason: textIn(data, "reason") ?? "" };
        break;
      case "charge.disputed":
      case "charge.ruled":
        this.#charge(fact);
        break;
      default: {
        const step = steps[kind];
        if (step !== undefined) this.#mend(fact, step);
      }
    }
  }

  #charge({ data, time }: Fact): void {
    const ruling = textIn(data, "ruling");
    const state =
      ruling === "moved" || ruling === "upheld" || ruling === "withdrawn" ? ruling : "disputed";
    const { attributes } = data;
    const by =
      typeof attributes === "object" && attributes !== null && "by" in attributes
        ? String(attributes.by)
        : "";
    this.#charges ??= new Map();
    this.#charges.set(rowKey(textIn(data, "promiseId") ?? "", numberIn(data, "term") ?? 1), {
      state,
      chargedTo: textIn(data, "chargedTo"),
      reason: textIn(data, "reason") ?? "",
      at: time,
      by,
    });
    const [oldest] = this.#charges.keys();
    if (this.#charges.size > chargesMax && oldest !== undefined) this.#charges.delete(oldest);
  }

  #mend({ id, data, time }: Fact, step: Mending["step"]): void {
    const resolutionId = textIn(data, "resolutionId") ?? id;
    this.#mendings ??= new Map();
    const mendings = this.#mendings;
    const was = mendings.get(resolutionId);
    const money = data["amount"];
    const amount = typeof money === "object" && money !== null ? money : null;
    mendings.delete(resolutionId);
    mendings.set(resolutionId, {
      resolutionId,
      at: time,
      step,
      kind: textIn(data, "kind") ?? was?.kind ?? null,
      amount: amount !== null && "amount" in amount ? String(amount.amount) : (was?.amount ?? null),
      currency:
        amount !== null && "currency" in amount ? String(amount.currency) : (was?.currency ?? null),
      ledger: textIn(data, "ledger") ?? was?.ledger ?? null,
      response: textIn(data, "customerResponse") ?? was?.response ?? null,
      outcomeScore: numberIn(data, "outcomeScore") ?? was?.outcomeScore ?? null,
    });
    if (mendings.size <= mendingsMax) return;
    const [oldest] = mendings.keys();
    if (oldest !== undefined) mendings.delete(oldest);
  }
}
