import type { Because, PledgeDecision } from "@troth/events";
import { settle, wouldSay } from "./episode.ts";
import {
  blankJudged,
  type Case,
  type Judged,
  judgeRow,
  openCase,
  termsThatCount,
} from "./judge.ts";
import type { Out } from "./out.ts";
import { evidenceOf } from "./parts.ts";
import { promiseId, templateAt } from "./pledges.ts";
import { release, retain } from "./register/facts.ts";
import {
  appendRow,
  customerOf,
  dueOf,
  evidenceAt,
  evidenceCount,
  keptAtOf,
  levelNumber,
  madeAtOf,
  newRow,
  nextAtOf,
  nextPledge,
  nextRow,
  orNull,
  pledgeKeyText,
  pledgesOf,
  putNextAt,
  reviewAt,
  revisionOfRow,
  rowsOf,
  setDue,
  setEvidenceCount,
  setHot,
  setKeptAt,
  setMadeAt,
  setMendedAt,
  setPerMille,
  setReviewAt,
  setRevision,
  setRowLimit,
  setRowValue,
  setSince,
  setSoonest,
  setVerdict,
  severityOf,
  sinceOf,
  slotOfCustomer,
  soonest,
  templateOf,
  verdictOf,
} from "./register/layout.ts";
import { List } from "./register/list.ts";
import { type Memory, never, none } from "./register/memory.ts";
import { compareTexts } from "./register/texts.ts";
import { gather, mayWeigh, type Standing } from "./score.ts";
import type { World } from "./state.ts";
import * as word from "./words.ts";

function sayPledge(
  w: World,
  p: number,
  term: number,
  row: number,
  was: PledgeDecision["was"],
  at: number,
  now: number,
  because: Because,
): PledgeDecision {
  const { memory: m } = w.customers;
  const { id, link, madeBy, how } = templateAt(w, p);
  return {
    kind: "pledge",
    at,
    decidedAt: now,
    customer: w.customers.keyOf(customerOf(m, p)),
    promiseId: promiseId(w, p),
    term,
    template: id,
    link: link.id,
    owner: link.owner,
    operatedBy: link.operatedBy,
    madeBy,
    how,
    verdict: word.verdictWord(verdictOf(m, row)),
    was,
    revision: revisionOfRow(m, row),
    because,
    madeAt: madeAtOf(m, row),
    due: orNull(dueOf(m, row)),
    keptAt: orNull(keptAtOf(m, row)),
    severity: severityOf(m, row),
    evidence: evidenceOf(m, row),
    policy: w.policy.hash,
  };
}

/** Where every row is judged first, before it is known whether anything changed. */
const fresh = blankJudged();
let scratch: Case | null = null;

/** The one case, filled in for each pledge. */
function caseOf(w: World): Case {
  const plan = w.plans[0];
  if (plan === undefined) throw new RangeError("a pledge of a template the policy lacks");
  scratch ??= {
    m: w.customers.memory,
    names: w.customers.names,
    pledge: 0,
    template: plan.template,
    roles: plan.roles,
    variant: null,
    tag: 0,
    limit: none,
    perMille: 1000,
    needed: none,
    health: null,
    now: 0,
  };
  return scratch;
}

/** Makes a row's evidence what was judged. */
function setEvidence(m: Memory, row: number, evidence: List): void {
  const count = evidenceCount(m, row);
  const before = evidenceAt(m, row);
  let same = count === evidence.length;
  for (let i = 0; same && i < count; i += 1) same = m.int(before + i) === evidence.at(i);
  if (same) return;
  for (let i = 0; i < evidence.length; i += 1) retain(m, evidence.at(i));
  for (let i = 0; i < count; i += 1) release(m, m.int(before + i));
  setEvidenceCount(m, row, evidence.length);
  const at = evidenceAt(m, row);
  for (let i = 0; i < evidence.length; i += 1) m.setInt(at + i, evidence.at(i));
}

/** A row becomes what was judged. */
function become(m: Memory, row: number, judged: Judged, perMille: number): void {
  setVerdict(m, row, judged.verdict, judged.severity);
  setSince(m, row, judged.since);
  setMadeAt(m, row, judged.madeAt);
  setDue(m, row, judged.due);
  setKeptAt(m, row, judged.keptAt);
  setMendedAt(m, row, judged.mendedAt);
  setRowValue(m, row, judged.value);
  setRowLimit(m, row, judged.limit);
  setPerMille(m, row, perMille);
  setEvidence(m, row, judged.evidence);
}

