import type { Reference } from "./reference.ts";

/**
 * Verdicts on a pledge (domain.md, F1 and F2). `open`, `at-risk`, `overdue`, `source-blind` are
 * provisional; the rest stand unless late evidence amends them.
 */
export const verdicts = [
  "open",
  "at-risk",
  "overdue",
  "source-blind",
  "kept",
  "broken",
  "renegotiated",
  "withdrawn",
  "void",
  "unverifiable",
] as const;
export type Verdict = (typeof verdicts)[number];

export const levels = ["none", "low", "medium", "high", "critical"] as const;
export type Level = (typeof levels)[number];

export const operatedBy = ["inhouse", "outsourced", "partner"] as const;
export type OperatedBy = (typeof operatedBy)[number];

/** What made us look: the log's clock, a fact, a fact taken back, or customers joined or parted. */
export type Because = "time" | "fact" | "retraction" | "identity";

/** One share of a score. All shares of a score add up to it exactly. */
export type Part = {
  /** Pledge row (`template/key#term`) or noise (`rule/event id`). */
  readonly id: string;
  /** The template or rule it comes from. */
  readonly rule: string;
  readonly link: string;
  readonly owner: string;
  /** Whole points as of the moment; negative for credit. */
  readonly points: number;
  /** Severity 1-5; 0 for credit. */
  readonly severity: number;
  readonly evidence: readonly string[];
  readonly says: string;
};

export type PledgeDecision = {
  readonly kind: "pledge";
  /** When the verdict became true (for an absence: due + grace), not when we noticed. */
  readonly at: number;
  /** Log time at which it was decided. */
  readonly decidedAt: number;
  readonly customer: Reference;
  /** `template/key`; with `term` it names one row of the register. */
  readonly promiseId: string;
  /** 1 for the first date given, 2 for the first renegotiation … */
  readonly term: number;
  readonly template: string;
  readonly link: string;
  readonly owner: string;
  readonly operatedBy: OperatedBy;
  readonly madeBy: string;
  readonly how: "stated" | "implied" | "spoken" | "advertised";
  readonly verdict: Verdict;
  readonly was: Verdict | null;
  /** Counts the decisions said about this row, from 1. */
  readonly revision: number;
  readonly because: Because;
  readonly madeAt: number;
  readonly due: number | null;
  /** When the keeping evidence happened, even if too late; null while there is none. */
  readonly keptAt: number | null;
  readonly severity: number;
  readonly evidence: readonly string[];
  readonly policy: string;
};

export type AlertDecision = {
  readonly kind: "alert";
  readonly state: "opened" | "acknowledged" | "amended" | "recovered" | "withdrawn";
  readonly at: number;
  readonly alertId: string;
  readonly revision: number;
  readonly customer: Reference;
  /** `critical`: one broken link suffices (N2). `compound`: the sum does (N3). */
  readonly rule: "critical" | "compound";
  readonly level: Level;
  readonly score: number;
  readonly lead: Part | null;
  readonly operatedBy: OperatedBy | null;
  readonly parts: readonly Part[];
  readonly says: string;
  readonly policy: string;
};

export type FlagDecision = {
  readonly kind: "flag";
  readonly at: number;
  readonly customer: Reference;
  readonly level: Level;
  readonly was: Level;
  readonly score: number;
  readonly topLink: string | null;
  readonly policy: string;
};

/** The score as of the moment a survey invitation went out; nothing recorded later may move it. */
export type SurveyDecision = {
  readonly kind: "survey";
  readonly at: number;
  readonly customer: Reference;
  readonly subject: string;
  readonly invitationId: string;
  readonly riskScore: number;
  readonly level: Level;
  readonly alerted: boolean;
  readonly topLink: string | null;
  readonly weight: number;
  /** Rules with points at that moment, for truth per rule. */
  readonly rules: readonly string[];
  /** Rules in shadow that held at that moment: measured, but of no weight. */
  readonly shadow: readonly string[];
  /** The shares of the score at that moment, heaviest first; they add up to it. */
  readonly parts: readonly Part[];
  /** Who was asked, as their profile was then; for truth by segment. */
  readonly segment: string | null;
  readonly region: string | null;
  readonly policy: string;
};

export type SourceDecision = {
  readonly kind: "source";
  readonly state: "silent" | "back";
  readonly at: number;
  readonly source: string;
  readonly owner: string;
  readonly says: string;
  readonly policy: string;
};

export type CohortDecision = {
  readonly kind: "cohort";
  readonly at: number;
  /** The cohort fact's event id. */
  readonly cohort: string;
  readonly rule: string;
  readonly link: string;
  readonly owner: string;
  readonly touched: number;
  readonly says: string;
  readonly policy: string;
};

export type Decision =
  | PledgeDecision
  | AlertDecision
  | FlagDecision
  | SurveyDecision
  | SourceDecision
  | CohortDecision;

/** A customer's flag at a moment, worked out from state alone. */
export type Flag = {
  readonly at: number;
  readonly customer: Reference;
  readonly level: Level;
  readonly score: number;
  readonly topLink: string | null;
  readonly parts: readonly Part[];
  readonly says: string;
  /** What a representative should and should not do, from the policy's rules that apply. */
  readonly do: readonly string[];
  readonly dont: readonly string[];
  readonly policy: string;
};
