import type { Because, PledgeDecision } from "@troth/events";
import { invariant } from "@troth/events";
import type { Policy } from "@troth/policy";
import { settle, wouldSay } from "./episode.ts";
import { blankJudged, caseOf, type Judged, judgeRow, termsThatCount } from "./judge.ts";
import type { Out } from "./out.ts";
import type { TemplatePlan } from "./roles.ts";
import { mayWeigh, type Standing } from "./score.ts";
import {
  type Customer,
  type Pledge,
  promiseId,
  type Row,
  type State,
  type Terms,
} from "./state.ts";

/** What looking needs besides the customer. */
export type Eyes = {
  readonly policy: Policy;
  /** By index of the template. */
  readonly plans: readonly TemplatePlan[];
  readonly state: State;
};

const noTerms: readonly Terms[] = [];

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
    promiseId: promiseId(pledge),
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

/** Where every row is judged first, before it is known whether anything changed. */
const fresh = blankJudged();

const sameIds = (a: readonly string[], b: readonly string[]): boolean => {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false;
  return true;
};

const blankRow = (): Row => ({
  verdict: "open",
  since: 0,
  madeAt: 0,
  due: null,
  keptAt: null,
  mendedAt: null,
  severity: 0,
  value: null,
  limit: null,
  perMille: 1000,
  revision: 0,
  evidence: [],
});

/** A row becomes what was judged. Its evidence is replaced, never changed: decisions hold it too. */
function become(row: Row, judged: Judged, perMille: number): void {
  row.verdict = judged.verdict;
  row.since = judged.since;
  row.madeAt = judged.madeAt;
  row.due = judged.due;
  row.keptAt = judged.keptAt;
  row.mendedAt = judged.mendedAt;
  row.severity = judged.severity;
  row.value = judged.value;
  row.limit = judged.limit;
  row.perMille = perMille;
  if (!sameIds(row.evidence, judged.evidence)) row.evidence = judged.evidence.slice();
}

/** Brings a pledge's rows up to `now` and says each that changed; true if one did. */
function review(eyes: Eyes, pledge: Pledge, now: number, because: Because, out: Out): boolean {
  const { template } = pledge;
  const health =
    template.source === null ? null : (eyes.state.sources[template.source.index] ?? null);
  const plan = eyes.plans[template.index];
  invariant(plan !== undefined, "a pledge of a template the policy does not have");
  const c = caseOf(pledge, plan.roles, health, now);
  const terms = c === null ? noTerms : termsThatCount(c);
  let nextAt = Number.POSITIVE_INFINITY;
  let hot = false;
  let waits = false;
  let said = false;
  for (let i = 0; i < terms.length; i += 1) {
    const term = terms[i];
    if (c === null || term === undefined) break;
    judgeRow(c, term, terms[i + 1] ?? null, fresh);
    nextAt = Math.min(nextAt, fresh.nextAt);
    waits ||= fresh.blind || fresh.verdict === "overdue";
    const known = pledge.rows[i];
    const was = known?.verdict ?? null;
    const same =
      known !== undefined &&
      known.verdict === fresh.verdict &&
      known.since === fresh.since &&
      known.due === fresh.due &&
      known.keptAt === fresh.keptAt;
    const worse = same && known.severity !== fresh.severity;
    const row = known ?? blankRow();
    if (known === undefined) pledge.rows = [...pledge.rows, row];
    become(row, fresh, c.perMille);
    hot ||= mayWeigh(template, row);
    if (same && !worse) continue;
    row.revision += 1;
    said = true;
    const at = worse ? fresh.stepAt : fresh.since;
    out.push(sayPledge(eyes, pledge, i + 1, row, was, at, now, because));
  }
  for (let i = terms.length; i < pledge.rows.length; i += 1) {
    const row = pledge.rows[i];
    if (row === undefined || row.verdict === "void") continue;
    const was = row.verdict;
    row.verdict = "void";
    row.since = now;
    row.revision += 1;
    said = true;
    out.push(sayPledge(eyes, pledge, i + 1, row, was, now, now, because));
  }
  remember(eyes, pledge, nextAt, hot, waits);
  return said;
}

/** Keeps the customer's soonest moment right, without going through all pledges each time. */
export function setNextAt(pledge: Pledge, at: number): void {
  const { customer, nextAt } = pledge;
  if (at === nextAt) return;
  pledge.nextAt = at;
  if (at <= customer.soonest) customer.soonest = at;
  else if (nextAt === customer.soonest) customer.soonest = Number.NaN;
}

