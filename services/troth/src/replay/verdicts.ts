import type { Decision, Flag, PledgeDecision, SurveyDecision, Verdict } from "@troth/events";
import { verdicts } from "@troth/events";
import type { ScoreRules } from "@troth/policy";
import {
  type Accuracy,
  type Answered,
  measure,
  type Outcome,
  type TruthLine,
  truthLine,
} from "@troth/truth";

const rowKey = (row: { customer: string; promiseId: string; term: number }): string =>
  `${row.customer}\u0000${row.promiseId}\u0000${String(row.term).padStart(6, "0")}`;

/**
 * Folds decisions into what `replay` and `oracle` report besides them: the register of pledges, the
 * surveys with their answers, and the counts.
 */
export class Verdicts {
  readonly #rows = new Map<string, PledgeDecision>();
  readonly #surveys: SurveyDecision[] = [];
  readonly #outcomes = new Map<string, Outcome>();
  readonly #table: ScoreRules["probability"];
  #opened = 0;

  /** `table` is the policy's: what its scores mean in probabilities. */
  constructor(table: ScoreRules["probability"]) {
    this.#table = table;
  }

  fold(decision: Decision): void {
    switch (decision.kind) {
      case "pledge":
        this.#rows.set(rowKey(decision), decision);
        return;
      case "survey":
        this.#surveys.push(decision);
        return;
      case "alert":
        if (decision.state === "opened") this.#opened += 1;
        return;
      case "flag":
      case "source":
      case "cohort":
        return;
    }
  }

  answer(invitationId: string, outcome: Outcome): void {
    this.#outcomes.set(invitationId, outcome);
  }

  get alerts(): number {
    return this.#opened;
  }

  /** The register, by customer, promise and term. */
  *pledges(): Generator<PledgeDecision> {
    for (const key of [...this.#rows.keys()].sort()) {
      const row = this.#rows.get(key);
      if (row !== undefined) yield row;
    }
  }

  pledgeCounts(): Record<Verdict, number> {
    const counts = Object.fromEntries(verdicts.map((verdict) => [verdict, 0])) as Record<
      Verdict,
      number
    >;
    for (const row of this.#rows.values()) counts[row.verdict] += 1;
    return counts;
  }

  *truth(): Generator<TruthLine> {
    for (const survey of this.#surveys) {
      yield truthLine(survey, this.#outcomes.get(survey.invitationId) ?? null, this.#table);
    }
  }

  accuracy(): Accuracy {
    const answers: Answered[] = [];
    for (const line of this.truth()) {
      if (line.outcome !== null) answers.push({ ...line, outcome: line.outcome });
    }
    return measure(answers);
  }
}

export type Counts = {
  readonly read: number;
  readonly applied: number;
  readonly duplicates: number;
  readonly setAside: number;
  /** Of those applied, how many still wait for a link to a customer. */
  readonly waiting: number;
};

export type Summary = Counts & {
  readonly policy: string;
  readonly until: string | null;
  readonly pledges: Record<Verdict, number>;
  readonly alerts: number;
  readonly flags: Record<string, number>;
  readonly truth: Accuracy;
};

export function flagCounts(flags: readonly Flag[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const flag of flags) counts[flag.level] = (counts[flag.level] ?? 0) + 1;
  return counts;
}
