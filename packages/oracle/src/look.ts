import type { Because, Decision, Fact, Flag, SurveyDecision } from "@troth/events";
import type { Policy } from "@troth/policy";
import { acknowledge, settleAlert } from "./alert.ts";
import { type Customer, viewOf } from "./customer.ts";
import { numberOf, textOf } from "./field.ts";
import { forgetOldPledges } from "./forget.ts";
import { judge, nextChange, type Standing } from "./judge.ts";
import { profileAsOf } from "./profile.ts";
import { sayRows } from "./say.ts";
import { harmfulRules, type Score, scoreOf, shadowRules } from "./score.ts";
import { partOf } from "./shares.ts";
import type { Sources, SourceView } from "./sources.ts";

/** What a look said, and when the customer must be looked at again if nothing else happens. */
export type Look = {
  readonly decisions: readonly Decision[];
  readonly score: Score;
  readonly nextMoment: number | null;
};

/** Judges everything about a customer at `now` and says what changed (RULES.md 8). */
export function lookAt(
  customer: Customer,
  now: number,
  because: Because,
  policy: Policy,
  sources: Sources,
): Look {
  forgetOldPledges(customer, policy);
  const standings = standingsOf(customer, now, sources);
  const decisions: Decision[] = [...sayRows(customer, standings, now, because, policy)];
  const score = scoreOf(standings, viewOf(customer).items, policy, now);
  if (score.level !== customer.level) {
    decisions.push({
      kind: "flag",
      at: now,
      customer: customer.reference,
      level: score.level,
      was: customer.level,
      score: score.total,
      topLink: score.lead?.link.id ?? null,
      policy: policy.hash,
    });
    customer.level = score.level;
  }
  const alert = settleAlert(customer, score, now, policy);
  if (alert !== null) decisions.push(alert);
  customer.waitsOn = sourcesAwaited(standings);
  return { decisions, score, nextMoment: nextMoment(standings, score, now, policy, sources) };
}

export const standingsOf = (customer: Customer, now: number, sources: SourceView): Standing[] =>
  viewOf(customer).rows.map((row) => judge(row, now, sources));

/** Feeds whose silence, or word, changes what stands overdue or cannot be judged. */
function sourcesAwaited(standings: readonly Standing[]): ReadonlySet<number> {
  const awaiting = standings.filter(({ verdict }) => ["source-blind", "overdue"].includes(verdict));
  return new Set(awaiting.flatMap((standing) => standing.row.template.source?.index ?? []));
}

/** The next change of a row, or the next review of a customer who is not well. */
function nextMoment(
  standings: readonly Standing[],
  score: Score,
  now: number,
  policy: Policy,
  sources: SourceView,
): number | null {
  const moments = standings.flatMap((standing) => nextChange(standing, now, sources) ?? []);
  const { reviewEveryMs } = policy.score;
  if (score.level !== "none") moments.push((Math.floor(now / reviewEveryMs) + 1) * reviewEveryMs);
  return moments.length === 0 ? null : Math.min(...moments);
}

/** What a delivered fact asks for beyond the look: the score at a survey, an answer to an alert. */
export function answerTo(
  fact: Fact,
  customer: Customer,
  score: Score,
  now: number,
  policy: Policy,
): Decision[] {
  if (fact.kind === "survey.invited") return [surveyDecision(fact, customer, score, now, policy)];
  if (fact.kind !== "alert.acknowledged") return [];
  const answer = acknowledge(customer, textOf(fact, "alertId"), score, now, policy);
  return answer === null ? [] : [answer];
}

function surveyDecision(
  fact: Fact,
  customer: Customer,
  score: Score,
  now: number,
  policy: Policy,
): SurveyDecision {
  const { segment, region } = profileAsOf(viewOf(customer).items.profile, now, true);
  return {
    kind: "survey",
    at: now,
    customer: customer.reference,
    subject: fact.subject ?? customer.reference,
    invitationId: textOf(fact, "invitationId") ?? fact.id,
    riskScore: score.total,
    level: score.level,
    alerted: customer.episode !== null,
    topLink: score.lead?.link.id ?? null,
    weight: weightOf(fact),
    rules: harmfulRules(score),
    shadow: shadowRules(score),
    parts: score.shown.map(partOf),
    segment,
    region,
    policy: policy.hash,
  };
}

/** How many customers the answer stands for. */
function weightOf(fact: Fact): number {
  const probability = numberOf(fact, "askProbability");
  const asked = probability !== null && probability > 0 ? 1 / probability : 1;
  return numberOf(fact, "sampleWeight") ?? asked;
}

/** The customer's flag at `now` from state alone; null when there is nothing to show. */
export function flagAt(
  customer: Customer,
  now: number,
  policy: Policy,
  sources: SourceView,
): Flag | null {
  const { items } = viewOf(customer);
  const score = scoreOf(standingsOf(customer, now, sources), items, policy, now);
  if (score.level === "none" && score.shown.length === 0) return null;
  const rules = harmfulRules(score);
  const profile = profileAsOf(items.profile, now, true);
  const advice = policy.advice.filter(
    (one) =>
      one.rules.some((rule) => rules.includes(rule)) &&
      (one.applies === null || one.applies(profile)),
  );
  return {
    at: now,
    customer: customer.reference,
    level: score.level,
    score: score.total,
    topLink: score.lead?.link.id ?? null,
    parts: score.shown.map(partOf),
    says: score.lead?.says() ?? "",
    do: advice.flatMap((one) => one.do),
    dont: advice.flatMap((one) => one.dont),
    policy: policy.hash,
  };
}