/** Brings a pledge's rows up to `now` and says each that changed; true if one did. */
function review(w: World, c: number, p: number, now: number, because: Because, out: Out): boolean {
  const { memory: m } = w.customers;
  const plan = w.plans[templateOf(m, p)];
  if (plan === undefined) throw new RangeError("a pledge of a template the policy lacks");
  const one = caseOf(w);
  const judged = openCase(w, c, p, plan, now, one);
  const terms = judged ? termsThatCount(one) : noTerms;
  const count = terms.length;
  let nextAt = never;
  let hot = false;
  let waits = false;
  let said = false;
  let row = rowsOf(m, p);
  for (let i = 0; i < count; i += 1) {
    judgeRow(one, terms.at(i), i + 1 < count ? terms.at(i + 1) : 0, fresh);
    nextAt = Math.min(nextAt, fresh.nextAt);
    waits ||= fresh.blind || fresh.verdict === word.overdue;
    const known = row !== 0;
    if (!known) {
      row = newRow(m);
      appendRow(m, p, row);
    }
    const before = verdictOf(m, row);
    const same =
      known &&
      before === fresh.verdict &&
      sinceOf(m, row) === fresh.since &&
      dueOf(m, row) === fresh.due &&
      keptAtOf(m, row) === fresh.keptAt;
    const worse = same && severityOf(m, row) !== fresh.severity;
    become(m, row, fresh, one.perMille);
    hot ||= mayWeigh(plan.template, fresh.verdict);
    if (!same || worse) {
      setRevision(m, row, revisionOfRow(m, row) + 1);
      said = true;
      const was = known ? word.verdictWord(before) : null;
      const at = worse ? fresh.stepAt : fresh.since;
      out.push(sayPledge(w, p, i + 1, row, was, at, now, because));
    }
    row = nextRow(m, row);
  }
  for (let term = count + 1; row !== 0; row = nextRow(m, row)) {
    const before = verdictOf(m, row);
    if (before !== word.voided) {
      setVerdict(m, row, word.voided, severityOf(m, row));
      setSince(m, row, now);
      setRevision(m, row, revisionOfRow(m, row) + 1);
      said = true;
      out.push(sayPledge(w, p, term, row, word.verdictWord(before), now, now, because));
    }
    term += 1;
  }
  setNextAt(m, c, p, nextAt);
  setHot(m, c, p, hot);
  noteWaiting(w, c, plan.template.source?.index ?? -1, waits);
  return said;
}

const noTerms = new List();

/** Keeps the customer's soonest moment right, without going through all pledges each time. */
export function setNextAt(m: Memory, c: number, p: number, at: number): void {
  const before = nextAtOf(m, p);
  if (at === before) return;
  putNextAt(m, p, at);
  const known = soonest(m, c);
  if (known === none) return;
  if (at <= known) setSoonest(m, c, at);
  else if (before === known) setSoonest(m, c, none);
}

function soonestOf(m: Memory, c: number): number {
  const known = soonest(m, c);
  if (known !== none) return known;
  let next = never;
  for (let p = pledgesOf(m, c); p !== 0; p = nextPledge(m, p))
    next = Math.min(next, nextAtOf(m, p));
  setSoonest(m, c, next);
  return next;
}

/** Sets the customer's next moment from pledges and review. */
export function plan(w: World, c: number): void {
  const { memory: m } = w.customers;
  w.state.timers.set(slotOfCustomer(m, c), Math.min(soonestOf(m, c), reviewAt(m, c)));
}

function noteWaiting(w: World, c: number, source: number, waits: boolean): void {
  if (source < 0) return;
  const { memory: m } = w.customers;
  const waiting = w.state.waiting[source];
  const slot = slotOfCustomer(m, c);
  if (waits) waiting?.add(slot);
  else if (waiting?.has(slot) && !anyWaits(w, c, source)) waiting.delete(slot);
}

