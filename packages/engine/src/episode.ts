import { createHash } from "node:crypto";
import type { AlertDecision, Flag } from "@troth/events";
import type { Policy } from "@troth/policy";
import type { Out } from "./out.ts";
import { profileAt } from "./profile.ts";
import {
  causeIds,
  leadId,
  linkOf,
  operatedByOf,
  partOf,
  partsOf,
  type Standing,
  standingOf,
} from "./score.ts";
import type { Customer, Episode } from "./state.ts";

const alertIdOf = (customer: Customer, rule: string, lead: string, at: number): string =>
  createHash("sha256")
    .update([customer.tenant, rule, customer.key, lead, String(at)].join("\u0000"))
    .digest("hex")
    .slice(0, 24);

function sayAlert(
  policy: Policy,
  customer: Customer,
  standing: Standing,
  state: AlertDecision["state"],
  now: number,
  episode: Episode,
): AlertDecision {
  const parts = partsOf(policy, customer, now);
  const lead = standing.lead === null ? null : partOf(standing.lead, now);
  const adding = parts.filter((part) => part.points > 0).length;
  return {
    kind: "alert",
    state,
    at: now,
    alertId: episode.alertId,
    revision: episode.revision,
    customer: customer.key,
    rule: standing.critical ? "critical" : "compound",
    level: standing.level,
    score: standing.score,
    lead,
    operatedBy: operatedByOf(standing.lead),
    parts,
    says: (lead?.says ?? "") + (adding > 1 ? ` It is one of ${adding} things that add up.` : ""),
    policy: policy.hash,
  };
}

type Turn = "opens" | "closes" | "changes" | "stays";

/** What a standing does to the customer's alert. */
function turnOf(policy: Policy, customer: Customer, standing: Standing): Turn {
  const { critical, level, score } = standing;
  const episode = customer.episode;
  if (episode === null) return critical || score >= policy.score.alertAt ? "opens" : "stays";
  if (!critical && score < policy.score.recoverBelow) return "closes";
  const same =
    episode.level === level &&
    episode.rule === (critical ? "critical" : "compound") &&
    episode.leadId === leadId(standing.lead);
  return same ? "stays" : "changes";
}

function open(policy: Policy, customer: Customer, standing: Standing, now: number, out: Out): void {
  const rule = standing.critical ? "critical" : "compound";
  const lead = leadId(standing.lead);
  const causes = partsOf(policy, customer, now)
    .filter((part) => part.points > 0)
    .map((part) => part.id);
  const opened: Episode = {
    alertId: alertIdOf(customer, rule, lead, now),
    openedAt: now,
    causes,
    revision: 1,
    acknowledged: false,
    level: standing.level,
    rule,
    leadId: lead,
  };
  customer.episode = opened;
  out.push(sayAlert(policy, customer, standing, "opened", now, opened));
}

function turn(
  policy: Policy,
  customer: Customer,
  episode: Episode,
  standing: Standing,
  closes: boolean,
  now: number,
  out: Out,
): void {
  episode.revision += 1;
  if (closes) {
    const ids = causeIds(policy, customer, now);
    const stands = episode.causes.some((cause) => ids.has(cause));
    customer.episode = null;
    const state = stands ? "recovered" : "withdrawn";
    out.push(sayAlert(policy, customer, standing, state, now, episode));
    return;
  }
  episode.level = standing.level;
  episode.rule = standing.critical ? "critical" : "compound";
  episode.leadId = leadId(standing.lead);
  out.push(sayAlert(policy, customer, standing, "amended", now, episode));
}

/** True if settling at `now` would say anything. */
export function wouldSay(policy: Policy, customer: Customer, now: number): boolean {
  const standing = standingOf(policy, customer, now);
  return standing.level !== customer.level || turnOf(policy, customer, standing) !== "stays";
}

/** After every look: flag and alert follow the score; each is said once per change (RULES.md, 8). */
export function settle(policy: Policy, customer: Customer, now: number, out: Out): Standing {
  const standing = standingOf(policy, customer, now);
  if (standing.level !== customer.level) {
    out.push({
      kind: "flag",
      at: now,
      customer: customer.key,
      level: standing.level,
      was: customer.level,
      score: standing.score,
      topLink: linkOf(standing.lead),
      policy: policy.hash,
    });
    customer.level = standing.level;
  }
  const next = turnOf(policy, customer, standing);
  if (next === "opens") open(policy, customer, standing, now, out);
  else if (next !== "stays" && customer.episode !== null) {
    turn(policy, customer, customer.episode, standing, next === "closes", now, out);
  }
  return standing;
}

/** A representative took the open alert on; said once. */
export function acknowledge(
  policy: Policy,
  customer: Customer,
  alertId: unknown,
  now: number,
  out: Out,
): void {
  const episode = customer.episode;
  if (episode === null || episode.alertId !== alertId || episode.acknowledged) return;
  episode.acknowledged = true;
  episode.revision += 1;
  const standing = standingOf(policy, customer, now);
  out.push(sayAlert(policy, customer, standing, "acknowledged", now, episode));
}

/** The flag a representative sees at `now`, from state alone; null when there is nothing to say. */
export function flagOf(policy: Policy, customer: Customer, now: number): Flag | null {
  const standing = standingOf(policy, customer, now);
  const parts = partsOf(policy, customer, now);
  if (standing.level === "none" && parts.length === 0) return null;
  const rules = new Set(parts.filter((part) => part.points > 0).map((part) => part.rule));
  const profile = profileAt(customer.profile, now, false);
  const advice = policy.advice.filter(
    (one) =>
      one.rules.some((rule) => rules.has(rule)) && (one.applies === null || one.applies(profile)),
  );
  return {
    at: now,
    customer: customer.key,
    level: standing.level,
    score: standing.score,
    topLink: linkOf(standing.lead),
    parts,
    says: standing.lead === null ? "" : partOf(standing.lead, now).says,
    do: advice.flatMap((one) => one.do),
    dont: advice.flatMap((one) => one.dont),
    policy: policy.hash,
  };
}
