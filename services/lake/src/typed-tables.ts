import type {
  AlertDecision,
  FlagDecision,
  Part,
  PledgeDecision,
  SurveyDecision,
} from "@troth/events";
import {
  double,
  flag,
  instant,
  instantOrNull,
  int,
  intOrNull,
  json,
  long,
  longOrNull,
  table,
  text,
  textOrNull,
  texts,
} from "./table.ts";

export const pledges = table<PledgeDecision>(
  "pledges",
  "Each change of a pledge's verdict; the last by place is how the row stands.",
  (body) => (body.kind === "pledge" ? body : null),
  [
    text("kind", "Always pledge.", (d) => d.kind),
    instant("becameAt", "When the verdict became true.", (d) => d.at),
    instant("decidedAt", "Log time at which it was decided.", (d) => d.decidedAt),
    text("customer", "To whom it was promised.", (d) => d.customer),
    text("promiseId", "Template and key; with term, a row of the register.", (d) => d.promiseId),
    int("term", "1 for the first date given, 2 for the next …", (d) => d.term),
    text("template", "Pledge template of the policy.", (d) => d.template),
    text("link", "Link of the chain.", (d) => d.link),
    text("owner", "Who answers for it.", (d) => d.owner),
    text("operatedBy", "inhouse, outsourced or partner.", (d) => d.operatedBy),
    text("madeBy", "Who or what promised it.", (d) => d.madeBy),
    text("how", "stated, implied, spoken or advertised.", (d) => d.how),
    text("verdict", "How it stands.", (d) => d.verdict),
    textOrNull("was", "How it stood before; null the first time.", (d) => d.was),
    int("revision", "Counts decisions on the row, from 1.", (d) => d.revision),
    text("because", "time, fact, retraction or identity.", (d) => d.because),
    instant("madeAt", "When it was promised.", (d) => d.madeAt),
    instantOrNull("due", "By when.", (d) => d.due),
    instantOrNull("keptAt", "When it was kept, even if late.", (d) => d.keptAt),
    int("severity", "0 to 5.", (d) => d.severity),
    texts("evidence", "Event ids.", (d) => d.evidence),
    text("policy", "Content hash of the policy.", (d) => d.policy),
  ],
);

/** Keys in code-unit order: canonical JSON at the price of plain JSON. */
const partsJson = (parts: readonly Part[]): string =>
  JSON.stringify(
    parts.map(({ evidence, id, link, owner, points, rule, says, severity }) => ({
      evidence,
      id,
      link,
      owner,
      points,
      rule,
      says,
      severity,
    })),
  );

const evidenceOf = (parts: readonly Part[]): readonly string[] => [
  ...new Set(parts.flatMap((part) => part.evidence)),
];

export const alerts = table<AlertDecision>(
  "alerts",
  "Each revision of each alert.",
  (body) => (body.kind === "alert" ? body : null),
  [
    text("kind", "Always alert.", (d) => d.kind),
    instant("becameAt", "When it became true.", (d) => d.at),
    text("alertId", "The alert; its revisions share it.", (d) => d.alertId),
    int("revision", "Counts up from 1.", (d) => d.revision),
    text("state", "opened, acknowledged, amended, recovered or withdrawn.", (d) => d.state),
    text("customer", "Whom it concerns.", (d) => d.customer),
    text("rule", "critical: one broken link. compound: the sum.", (d) => d.rule),
    text("level", "none, low, medium, high or critical.", (d) => d.level),
    long("score", "Points; the sum of the parts.", (d) => d.score),
    textOrNull("leadRule", "Template or rule that weighs most.", (d) => d.lead?.rule ?? null),
    textOrNull("link", "Its link.", (d) => d.lead?.link ?? null),
    textOrNull("owner", "Its owner.", (d) => d.lead?.owner ?? null),
    textOrNull("operatedBy", "Who runs that link.", (d) => d.operatedBy),
    longOrNull("leadPoints", "Its points.", (d) => d.lead?.points ?? null),
    intOrNull("leadSeverity", "Its severity, 0 to 5.", (d) => d.lead?.severity ?? null),
    text("says", "One sentence for people.", (d) => d.says),
    texts("evidence", "Event ids of all parts.", (d) => evidenceOf(d.parts)),
    json("parts", "All parts as JSON; their points add up to the score.", (d) =>
      partsJson(d.parts),
    ),
    text("policy", "Content hash of the policy.", (d) => d.policy),
  ],
);

export const flags = table<FlagDecision>(
  "flags",
  "Each change of a customer's level of risk.",
  (body) => (body.kind === "flag" ? body : null),
  [
    text("kind", "Always flag.", (d) => d.kind),
    instant("becameAt", "When it changed.", (d) => d.at),
    text("customer", "Whose.", (d) => d.customer),
    text("level", "none, low, medium, high or critical.", (d) => d.level),
    text("was", "Level before.", (d) => d.was),
    long("score", "Points.", (d) => d.score),
    textOrNull("topLink", "Link that weighs most.", (d) => d.topLink),
    text("policy", "Content hash of the policy.", (d) => d.policy),
  ],
);

export const surveys = table<SurveyDecision>(
  "surveys",
  "The score as of the moment a survey went out; nothing recorded later moves it.",
  (body) => (body.kind === "survey" ? body : null),
  [
    text("kind", "Always survey.", (d) => d.kind),
    instant("becameAt", "When the invitation went out.", (d) => d.at),
    text("customer", "Who was asked.", (d) => d.customer),
    text("subject", "Reference the invitation came with.", (d) => d.subject),
    text("invitationId", "The invitation; survey.answered carries it too.", (d) => d.invitationId),
    double("riskScore", "Points as of then.", (d) => d.riskScore),
    text("level", "none, low, medium, high or critical.", (d) => d.level),
    flag("alerted", "An alert was open.", (d) => d.alerted),
    textOrNull("topLink", "Link that weighs most.", (d) => d.topLink),
    double("weight", "How many customers this one stands for.", (d) => d.weight),
    texts("rules", "Rules with points as of then.", (d) => d.rules),
    texts("shadow", "Rules in shadow that held then; they have no points.", (d) => d.shadow),
    json("parts", "The shares of the score as JSON; they add up to it.", (d) => partsJson(d.parts)),
    textOrNull("segment", "Segment, as the profile was then.", (d) => d.segment),
    textOrNull("region", "Region, as the profile was then.", (d) => d.region),
    text("policy", "Content hash of the policy.", (d) => d.policy),
  ],
);