/** Sets the customer's next moment from pledges and review. */
export function plan(eyes: Eyes, customer: Customer): void {
  if (Number.isNaN(customer.soonest)) {
    let soonest = Number.POSITIVE_INFINITY;
    for (const { nextAt } of customer.pledges) if (nextAt < soonest) soonest = nextAt;
    customer.soonest = soonest;
  }
  eyes.state.timers.set(customer.slot, Math.min(customer.soonest, customer.reviewAt));
}

function remember(eyes: Eyes, pledge: Pledge, nextAt: number, hot: boolean, waits: boolean): void {
  setNextAt(pledge, nextAt);
  const list = pledge.customer.hot;
  const at = list.indexOf(pledge);
  if (hot && at < 0) list.push(pledge);
  else if (!hot && at >= 0) list.splice(at, 1);
  const source = pledge.template.source;
  if (source === null) return;
  const waiting = eyes.state.waiting[source.index];
  const { slot, pledges } = pledge.customer;
  if (waits) waiting?.add(slot);
  else if (waiting?.has(slot) && !pledges.some((one) => waitsFor(one, source.index))) {
    waiting.delete(slot);
  }
}

/** True while a row of the pledge is overdue or blind and that feed may still tell. */
export const waitsFor = (pledge: Pledge, source: number): boolean =>
  pledge.template.source?.index === source &&
  pledge.rows.some((row) => row.verdict === "overdue" || row.verdict === "source-blind");

/** Ascending by the id of the promise, which is the template's, a slash and the key. */
function inOrder(eyes: Eyes, pledges: Pledge[]): void {
  const rank = (pledge: Pledge): number => eyes.plans[pledge.template.index]?.rank ?? 0;
  pledges.sort((a, b) => rank(a) - rank(b) || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
}

/** Judges the pledges that something happened to, in order of their ids; true if a row changed. */
function reviewAll(
  eyes: Eyes,
  pledges: Pledge[],
  now: number,
  because: Because,
  out: Out,
): boolean {
  if (pledges.length > 1) inOrder(eyes, pledges);
  let said = false;
  let last: Pledge | null = null;
  for (const pledge of pledges) {
    if (pledge !== last && review(eyes, pledge, now, because, out)) said = true;
    last = pledge;
  }
  return said;
}

/**
 * The customer's moment came. Without a review due, nothing is settled unless a row changed: a moment
 * that turns out to change nothing leaves no trace.
 */
export function lookAtMoment(eyes: Eyes, customer: Customer, now: number, out: Out): void {
  const pledges = customer.pledges.filter(({ nextAt }) => nextAt === now);
  const said = reviewAll(eyes, pledges, now, "time", out);
  const reviewDue = customer.reviewAt === now;
  if (said || reviewDue) {
    const quiet = !said && !wouldSay(eyes.policy, customer, now);
    if (!quiet) settle(eyes.policy, customer, now, out);
    customer.reviewAt = quiet
      ? nextTellingReview(eyes, customer, now)
      : nextReview(eyes, customer, now);
  }
  plan(eyes, customer);
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
  const standing = settle(eyes.policy, customer, now, out);
  customer.reviewAt = nextReview(eyes, customer, now);
  plan(eyes, customer);
  return standing;
}

function nextReview(eyes: Eyes, customer: Customer, now: number): number {
  const every = eyes.policy.score.reviewEveryMs;
  return customer.level === "none"
    ? Number.POSITIVE_INFINITY
    : (Math.floor(now / every) + 1) * every;
}

/** Reviews looked ahead at once; more would mostly be in vain, since facts come in between. */
const reviewsAhead = 32;

/**
 * A review that changes nothing leaves no trace, so the next ones are tried on paper and the first that
 * would change something is planned. Whatever touches the customer before then plans anew.
 */
function nextTellingReview(eyes: Eyes, customer: Customer, now: number): number {
  const every = eyes.policy.score.reviewEveryMs;
  let at = nextReview(eyes, customer, now);
  for (let tried = 1; tried < reviewsAhead; tried += 1) {
    if (at >= customer.soonest || wouldSay(eyes.policy, customer, at)) return at;
    at += every;
  }
  return at;
}
