import type { Level, Part } from "@troth/events";
import type { NoiseRule, PledgeTemplate, Policy, SayingGaps } from "@troth/policy";
import { decayed } from "./decay.ts";
import { profileAt } from "./profile.ts";
import type { Customer, NoiseItem, Pledge, Row } from "./state.ts";
import { promiseId, sameFact } from "./state.ts";

/** One contribution to a score, before anybody needs its words. */
type Share = {
  readonly points: number;
  readonly severity: number;
  readonly critical: boolean;
  readonly pledge: Pledge | null;
  readonly term: number;
  readonly noise: NoiseItem | null;
};

export type Standing = {
  readonly score: number;
  readonly level: Level;
  readonly critical: boolean;
  /** The share an alert is about: the heaviest critical one, else the heaviest. */
  readonly lead: Share | null;
};

export const rowId = (pledge: Pledge, term: number): string => `${promiseId(pledge)}#${term}`;
export const noiseId = (noise: NoiseItem): string => `${noise.rule.id}/${noise.ref.id}`;

const shareId = (share: Share): string =>
  share.pledge !== null
    ? rowId(share.pledge, share.term)
    : share.noise !== null
      ? noiseId(share.noise)
      : "";

export function stepOf(rule: NoiseRule, value: number | null): number {
  let severity = 0;
  for (const step of rule.steps) {
    if (step.over > (value ?? 0)) break;
    severity = step.severity;
  }
  return severity;
}

/** What a row or a noise weighs; there is one, written over each time. */
type Weight = { points: number; severity: number; critical: boolean };
const weight: Weight = { points: 0, severity: 0, critical: false };

const scaled = (points: number, perMille: number): number =>
  perMille === 1000 ? Math.trunc(points) : Math.trunc((points * perMille) / 1000);

function weigh(policy: Policy, points: number, severity: number, age: number): void {
  const left = decayed(points, age, policy.score.halfLifeMs);
  weight.points = left;
  weight.severity = severity;
  weight.critical = severity >= policy.score.criticalSeverity && points > 0 && 2 * left >= points;
}

/** Sets `weight` to a row's; false if a row with this verdict has none. */
function weighRow(policy: Policy, template: PledgeTemplate, row: Row, now: number): boolean {
  const by = template.points;
  const { perMille } = row;
  switch (row.verdict) {
    case "broken": {
      const from = row.mendedAt ?? row.since + policy.score.ongoingForMs;
      weigh(policy, scaled(by.bySeverity[row.severity] ?? 0, perMille), row.severity, now - from);
      return true;
    }
    case "overdue":
      weigh(policy, scaled(by.overdue, perMille), 1, 0);
      return true;
    case "at-risk":
      weigh(policy, scaled(by.atRisk, perMille), 1, 0);
      return true;
    case "renegotiated":
      weigh(policy, scaled(by.renegotiated, perMille), 1, now - row.since);
      return true;
    case "kept":
      weigh(policy, scaled(by.kept, perMille), 0, now - row.since);
      return true;
    case "open":
    case "source-blind":
    case "withdrawn":
    case "void":
    case "unverifiable":
      return false;
  }
}

/** True while the row may have points now or later: it belongs among the hot ones. */
export function mayWeigh(template: PledgeTemplate, row: Row): boolean {
  switch (row.verdict) {
    case "kept":
      return template.points.kept !== 0;
    case "broken":
    case "overdue":
    case "at-risk":
    case "renegotiated":
      return true;
    case "open":
    case "source-blind":
    case "withdrawn":
    case "void":
    case "unverifiable":
      return false;
  }
}

function givenHolds(customer: Customer, noise: NoiseItem): boolean {
  const given = noise.rule.given;
  if (given === null) return true;
  return customer.pledges.some(
    (pledge) =>
      pledge.template.index === given.template &&
      pledge.rows.some((row) => given.verdicts.includes(row.verdict) && row.since <= noise.at),
  );
}

