import { hash } from "node:crypto";
import type { AlertDecision, Flag } from "@troth/events";
import type { Out } from "./out.ts";
import { partsLedBy } from "./parts.ts";
import { profileAt } from "./profile.ts";
import { levelNumber, setLevelNumber } from "./register/layout.ts";
import {
  causeIds,
  leadId,
  linkOf,
  operatedByOf,
  type Standing,
  standingAt,
  standingOf,
} from "./score.ts";
import type { Episode, World } from "./state.ts";
import { levelCode, levelWord } from "./words.ts";

const alertIdOf = (tenant: string, key: string, rule: string, lead: string, at: number): string =>
  hash("sha256", [tenant, rule, key, lead, String(at)].join("\u0000"), "hex").slice(0, 24);

function sayAlert(
  w: World,
  c: number,
  standing: Standing,
  state: AlertDecision["state"],
  now: number,
  episode: Episode,
  { parts, lead } = partsLedBy(w, c, standing.lead, now),
): AlertDecision {
  const adding = parts.filter((part) => part.points > 0).length;
  return {
    kind: "alert",
    state,
    at: now,
    alertId: episode.alertId,
    revision: episode.revision,
    customer: w.customers.keyOf(c),
    rule: standing.critical ? "critical" : "compound",
    level: standing.level,
    score: standing.score,
    lead,
    operatedBy: operatedByOf(w, standing.lead),
    parts,
    says: (lead?.says ?? "") + (adding > 1 ? ` It is one of ${adding} things that add up.` : ""),
    policy: w.policy.hash,
  };
}

type Turn = "opens" | "closes" | "changes" | "stays";

/** What a standing does to the customer's alert. */
function turnOf(w: World, c: number, standing: Standing): Turn {
  const { critical, level, score } = standing;
  const rules = w.policy.score;
  const episode = w.customers.episodeOf(c);
  if (episode === null) return critical || score >= rules.alertAt ? "opens" : "stays";
  if (!critical && score < rules.recoverBelow) return "closes";
  const same =
    episode.level === level &&
    episode.rule === (critical ? "critical" : "compound") &&
    episode.leadId === leadId(w, standing.lead);
  return same ? "stays" : "changes";
}

function open(w: World, c: number, standing: Standing, now: number, out: Out): void {
  const { customers } = w;
  const rule = standing.critical ? "critical" : "compound";
  const lead = leadId(w, standing.lead);
  const led = partsLedBy(w, c, standing.lead, now);
  const causes = led.parts.filter((part) => part.points > 0).map((part) => part.id);
  const opened: Episode = {
    alertId: alertIdOf(customers.tenantOf(c), customers.keyOf(c), rule, lead, now),
    openedAt: now,
    causes,
    revision: 1,
    acknowledged: false,
    level: standing.level,
    rule,
    leadId: lead,
  };
  customers.extrasFor(c).episode = opened;
  out.push(sayAlert(w, c, standing, "opened", now, opened, led));
}

function turn(
  w: World,
  c: number,
  episode: Episode,
  standing: Standing,
  closes: boolean,
  now: number,
  out: Out,
): void {
  episode.revision += 1;
  if (closes) {
    const ids = causeIds(w, c, now);
    const stands = episode.causes.some((cause) => ids.has(cause));
    w.customers.extrasFor(c).episode = null;
    out.push(sayAlert(w, c, standing, stands ? "recovered" : "withdrawn", now, episode));
    return;
  }
  episode.level = standing.level;
  episode.rule = standing.critical ? "critical" : "compound";
  episode.leadId = leadId(w, standing.lead);
  out.push(sayAlert(w, c, standing, "amended", now, episode));
}

const levelOf = (w: World, c: number) => levelWord(levelNumber(w.customers.memory, c));

/** True if settling at `now` would say anything of what was gathered. */
export function wouldSay(w: World, c: number, now: number): boolean {
  const standing = standingAt(w, now);
  return standing.level !== levelOf(w, c) || turnOf(w, c, standing) !== "stays";
}

/** After every look: flag and alert follow the score; each is said once per change (RULES.md, 8). */
export function settle(w: World, c: number, now: number, out: Out): Standing {
  const standing = standingOf(w, c, now);
  const was = levelOf(w, c);
  if (standing.level !== was) {
    out.push({
      kind: "flag",
      at: now,
      customer: w.customers.keyOf(c),
      level: standing.level,
      was,
      score: standing.score,
      topLink: linkOf(w, standing.lead),
      policy: w.policy.hash,
    });
    setLevelNumber(w.customers.memory, c, levelCode(standing.level));
  }
  const next = turnOf(w, c, standing);
  if (next === "stays") return standing;
  const episode = w.customers.episodeOf(c);
  if (episode === null) open(w, c, standing, now, out);
  else turn(w, c, episode, standing, next === "closes", now, out);
  return standing;
}

/** A representative took the open alert on; said once. */
export function acknowledge(w: World, c: number, alertId: unknown, now: number, out: Out): void {
  const episode = w.customers.episodeOf(c);
  if (episode === null || episode.alertId !== alertId || episode.acknowledged) return;
  episode.acknowledged = true;
  episode.revision += 1;
  out.push(sayAlert(w, c, standingOf(w, c, now), "acknowledged", now, episode));
}

/** The flag a representative sees at `now`, from state alone; null when there is nothing to say. */
export function flagOf(w: World, c: number, now: number): Flag | null {
  const standing = standingOf(w, c, now);
  const { parts, lead } = partsLedBy(w, c, standing.lead, now);
  if (standing.level === "none" && parts.length === 0) return null;
  const rules = new Set(parts.filter((part) => part.points > 0).map((part) => part.rule));
  const profile = profileAt(w.customers.extrasOf(c)?.profile ?? [], now, false);
  const advice = w.policy.advice.filter(
    (one) =>
      one.rules.some((rule) => rules.has(rule)) && (one.applies === null || one.applies(profile)),
  );
  return {
    at: now,
    customer: w.customers.keyOf(c),
    level: standing.level,
    score: standing.score,
    topLink: linkOf(w, standing.lead),
    parts,
    says: lead?.says ?? "",
    do: advice.flatMap((one) => one.do),
    dont: advice.flatMap((one) => one.dont),
    policy: w.policy.hash,
  };
}
