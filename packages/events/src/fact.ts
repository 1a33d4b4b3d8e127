import type { Kind } from "./kinds/index.ts";

/**
 * One thing a touch point did to a customer, as the door let it in.
 *
 * Times are UTC milliseconds. `data` holds the fields of its kind, already checked: times as
 * milliseconds, money as `{ amount: "12.50", currency: "EUR" }`, everything else as JSON has it.
 */
export type Fact = {
  /** Unique within its source; `(source, id)` is what makes two arrivals the same event. */
  readonly id: string;
  readonly source: string;
  readonly kind: Kind;
  readonly tenant: string;
  /** When it happened (`ce_time`). */
  readonly time: number;
  /** When we could know (`ce_recordedtime`); the log's clock follows this one. */
  readonly recordedTime: number;
  /** `customer:ID`, `order:ID`, `phone:…`; null only for cohort facts and heartbeats. */
  readonly subject: string | null;
  readonly data: Readonly<Record<string, unknown>>;
};

/** Why a line was set aside: a closed reason, the field at fault and what would put it right. */
export type Refusal = {
  readonly reason: RefusalReason;
  readonly field: string | null;
  readonly message: string;
};

export const refusalReasons = [
  "not-json",
  "not-utf8",
  "too-large",
  "not-an-event",
  "unknown-kind",
  "bad-field",
  "bad-time",
  "happened-after-recorded",
  "bad-reference",
  "bad-avro",
  "not-mapped",
  "waiting-room-full",
] as const;
export type RefusalReason = (typeof refusalReasons)[number];

/** The same event arriving twice has the same identity. NUL cannot occur in either part. */
export const identityOf = (fact: Pick<Fact, "source" | "id">): string =>
  `${fact.source}\u0000${fact.id}`;

/** The record a fact speaks of: revisions of one record share it, so the latest replaces the rest. */
export function recordKeyOf(fact: Fact): string {
  const record = fact.data["sourceRecordId"];
  return `${fact.source}\u0000${typeof record === "string" ? record : fact.id}`;
}

export function revisionOf(fact: Fact): number {
  const revision = fact.data["revision"];
  return typeof revision === "number" ? revision : 0;
}
