import { isoTime } from "./canonical.ts";
import type {
  AlertDecision,
  CohortDecision,
  Decision,
  Flag,
  FlagDecision,
  Part,
  PledgeDecision,
  SourceDecision,
  SurveyDecision,
} from "./decision.ts";

/*
 * Every writer below lists its keys in code-unit order, which is canonical JSON at several times the speed
 * of sorting; the test holds each against `canonicalJson`.
 */

const at = (ms: number | null): string | null => (ms === null ? null : isoTime(ms));

const writePart = (p: Part) => ({
  evidence: p.evidence,
  id: p.id,
  link: p.link,
  owner: p.owner,
  points: p.points,
  rule: p.rule,
  says: p.says,
  severity: p.severity,
});

/** True if a text stands in JSON as it is, between quotes. */
function isPlain(text: string): boolean {
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    // Lone halves of a character are written out, and whether one is alone is not looked into here.
    if (unit < 0x20 || unit === 0x22 || unit === 0x5c || unit >= 0xd800) return false;
  }
  return true;
}

const quoted = (text: string): string => (isPlain(text) ? `"${text}"` : JSON.stringify(text));
const orNull = (text: string | null): string => (text === null ? "null" : quoted(text));
const time = (ms: number | null): string => (ms === null ? "null" : `"${isoTime(ms)}"`);

type Common = Pick<PledgeDecision, "how" | "link" | "madeBy" | "operatedBy" | "owner" | "policy">;

/** What decisions about one template have in common, and as text between what differs. */
type Frame = {
  readonly of: Common;
  readonly how: string;
  readonly link: string;
  readonly madeBy: string;
  readonly template: string;
};

function frameOf({
  how,
  link,
  madeBy,
  operatedBy,
  owner,
  policy,
  template,
}: PledgeDecision): Frame {
  return {
    of: { how, link, madeBy, operatedBy, owner, policy },
    how: `,"how":${quoted(how)},"keptAt":`,
    link: `,"kind":"pledge","link":${quoted(link)},"madeAt":`,
    madeBy:
      `,"madeBy":${quoted(madeBy)},"operatedBy":${quoted(operatedBy)}` +
      `,"owner":${quoted(owner)},"policy":${quoted(policy)},"promiseId":`,
    template: `,"template":${quoted(template)},"term":`,
  };
}

const fits = ({ of }: Frame, d: PledgeDecision): boolean =>
  of.how === d.how &&
  of.link === d.link &&
  of.madeBy === d.madeBy &&
  of.operatedBy === d.operatedBy &&
  of.owner === d.owner &&
  of.policy === d.policy;

/** By template; there are as many as policies have, unless a log was written under very many. */
const frames = new Map<string, Frame>();
const framesMost = 1024;

function frameFor(d: PledgeDecision): Frame {
  const known = frames.get(d.template);
  if (known !== undefined && fits(known, d)) return known;
  if (frames.size >= framesMost) frames.clear();
  const frame = frameOf(d);
  frames.set(d.template, frame);
  return frame;
}

/** Most of what is said is about pledges, and most of such a line is the same for all of a template. */
function pledgeText(d: PledgeDecision): string {
  const { how, link, madeBy, template } = frameFor(d);
  const alone = d.evidence.length === 1 ? d.evidence[0] : undefined;
  const evidence = alone === undefined ? JSON.stringify(d.evidence) : `[${quoted(alone)}]`;
  return (
    `{"at":${time(d.at)},"because":${quoted(d.because)},"customer":${quoted(d.customer)}` +
    `,"decidedAt":${time(d.decidedAt)},"due":${time(d.due)},"evidence":${evidence}` +
    `${how}${time(d.keptAt)}${link}${time(d.madeAt)}${madeBy}${quoted(d.promiseId)}` +
    `,"revision":${d.revision},"severity":${d.severity}${template}${d.term}` +
    `,"verdict":${quoted(d.verdict)},"was":${orNull(d.was)}}`
  );
}

const flagText = (d: FlagDecision): string =>
  `{"at":${time(d.at)},"customer":${quoted(d.customer)},"kind":"flag","level":${quoted(d.level)}` +
  `,"policy":${quoted(d.policy)},"score":${d.score},"topLink":${orNull(d.topLink)}` +
  `,"was":${quoted(d.was)}}`;

const writeAlert = (d: AlertDecision) => ({
  alertId: d.alertId,
  at: at(d.at),
  customer: d.customer,
  kind: d.kind,
  lead: d.lead === null ? null : writePart(d.lead),
  level: d.level,
  operatedBy: d.operatedBy,
  parts: d.parts.map(writePart),
  policy: d.policy,
  revision: d.revision,
  rule: d.rule,
  says: d.says,
  score: d.score,
  state: d.state,
});

const writeSurvey = (d: SurveyDecision) => ({
  alerted: d.alerted,
  at: at(d.at),
  customer: d.customer,
  invitationId: d.invitationId,
  kind: d.kind,
  level: d.level,
  parts: d.parts.map(writePart),
  policy: d.policy,
  region: d.region,
  riskScore: d.riskScore,
  rules: d.rules,
  segment: d.segment,
  shadow: d.shadow,
  subject: d.subject,
  topLink: d.topLink,
  weight: d.weight,
});

const writeSource = (d: SourceDecision) => ({
  at: at(d.at),
  kind: d.kind,
  owner: d.owner,
  policy: d.policy,
  says: d.says,
  source: d.source,
  state: d.state,
});

const writeCohort = (d: CohortDecision) => ({
  at: at(d.at),
  cohort: d.cohort,
  kind: d.kind,
  link: d.link,
  owner: d.owner,
  policy: d.policy,
  rule: d.rule,
  says: d.says,
  touched: d.touched,
});

/** A decision as it is written for people and programs: one canonical line, times as ISO. */
export function decisionJson(decision: Decision): string {
  switch (decision.kind) {
    case "pledge":
      return pledgeText(decision);
    case "alert":
      return JSON.stringify(writeAlert(decision));
    case "flag":
      return flagText(decision);
    case "survey":
      return JSON.stringify(writeSurvey(decision));
    case "source":
      return JSON.stringify(writeSource(decision));
    case "cohort":
      return JSON.stringify(writeCohort(decision));
  }
}

/** A flag as `flags.jsonl` has it, canonical like a decision. */
export const flagJson = (flag: Flag): string =>
  JSON.stringify({
    at: at(flag.at),
    customer: flag.customer,
    do: flag.do,
    dont: flag.dont,
    level: flag.level,
    parts: flag.parts.map(writePart),
    policy: flag.policy,
    says: flag.says,
    score: flag.score,
    topLink: flag.topLink,
  });

/** A row of the register as `pledges.jsonl` has it: without what depends on the order of arrival. */
export const registerJson = (row: PledgeDecision): string =>
  JSON.stringify({
    at: at(row.at),
    customer: row.customer,
    due: at(row.due),
    evidence: row.evidence,
    how: row.how,
    keptAt: at(row.keptAt),
    link: row.link,
    madeAt: at(row.madeAt),
    madeBy: row.madeBy,
    operatedBy: row.operatedBy,
    owner: row.owner,
    policy: row.policy,
    promiseId: row.promiseId,
    severity: row.severity,
    template: row.template,
    term: row.term,
    verdict: row.verdict,
  });
