import type { Decision, Part, SurveyDecision, Verdict } from "@troth/events";
import { probePoints } from "@troth/policy";

/** What an outcome of a rule is called: `s1` to `s5`, or one of these. */
export type CellName = "overdue" | "at-risk" | "renegotiated" | "kept" | "credit" | `s${number}`;

/** A survey as a fit sees it: how much of each outcome of each rule stood when it went out. */
export type ProbedSurvey = {
  readonly invitationId: string;
  readonly at: number;
  readonly subject: string;
  readonly weight: number;
  /** By rule and outcome; 1 is fresh, half is one half-life old; several of a sort add up. */
  readonly cells: ReadonlyMap<string, number>;
};

const separator = "\u0000";
export const cellKey = (rule: string, name: CellName): string => `${rule}${separator}${name}`;

/** Reads the parts of surveys judged by a probing policy. */
export class ProbeBook {
  readonly surveys: ProbedSurvey[] = [];
  /** How each row that weighs without a severity of its own stands, by customer and part id. */
  readonly #standing = new Map<string, Verdict>();

  fold(decision: Decision): void {
    switch (decision.kind) {
      case "pledge":
        this.#standing.set(
          `${decision.customer}${separator}${decision.promiseId}#${decision.term}`,
          decision.verdict,
        );
        return;
      case "survey":
        this.surveys.push(this.#probed(decision));
        return;
      case "alert":
      case "flag":
      case "source":
      case "cohort":
        return;
    }
  }

  #probed(survey: SurveyDecision): ProbedSurvey {
    const cells = new Map<string, number>();
    for (const part of survey.parts) {
      const key = cellKey(part.rule, this.#nameOf(survey.customer, part));
      cells.set(key, (cells.get(key) ?? 0) + Math.abs(part.points) / probePoints);
    }
    const { invitationId, at, subject, weight } = survey;
    return { invitationId, at, subject, weight, cells };
  }

  #nameOf(customer: string, part: Part): CellName {
    const verdict = this.#standing.get(`${customer}${separator}${part.id}`);
    switch (verdict) {
      case "overdue":
      case "at-risk":
      case "renegotiated":
      case "kept":
        return verdict;
      case undefined:
        return part.points < 0 ? "credit" : `s${part.severity}`;
      case "broken":
      case "open":
      case "source-blind":
      case "withdrawn":
      case "void":
      case "unverifiable":
        return `s${part.severity}`;
    }
  }
}
