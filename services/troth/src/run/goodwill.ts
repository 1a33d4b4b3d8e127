import { amountUnits, type Output } from "@troth/events";
import type { Log } from "@troth/log";
import { type FundRules, GoodwillFund } from "@troth/resolution";
import type { Clock, Logger } from "@troth/runtime";

/** What desks say to each other of goodwill, in one order; the stamp of a record is its moment. */
type Record =
  | {
      readonly kind: "set-aside";
      readonly tenant: string;
      readonly id: string;
      readonly amount: number;
    }
  | { readonly kind: "given-back"; readonly tenant: string; readonly id: string }
  | {
      readonly kind: "paid";
      readonly tenant: string;
      readonly id: string;
      readonly amount: number;
      readonly at: number;
    };

type Asked = { readonly decided: (isGranted: boolean) => void };

export type GoodwillOptions = {
  readonly log: Log;
  readonly rules: FundRules;
  /** Log time. */
  readonly now: () => number;
  readonly clock: Clock;
  readonly told: Pick<Logger, "warn">;
};

/** Longer than this nobody at a desk is kept waiting. */
const decidedWithinMs = 5_000;

/**
 * The goodwill of a house that has several desks: what is set aside goes into a log, and whether there
 * is so much left follows from everything before it there. All desks read the same, so all know the same,
 * and two that ask at one moment have an order. What a desk that died had set aside comes back in time.
 */
export class SharedGoodwill {
  readonly #options: GoodwillOptions;
  readonly #funds = new Map<string, GoodwillFund>();
  readonly #paid = new Set<string>();
  readonly #asked = new Map<string, Asked>();
  readonly #stop = new AbortController();
  #settling: Promise<unknown> = Promise.resolve();

  readonly running: Promise<void>;
  #there: () => void = () => undefined;

  private constructor(options: GoodwillOptions, end: number) {
    this.#options = options;
    this.running = this.#read(end);
    this.running.catch(() => undefined);
  }

  /** Resolves once everything that was there is read. */
  static async open(options: GoodwillOptions): Promise<SharedGoodwill> {
    const end = await options.log.end();
    const shared = new SharedGoodwill(options, end);
    const there = new Promise<void>((resolve) => {
      shared.#there = resolve;
    });
    if (end > 0) await Promise.race([there, shared.running]);
    return shared;
  }

  /** True once it is set aside before all others that ask; false when there is not so much, or nobody can say. */
  async setAside(tenant: string, id: string, amount: number): Promise<boolean> {
    const { clock } = this.#options;
    // What was paid before counts first.
    await this.#settling;
    const name = nameOf(tenant, id);
    const decided = new Promise<boolean>((resolve) => {
      const timer = clock.setTimer(decidedWithinMs, () => resolve(false));
      this.#asked.set(name, {
        decided: (isGranted) => {
          timer.cancel();
          resolve(isGranted);
        },
      });
    });
    try {
      await this.#append({ kind: "set-aside", tenant, id, amount });
      return await decided;
    } catch (error) {
      this.#options.told.warn("goodwill could not be set aside", { error: String(error) });
      return false;
    } finally {
      this.#asked.delete(name);
    }
  }

  async giveBack(tenant: string, id: string): Promise<void> {
    await this.#append({ kind: "given-back", tenant, id });
  }

  /** Hears what was judged: whatever was paid, by whoever, is noted once. */
  hear({ body }: Output): void {
    if (body.kind !== "noise" || body.fact.kind !== "resolution.accepted") return;
    const { data, tenant, time } = body.fact;
    const { ledger, amount, resolutionId } = data;
    if (ledger !== "goodwill" || typeof amount !== "object" || amount === null) return;
    if (!("amount" in amount) || typeof amount.amount !== "string") return;
    const id = typeof resolutionId === "string" ? resolutionId : body.fact.id;
    const units = amountUnits(amount.amount);
    if (units <= 0 || this.#paid.has(nameOf(tenant, id))) return;
    const noting = this.#append({ kind: "paid", tenant, id, amount: units, at: time });
    const settled = noting.catch((error: unknown) =>
      this.#options.told.warn("a payment could not be noted", { error: String(error) }),
    );
    this.#settling = Promise.all([this.#settling, settled]);
  }

  left(tenant: string, now: number): number {
    return this.#fundOf(tenant).left(now);
  }

  paid(tenant: string, now: number): number {
    return this.#fundOf(tenant).paid(now);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.running.catch(() => undefined);
    await this.#options.log.close();
  }

  async #append(record: Record): Promise<void> {
    const bytes = Buffer.from(JSON.stringify(record));
    await this.#options.log.append([{ bytes }], Math.max(0, this.#options.now()));
  }

  #fundOf(tenant: string): GoodwillFund {
    const known = this.#funds.get(tenant);
    if (known !== undefined) return known;
    const fresh = new GoodwillFund(this.#options.rules);
    this.#funds.set(tenant, fresh);
    return fresh;
  }

  async #read(end: number): Promise<void> {
    const { log } = this.#options;
    for await (const batch of log.readBatches(0, { follow: this.#stop.signal })) {
      for (const { bytes, stamp, offset } of batch) {
        this.#fold(JSON.parse(bytes.toString("utf8")) as Record, stamp);
        if (offset + 1 === end) this.#there();
      }
    }
  }

  #fold(record: Record, stamp: number): void {
    const { tenant, id } = record;
    const fund = this.#fundOf(tenant);
    switch (record.kind) {
      case "set-aside": {
        const isGranted = fund.reserve(id, record.amount, stamp);
        this.#asked.get(nameOf(tenant, id))?.decided(isGranted);
        return;
      }
      case "given-back":
        fund.giveBack(id);
        return;
      case "paid":
        this.#paid.add(nameOf(tenant, id));
        fund.pay(id, record.amount, record.at);
        return;
    }
  }
}

const nameOf = (tenant: string, id: string): string => `${tenant}\u0000${id}`;