/** Sets `weight` to a noise's; false if it does not count. */
function weighNoise(policy: Policy, customer: Customer, noise: NoiseItem, now: number): boolean {
  if (!givenHolds(customer, noise)) return false;
  const rule = noise.rule;
  const severity = rule.credit === null ? stepOf(rule, noise.value) : 0;
  let points = rule.credit ?? rule.bySeverity[severity] ?? 0;
  if (rule.variants.length > 0) {
    const profile = profileAt(customer.profile, noise.at, false);
    const variant = rule.variants.find((one) => one.applies(profile));
    if (variant !== undefined) points = scaled(points, variant.pointsPerMille);
  }
  weigh(policy, points, severity, now - noise.at);
  return true;
}

/** After a merge a fact may be held under two origins; it counts once. Such twins lie side by side. */
function isRepeat(noises: readonly NoiseItem[], index: number, noise: NoiseItem): boolean {
  for (let i = index - 1; i >= 0; i -= 1) {
    const before = noises[i];
    if (before === undefined || before.at !== noise.at || !sameFact(before.ref, noise.ref))
      return false;
    if (before.rule === noise.rule) return true;
  }
  return false;
}

const shareOf = (pledge: Pledge | null, term: number, noise: NoiseItem | null): Share => ({
  points: weight.points,
  severity: weight.severity,
  critical: weight.critical,
  pledge,
  term,
  noise,
});

/** Every share of a customer's score at `now`, in no particular order. */
function sharesOf(policy: Policy, customer: Customer, now: number): Share[] {
  const shares: Share[] = [];
  for (const pledge of customer.hot) {
    pledge.rows.forEach((row, i) => {
      if (weighRow(policy, pledge.template, row, now)) shares.push(shareOf(pledge, i + 1, null));
    });
  }
  customer.noises.forEach((noise, i) => {
    if (isRepeat(customer.noises, i, noise)) return;
    if (weighNoise(policy, customer, noise, now)) shares.push(shareOf(null, 0, noise));
  });
  return shares;
}

function heavier(a: Share, b: Share): boolean {
  if (a.points !== b.points) return a.points > b.points;
  return shareId(a) < shareId(b);
}

const calm: Standing = { score: 0, level: "none", critical: false, lead: null };

function levelOf(policy: Policy, score: number, critical: boolean): Level {
  if (critical) return "critical";
  const { high, medium, low } = policy.score.levels;
  if (score >= high) return "high";
  if (score >= medium) return "medium";
  return score >= low ? "low" : "none";
}

/** Gathers a standing; there is one, written over each time. */
const sum: { score: number; lead: Share | null; worst: Share | null } = {
  score: 0,
  lead: null,
  worst: null,
};

/** Adds `weight`; a share is made of it only if it may lead. */
function count(pledge: Pledge | null, term: number, noise: NoiseItem | null): void {
  const { points, critical } = weight;
  sum.score += points;
  if (points <= 0) return;
  const leads = sum.lead === null || points >= sum.lead.points;
  const worse = critical && (sum.worst === null || points >= sum.worst.points);
  if (!leads && !worse) return;
  const share = shareOf(pledge, term, noise);
  if (leads && (sum.lead === null || heavier(share, sum.lead))) sum.lead = share;
  if (worse && (sum.worst === null || heavier(share, sum.worst))) sum.worst = share;
}

/** The sum, what it means, and what leads it; no words made yet, since most looks need none. */
export function standingOf(policy: Policy, customer: Customer, now: number): Standing {
  const { hot, noises } = customer;
  if (hot.length === 0 && noises.length === 0) return calm;
  sum.score = 0;
  sum.lead = null;
  sum.worst = null;
  for (const pledge of hot) {
    const { rows, template } = pledge;
    for (let i = 0; i < rows.length; i += 1) {
      const row = rows[i];
      if (row !== undefined && weighRow(policy, template, row, now)) count(pledge, i + 1, null);
    }
  }
  for (let i = 0; i < noises.length; i += 1) {
    const noise = noises[i];
    if (noise === undefined || isRepeat(noises, i, noise)) continue;
    if (weighNoise(policy, customer, noise, now)) count(null, 0, noise);
  }
  const { score, lead, worst } = sum;
  const critical = worst !== null;
  return { score, level: levelOf(policy, score, critical), critical, lead: worst ?? lead };
}

