import { createHash } from "node:crypto";
import type { AlertDecision } from "@troth/events";
import type { Policy } from "@troth/policy";
import type { Customer, Episode } from "./customer.ts";
import { harmful, type Score } from "./score.ts";
import { partOf } from "./shares.ts";

/** Opens, amends or closes the customer's alert; null when there is nothing to say (RULES.md 8). */
export function settleAlert(
  customer: Customer,
  score: Score,
  now: number,
  policy: Policy,
): AlertDecision | null {
  const { episode } = customer;
  const alerting = score.critical || score.total >= policy.score.alertAt;
  if (episode === null) {
    if (!alerting) return null;
    const opened = newEpisode(customer, score, now);
    customer.episode = opened;
    return alertDecision(customer, opened, "opened", score, now, policy);
  }
  if (!score.critical && score.total < policy.score.recoverBelow) {
    customer.episode = null;
    episode.revision += 1;
    const state = hasCause(episode, score) ? "recovered" : "withdrawn";
    return alertDecision(customer, episode, state, score, now, policy);
  }
  if (!hasChanged(episode, score)) return null;
  Object.assign(episode, newsOf(score));
  episode.revision += 1;
  return alertDecision(customer, episode, "amended", score, now, policy);
}

/** Someone answered for the open alert; only the first answer is news. */
export function acknowledge(
  customer: Customer,
  alertId: string | null,
  score: Score,
  now: number,
  policy: Policy,
): AlertDecision | null {
  const { episode } = customer;
  if (episode === null || episode.acknowledged || episode.alertId !== alertId) return null;
  episode.acknowledged = true;
  episode.revision += 1;
  return alertDecision(customer, episode, "acknowledged", score, now, policy);
}

/** What an alert says that is worth saying again when it changes. */
const newsOf = (score: Score): Pick<Episode, "level" | "rule" | "lead"> => ({
  level: score.level,
  rule: ruleOf(score),
  lead: score.lead?.id ?? null,
});

const ruleOf = (score: Score): "critical" | "compound" =>
  score.critical ? "critical" : "compound";

const hasCause = (episode: Episode, score: Score): boolean =>
  score.shares.some((share) => episode.causes.includes(share.id));

function hasChanged(episode: Episode, score: Score): boolean {
  const news = newsOf(score);
  return news.level !== episode.level || news.rule !== episode.rule || news.lead !== episode.lead;
}

function newEpisode(customer: Customer, score: Score, now: number): Episode {
  const name = [customer.tenant, ruleOf(score), customer.key, score.lead?.id ?? "", String(now)];
  return {
    alertId: createHash("sha256").update(name.join("\u0000")).digest("hex").slice(0, 24),
    causes: harmful(score.shown).map((share) => share.id),
    revision: 1,
    acknowledged: false,
    ...newsOf(score),
  };
}

function alertDecision(
  customer: Customer,
  episode: Episode,
  state: AlertDecision["state"],
  score: Score,
  now: number,
  policy: Policy,
): AlertDecision {
  return {
    kind: "alert",
    state,
    at: now,
    alertId: episode.alertId,
    revision: episode.revision,
    customer: customer.reference,
    rule: ruleOf(score),
    level: score.level,
    score: score.total,
    lead: score.lead === null ? null : partOf(score.lead),
    operatedBy: score.lead?.link.operatedBy ?? null,
    parts: score.shown.map(partOf),
    says: alertSays(score),
    policy: policy.hash,
  };
}

function alertSays(score: Score): string {
  const sentence = score.lead?.says() ?? "";
  const count = harmful(score.shown).length;
  return count > 1 ? `${sentence} It is one of ${count} things that add up.` : sentence;
}
