import type { Level, Part } from "@troth/events";
import type { NoiseRule, PledgeTemplate, Policy, SayingGaps } from "@troth/policy";
import { decayed } from "./decay.ts";
import { profileAt } from "./profile.ts";
import type { Customer, NoiseItem, Pledge, Row } from "./state.ts";
import { sameFact } from "./state.ts";

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

export const rowId = (pledge: Pledge, term: number): string => `${pledge.id}#${term}`;
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

type Weight = { points: number; severity: number; from: number | null };

/** Points of a row before variant and decay, its severity, and when its decay began. */
function weightOf(policy: Policy, template: PledgeTemplate, row: Row): Weight | null {
  switch (row.verdict) {
    case "broken":
      return {
        points: template.points.bySeverity[row.severity] ?? 0,
        severity: row.severity,
        from: row.mendedAt ?? row.since + policy.score.ongoingForMs,
      };
    case "overdue":
      return { points: template.points.overdue, severity: 1, from: null };
    case "at-risk":
      return { points: template.points.atRisk, severity: 1, from: null };
    case "renegotiated":
      return { points: template.points.renegotiated, severity: 1, from: row.since };
    case "kept":
      return { points: template.points.kept, severity: 0, from: row.since };
    case "open":
    case "source-blind":
    case "withdrawn":
    case "void":
    case "unverifiable":
      return null;
  }
}

/** True while the row may have points now or later: it belongs among the hot ones. */
export function mayWeigh(template: PledgeTemplate, row: Row): boolean {
  if (row.verdict === "kept") return template.points.kept !== 0;
  return ["broken", "overdue", "at-risk", "renegotiated"].includes(row.verdict);
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

function weighNoise(
  policy: Policy,
  customer: Customer,
  noise: NoiseItem,
  now: number,
): Share | null {
  if (!givenHolds(customer, noise)) return null;
  const rule = noise.rule;
  const severity = rule.credit === null ? stepOf(rule, noise.value) : 0;
  let points = rule.credit ?? rule.bySeverity[severity] ?? 0;
  if (rule.variants.length > 0) {
    const profile = profileAt(customer.profile, noise.at, false);
    const variant = rule.variants.find((one) => one.applies(profile));
    if (variant !== undefined) points = Math.trunc((points * variant.pointsPerMille) / 1000);
  }
  const left = decayed(points, now - noise.at, policy.score.halfLifeMs);
  const critical = severity >= policy.score.criticalSeverity && points > 0 && 2 * left >= points;
  return { points: left, severity, critical, pledge: null, term: 0, noise };
}

function weighRow(
  policy: Policy,
  pledge: Pledge,
  term: number,
  row: Row,
  now: number,
): Share | null {
  const weight = weightOf(policy, pledge.template, row);
  if (weight === null) return null;
  const points = Math.trunc((weight.points * row.perMille) / 1000);
  const left =
    weight.from === null ? points : decayed(points, now - weight.from, policy.score.halfLifeMs);
  const critical =
    weight.severity >= policy.score.criticalSeverity && points > 0 && 2 * left >= points;
  return { points: left, severity: weight.severity, critical, pledge, term, noise: null };
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

/** Every share of a customer's score at `now`, in no particular order. */
function eachShare(
  policy: Policy,
  customer: Customer,
  now: number,
  visit: (share: Share) => void,
): void {
  for (const pledge of customer.hot) {
    for (let i = 0; i < pledge.rows.length; i += 1) {
      const row = pledge.rows[i];
      if (row === undefined) continue;
      const share = weighRow(policy, pledge, i + 1, row, now);
      if (share !== null) visit(share);
    }
  }
  for (let i = 0; i < customer.noises.length; i += 1) {
    const noise = customer.noises[i];
    if (noise === undefined || isRepeat(customer.noises, i, noise)) continue;
    const share = weighNoise(policy, customer, noise, now);
    if (share !== null) visit(share);
  }
}

/** Heavier first; the same weight by id, so that the order never depends on arrival. */
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

/** The sum, what it means, and what leads it; no words made yet, since most looks need none. */
export function standingOf(policy: Policy, customer: Customer, now: number): Standing {
  if (customer.hot.length === 0 && customer.noises.length === 0) return calm;
  let score = 0;
  let lead: Share | null = null;
  let worst: Share | null = null;
  eachShare(policy, customer, now, (share) => {
    score += share.points;
    if (share.points <= 0) return;
    if (lead === null || heavier(share, lead)) lead = share;
    if (share.critical && (worst === null || heavier(share, worst))) worst = share;
  });
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

/** The shares with points, heaviest first: together exactly the score. */
export function partsOf(policy: Policy, customer: Customer, now: number): readonly Part[] {
  const shares: Share[] = [];
  eachShare(policy, customer, now, (share) => {
    if (share.points !== 0) shares.push(share);
  });
  shares.sort((a, b) => (heavier(a, b) ? -1 : 1));
  return shares.map((share) => partOf(share, now));
}

/** Rules in shadow that hold and would weigh, ascending. */
export function shadowRules(policy: Policy, customer: Customer, now: number): readonly string[] {
  const rules = new Set<string>();
  eachShare(policy, customer, now, ({ severity, pledge, noise }) => {
    const rule = pledge?.template ?? noise?.rule;
    if (rule?.shadow === true && severity > 0) rules.add(rule.id);
  });
  return [...rules].sort();
}

/** Ids of everything that stands as a cause, points left or not: what a correction would remove. */
export function causeIds(policy: Policy, customer: Customer, now: number): Set<string> {
  const ids = new Set<string>();
  eachShare(policy, customer, now, (share) => ids.add(shareId(share)));
  return ids;
}
export const operatedByOf = (share: Share | null) =>
  share?.pledge?.template.link.operatedBy ?? share?.noise?.rule.link.operatedBy ?? null;