function anyWaits(w: World, c: number, source: number): boolean {
  const { memory: m } = w.customers;
  for (let p = pledgesOf(m, c); p !== 0; p = nextPledge(m, p)) {
    if (waitsFor(w, p, source)) return true;
  }
  return false;
}

/** True while a row of the pledge is overdue or blind and that feed may still tell. */
export function waitsFor(w: World, p: number, source: number): boolean {
  const { memory: m } = w.customers;
  if (templateAt(w, p).source?.index !== source) return false;
  for (let row = rowsOf(m, p); row !== 0; row = nextRow(m, row)) {
    const verdict = verdictOf(m, row);
    if (verdict === word.overdue || verdict === word.sourceBlind) return true;
  }
  return false;
}

/** Ascending by the id of the promise, which is the template's, a slash and the key. */
function inOrder(w: World, pledges: List): void {
  if (pledges.length < 2) return;
  ordering = w;
  pledges.sort(compareIds);
}

/** Whose pledges are being put in order. */
let ordering: World | null = null;

function compareIds(a: number, b: number): number {
  if (ordering === null || a === b) return 0;
  const { memory: m } = ordering.customers;
  const ranks = rankOf(ordering, a) - rankOf(ordering, b);
  return ranks !== 0 ? ranks : compareTexts(m, pledgeKeyText(m, a), pledgeKeyText(m, b));
}

const rankOf = (w: World, p: number): number =>
  w.plans[templateOf(w.customers.memory, p)]?.rank ?? 0;

/** Judges the pledges that something happened to, in order of their ids; true if a row changed. */
function reviewAll(
  w: World,
  c: number,
  pledges: List,
  now: number,
  because: Because,
  out: Out,
): boolean {
  inOrder(w, pledges);
  let said = false;
  let last = 0;
  for (let i = 0; i < pledges.length; i += 1) {
    const p = pledges.at(i);
    if (p !== last && review(w, c, p, now, because, out)) said = true;
    last = p;
  }
  return said;
}

const dueNow = new List();

/**
 * The customer's moment came. Without a review due, nothing is settled unless a row changed: a moment
 * that turns out to change nothing leaves no trace.
 */
export function lookAtMoment(w: World, c: number, now: number, out: Out): void {
  const { memory: m } = w.customers;
  dueNow.clear();
  for (let p = pledgesOf(m, c); p !== 0; p = nextPledge(m, p)) {
    if (nextAtOf(m, p) === now) dueNow.push(p);
  }
  const said = reviewAll(w, c, dueNow, now, "time", out);
  const reviewDue = reviewAt(m, c) === now;
  if (said || reviewDue) {
    gather(w, c);
    const quiet = !said && !wouldSay(w, c, now);
    if (!quiet) settle(w, c, now, out);
    setReviewAt(m, c, quiet ? nextTellingReview(w, c, now) : nextReview(w, c, now));
  }
  plan(w, c);
}

/**
 * Looks at a customer something happened to: judges the pledges it speaks of, then settles score,
 * flag and alert, and sets the next review.
 */
export function look(
  w: World,
  c: number,
  pledges: List,
  now: number,
  because: Because,
  out: Out,
): Standing {
  reviewAll(w, c, pledges, now, because, out);
  const standing = settle(w, c, now, out);
  setReviewAt(w.customers.memory, c, nextReview(w, c, now));
  plan(w, c);
  return standing;
}

function nextReview(w: World, c: number, now: number): number {
  const every = w.policy.score.reviewEveryMs;
  return levelNumber(w.customers.memory, c) === 0 ? never : (Math.floor(now / every) + 1) * every;
}

/** Reviews looked ahead at once; more would mostly be in vain, since facts come in between. */
const reviewsAhead = 32;

/**
 * A review that changes nothing leaves no trace, so the next ones are tried on paper and the first that
 * would change something is planned. Whatever touches the customer before then plans anew.
 */
function nextTellingReview(w: World, c: number, now: number): number {
  const { memory: m } = w.customers;
  const every = w.policy.score.reviewEveryMs;
  const next = soonestOf(m, c);
  let at = nextReview(w, c, now);
  for (let tried = 1; tried < reviewsAhead; tried += 1) {
    if (at >= next || wouldSay(w, c, at)) return at;
    at += every;
  }
  return at;
}
