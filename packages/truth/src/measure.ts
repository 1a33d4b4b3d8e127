import type { Outcome } from "./truth-line.ts";

/** One answered invitation: what was said of the customer then, and what they said later. */
export type Answered = {
  readonly riskScore: number;
  readonly alerted: boolean;
  readonly outcome: Outcome;
  readonly weight: number;
};

/** Null where there is nothing to divide by: no alert, no bad answer, or only one kind of answer. */
export type Accuracy = {
  readonly n: number;
  readonly precision: number | null;
  readonly recall: number | null;
  readonly auc: number | null;
  readonly ap: number | null;
};

const rounded = (share: number, of: number): number | null =>
  of === 0 ? null : Math.round((share / of) * 1e6) / 1e6;

/**
 * Weighted accuracy against "did not enjoy". Precision and recall are those of `alerted`; AUC and
 * average precision those of `riskScore`, equal scores counted as a tie (half a win; one step).
 */
export function measure(answers: readonly Answered[]): Accuracy {
  let hit = 0;
  let alerted = 0;
  let bad = 0;
  for (const { alerted: said, outcome, weight } of answers) {
    if (said) alerted += weight;
    if (outcome !== "not_enjoyed") continue;
    bad += weight;
    if (said) hit += weight;
  }
  const { auc, ap } = ranking(answers);
  return {
    n: answers.length,
    precision: rounded(hit, alerted),
    recall: rounded(hit, bad),
    auc,
    ap,
  };
}

function ranking(answers: readonly Answered[]): { auc: number | null; ap: number | null } {
  const ranked = [...answers].sort((a, b) => b.riskScore - a.riskScore);
  let badSoFar = 0;
  let goodSoFar = 0;
  let wins = 0;
  let precisionSum = 0;
  for (let i = 0; i < ranked.length; ) {
    const score = ranked[i]?.riskScore;
    let bad = 0;
    let good = 0;
    for (; ranked[i] !== undefined && ranked[i]?.riskScore === score; i += 1) {
      const one = ranked[i];
      if (one?.outcome === "not_enjoyed") bad += one.weight;
      else good += one?.weight ?? 0;
    }
    wins += good * (badSoFar + bad / 2);
    badSoFar += bad;
    goodSoFar += good;
    if (bad > 0) precisionSum += bad * (badSoFar / (badSoFar + goodSoFar));
  }
  return {
    auc: goodSoFar === 0 ? null : rounded(wins, badSoFar * goodSoFar),
    ap: rounded(precisionSum, badSoFar),
  };
}
