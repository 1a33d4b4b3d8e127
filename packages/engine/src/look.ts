import type { Because, PledgeDecision } from "@troth/events";
import type { Policy } from "@troth/policy";
import { settle } from "./episode.ts";
import { type Judged, judge } from "./judge.ts";
import type { Out } from "./out.ts";
import { mayWeigh, type Standing } from "./score.ts";
import type { Customer, Pledge, Row, State } from "./state.ts";
import type { Timers } from "./timers.ts";

/** What looking needs besides the customer. */
export type Eyes = { readonly policy: Policy; readonly state: State; readonly timers: Timers };

function sayPledge(
  eyes: Eyes,
  pledge: Pledge,
  term: number,
  row: Row,
  was: PledgeDecision["was"],
  at: number,
  now: number,
  because: Because,
): PledgeDecision {
  const { template } = pledge;
  return {
    kind: "pledge",
    at,
    decidedAt: now,
    customer: pledge.customer.key,
    promiseId: pledge.id,
    term,
    template: template.id,
    link: template.link.id,
    owner: template.link.owner,
    operatedBy: template.link.operatedBy,
    madeBy: template.madeBy,
    how: template.how,
    verdict: row.verdict,
    was,
    revision: row.revision,
    because,
    madeAt: row.madeAt,
    due: row.due,
    keptAt: row.keptAt,
    severity: row.severity,
    evidence: row.evidence,
    policy: eyes.policy.hash,
  };
}

const rowFrom = (judged: Judged, revision: number): Row => ({
  verdict: judged.verdict,
  since: judged.since,
  madeAt: judged.madeAt,
  due: judged.due,
  keptAt: judged.keptAt,
  mendedAt: judged.mendedAt,
  severity: judged.severity,
  value: judged.value,
  limit: judged.limit,
  perMille: judged.perMille,
  evidence: judged.evidence,
  revision,
});

const sameOutcome = (row: Row, judged: Judged): boolean =>
  row.verdict === judged.verdict && row.since === judged.since && row.due === judged.due;

/** Brings a pledge's rows up to `now` and says each that changed; true if one did. */
function review(eyes: Eyes, pledge: Pledge, now: number, because: Because, out: Out): boolean {
  const source = pledge.template.source;
  const health = source === null ? null : (eyes.state.sources[source.index] ?? null);
  const judged = judge(pledge, health, now);
  let nextAt = Number.POSITIVE_INFINITY;
  let hot = false;
  let waits = false;
  let said = false;
  for (let i = 0; i < judged.length || i < pledge.rows.length; i += 1) {
    const row = pledge.rows[i];
    const fresh = judged[i];
    if (fresh === undefined) {
      if (row === undefined || row.verdict === "void") continue;
      const was = row.verdict;
      row.verdict = "void";
      row.since = now;
      row.revision += 1;
      said = true;
      out.push(sayPledge(eyes, pledge, i + 1, row, was, now, now, because));
      continue;
    }
    nextAt = Math.min(nextAt, fresh.nextAt);
    waits ||= fresh.blind || fresh.verdict === "overdue";
    const same = row !== undefined && sameOutcome(row, fresh) && row.keptAt === fresh.keptAt;
    const worse = same && row.severity !== fresh.severity;
    const next = rowFrom(fresh, row?.revision ?? 0);
    pledge.rows[i] = next;
    hot ||= mayWeigh(pledge.template, next);
    if (same && !worse) continue;
    next.revision += 1;
    said = true;
    const at = worse ? fresh.stepAt : fresh.since;
    out.push(sayPledge(eyes, pledge, i + 1, next, row?.verdict ?? null, at, now, because));
  }
  remember(eyes, pledge, nextAt, hot, waits);
  return said;
}

function remember(eyes: Eyes, pledge: Pledge, nextAt: number, hot: boolean, waits: boolean): void {
  if (nextAt !== pledge.nextAt) {
    pledge.nextAt = nextAt;
    if (nextAt !== Number.POSITIVE_INFINITY) {
      eyes.timers.push({ at: nextAt, customer: pledge.customer, pledge });
    }
  }
  const list = pledge.customer.hot;
  const at = list.indexOf(pledge);
  if (hot && at < 0) list.push(pledge);
  else if (!hot && at >= 0) list.splice(at, 1);
  const source = pledge.template.source;
  if (source === null) return;
  const waiting = eyes.state.waiting[source.index];
  if (waits) waiting?.add(pledge);
  else waiting?.delete(pledge);
}

/** Judges the pledges that something happened to, in order of their ids; true if a row changed. */
function reviewAll(
  eyes: Eyes,
  pledges: Pledge[],
  now: number,
  because: Because,
  out: Out,
): boolean {
  if (pledges.length > 1) pledges.sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  let said = false;
  let last: Pledge | null = null;
  for (const pledge of pledges) {
    if (pledge !== last && review(eyes, pledge, now, because, out)) said = true;
    last = pledge;
  }
  return said;
}

/**
 * A moment came. Without a review due, nothing is settled unless a row changed: a timer set for a
 * moment that turned out to change nothing leaves no trace.
 */
export function lookAtMoment(
  eyes: Eyes,
  customer: Customer,
  pledges: Pledge[],
  now: number,
  reviewDue: boolean,
  out: Out,
): void {
  const said = reviewAll(eyes, pledges, now, "time", out);
  if (said || reviewDue) settleAndPlan(eyes, customer, now, out);
}

/**
 * Looks at a customer something happened to: judges the pledges it speaks of, then settles score,
 * flag and alert, and sets the next review.
 */
export function look(
  eyes: Eyes,
  customer: Customer,
  pledges: Pledge[],
  now: number,
  because: Because,
  out: Out,
): Standing {
  reviewAll(eyes, pledges, now, because, out);
  return settleAndPlan(eyes, customer, now, out);
}

function settleAndPlan(eyes: Eyes, customer: Customer, now: number, out: Out): Standing {
  const standing = settle(eyes.policy, customer, now, out);
  const every = eyes.policy.score.reviewEveryMs;
  const reviewAt =
    customer.level === "none" ? Number.POSITIVE_INFINITY : (Math.floor(now / every) + 1) * every;
  if (reviewAt !== customer.reviewAt) {
    customer.reviewAt = reviewAt;
    if (reviewAt !== Number.POSITIVE_INFINITY) {
      eyes.timers.push({ at: reviewAt, customer, pledge: null });
    }
  }
  return standing;
}
