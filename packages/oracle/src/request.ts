import type { Decision, Fact, Flag, PledgeDecision } from "@troth/events";
import type { Policy } from "@troth/policy";

/** A fact as the door let it in; the list is in file order. */
export type OracleInput = Fact;

export type OracleRequest = {
  readonly facts: readonly OracleInput[];
  readonly policy: Policy;
  readonly pseudonymKey: string;
  /** Facts recorded later are not read, and the final tick stands here; null: the last stamp. */
  readonly until: number | null;
};

/** read = applied + duplicates + setAside; `waiting` are applied facts nobody claimed yet. */
export type OracleCounts = {
  readonly read: number;
  readonly applied: number;
  readonly duplicates: number;
  readonly setAside: number;
  readonly waiting: number;
};

export type OracleResult = {
  readonly decisions: readonly Decision[];
  readonly counts: OracleCounts;
  /** At the final tick, ascending by customer key. */
  readonly flags: readonly Flag[];
  /** The last decision of every row, ascending by customer key, promise id and term. */
  readonly pledges: readonly PledgeDecision[];
};
