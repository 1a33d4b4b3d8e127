/** Money at discretion: so much for each period, let out evenly, in ten-thousandths. */
export type FundRules = { readonly amount: number; readonly everyMs: number };

/** Let out at once when a period begins; the rest flows evenly to its end. */
const atOnceShare = 0.2;

type Reservation = { readonly id: string; readonly amount: number; readonly at: number };

/**
 * The goodwill fund. Every offer is set aside before it is made and taken off when it is paid, so that
 * offers made at one time never come to more than there is. What was paid comes from the log; what is set aside and
 * never paid comes back after a while. Early spending leaves something for those who come later.
 */
export class GoodwillFund {
  readonly #rules: FundRules;
  /** Paid, by period. */
  readonly #paid = new Map<number, number>();
  readonly #paidIds = new Set<string>();
  readonly #reserved = new Map<string, Reservation>();

  constructor(rules: FundRules) {
    this.#rules = rules;
  }

  /** What may be spent at a moment. */
  left(now: number): number {
    const { amount, everyMs } = this.#rules;
    this.#release(now);
    const period = Math.floor(now / everyMs);
    const passed = (now - period * everyMs) / everyMs;
    const open = Math.floor(amount * (atOnceShare + (1 - atOnceShare) * passed));
    let taken = this.#paid.get(period) ?? 0;
    for (const one of this.#reserved.values()) taken += one.amount;
    return Math.max(0, open - taken);
  }

  /** Sets money aside for one offer; false when there is not so much. The same id takes nothing twice. */
  reserve(id: string, amount: number, now: number): boolean {
    if (this.#reserved.has(id) || this.#paidIds.has(id)) return true;
    if (!Number.isSafeInteger(amount) || amount < 0 || amount > this.left(now)) return false;
    this.#reserved.set(id, { id, amount, at: now });
    return true;
  }

  /** The offer was not made after all. */
  giveBack(id: string): void {
    this.#reserved.delete(id);
  }

  /** The log says it was paid: true whatever was set aside, and once. */
  pay(id: string, amount: number, at: number): void {
    this.#reserved.delete(id);
    if (this.#paidIds.has(id)) return;
    this.#paidIds.add(id);
    const period = Math.floor(at / this.#rules.everyMs);
    this.#paid.set(period, (this.#paid.get(period) ?? 0) + amount);
  }

  paid(now: number): number {
    return this.#paid.get(Math.floor(now / this.#rules.everyMs)) ?? 0;
  }

  #release(now: number): void {
    for (const [id, { at }] of this.#reserved) if (now - at > reservedMs) this.#reserved.delete(id);
  }
}

const reservedMs = 10 * 60_000;