function gapsOfRow(pledge: Pledge, row: Row, now: number): SayingGaps {
  return {
    key: pledge.key,
    due: row.due,
    lateMs: row.due === null ? null : (row.mendedAt ?? row.keptAt ?? now) - row.due,
    value: row.value,
    limit: row.limit,
  };
}

function sayRow(pledge: Pledge, row: Row, now: number): string {
  const gaps = gapsOfRow(pledge, row, now);
  const says = pledge.template.says;
  switch (row.verdict) {
    case "broken":
      return says.broken(gaps);
    case "overdue":
      return says.overdue(gaps);
    case "at-risk":
      return says.atRisk(gaps);
    case "renegotiated":
      return says.renegotiated(gaps);
    case "kept":
      return says.kept(gaps);
    case "open":
    case "source-blind":
    case "withdrawn":
    case "void":
    case "unverifiable":
      return "";
  }
}

export function partOf(share: Share, now: number): Part {
  const { points, severity } = share;
  if (share.pledge !== null) {
    const { template, rows } = share.pledge;
    const row = rows[share.term - 1];
    return {
      id: shareId(share),
      rule: template.id,
      link: template.link.id,
      owner: template.link.owner,
      points,
      severity,
      evidence: row?.evidence ?? [],
      says: row === undefined ? "" : sayRow(share.pledge, row, now),
    };
  }
  const noise = share.noise;
  const gaps: SayingGaps = {
    key: noise?.ref.id ?? "",
    due: null,
    lateMs: null,
    value: noise?.value ?? null,
    limit: null,
  };
  return {
    id: shareId(share),
    rule: noise?.rule.id ?? "",
    link: noise?.rule.link.id ?? "",
    owner: noise?.rule.link.owner ?? "",
    points,
    severity,
    evidence: noise === null ? [] : [noise.ref.id],
    says: noise?.rule.says(gaps) ?? "",
  };
}

export const linkOf = (share: Share | null): string | null =>
  share?.pledge?.template.link.id ?? share?.noise?.rule.link.id ?? null;
export const leadId = (share: Share | null): string => (share === null ? "" : shareId(share));

/** Shares with points, heaviest first. */
function countedShares(policy: Policy, customer: Customer, now: number): Share[] {
  const shares = sharesOf(policy, customer, now).filter((share) => share.points !== 0);
  return shares.sort((a, b) => (heavier(a, b) ? -1 : 1));
}

/** The shares with points, heaviest first: together exactly the score. */
export const partsOf = (policy: Policy, customer: Customer, now: number): readonly Part[] =>
  countedShares(policy, customer, now).map((share) => partOf(share, now));

/** Rules in shadow that hold and would weigh, ascending. */
export function shadowRules(policy: Policy, customer: Customer, now: number): readonly string[] {
  const rules = new Set<string>();
  for (const { severity, pledge, noise } of sharesOf(policy, customer, now)) {
    const rule = pledge?.template ?? noise?.rule;
    if (rule?.shadow === true && severity > 0) rules.add(rule.id);
  }
  return [...rules].sort();
}

/** Ids of everything that stands as a cause, points left or not: what a correction would remove. */
export const causeIds = (policy: Policy, customer: Customer, now: number): ReadonlySet<string> =>
  new Set(sharesOf(policy, customer, now).map(shareId));

export const operatedByOf = (share: Share | null) =>
  share?.pledge?.template.link.operatedBy ?? share?.noise?.rule.link.operatedBy ?? null;
