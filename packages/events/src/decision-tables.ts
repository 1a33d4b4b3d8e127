import {
  type AlertDecision,
  type CohortDecision,
  type Decision,
  type FlagDecision,
  levels,
  operatedBy,
  type Part,
  type PledgeDecision,
  type SourceDecision,
  type SurveyDecision,
  verdicts,
} from "./decision.ts";
import {
  type Field,
  type Fields,
  flag,
  group,
  instant,
  int,
  listOf,
  number,
  oneOf,
  reference,
  required,
  text,
} from "./kinds/field.ts";

/** Decisions are ours, so every field is there; those that may be null are `orNull`. */
const orNull = (field: Field): Field => field;
const points = (doc: string): Field => required(int(doc, "", -1e12));

const about = {
  at: required(instant("When it became true.")),
  policy: required(text("Content hash of the policy it was judged by.")),
};
const customer = required(reference("The customer."));
const eventIds = (doc: string): Field => required(listOf(text(doc), 1e6));
const says = required(text("One sentence in people's words."));
const level = required(oneOf(levels, "Level of risk."));
const owner = required(text("Who answers for it."));
const link = required(text("Link of the chain."));

const part = {
  id: required(text("Pledge row, or rule and event id.")),
  rule: required(text("Template or rule it comes from.")),
  link,
  owner,
  points: points("Points as of the moment; negative for credit."),
  severity: required(int("1 to 5; 0 for credit.", "", 0, 5)),
  evidence: eventIds("Event ids."),
  says,
} satisfies Record<keyof Part, Field>;

/** The fields of one part of a score. */
export const partFields: Fields = part;

type Table<T> = Record<Exclude<keyof T, "kind">, Field>;

const pledge = {
  ...about,
  decidedAt: required(instant("Log time at which it was decided.")),
  customer,
  promiseId: required(text("Template and key; with term, a row of the register.")),
  term: required(int("1 for the first date given, 2 for the next …")),
  template: required(text("Pledge template.")),
  link,
  owner,
  operatedBy: required(oneOf(operatedBy, "Whether the link is run in house.")),
  madeBy: required(text("Who or what promised it.")),
  how: required(
    oneOf(["stated", "implied", "spoken", "advertised"], "How the promise came about."),
  ),
  verdict: required(oneOf(verdicts, "How it stands.")),
  was: orNull(oneOf(verdicts, "How it stood before; null the first time.")),
  revision: required(int("Counts the decisions about this row, from 1.")),
  because: required(oneOf(["time", "fact", "retraction", "identity"], "What made us look.")),
  madeAt: required(instant("When it was promised.")),
  due: orNull(instant("By when; null while no date is known.")),
  keptAt: orNull(instant("When it was kept, even if late.")),
  severity: required(int("0 to 5.", "", 0, 5)),
  evidence: eventIds("Event ids."),
} satisfies Table<PledgeDecision>;

const alert = {
  ...about,
  state: required(
    oneOf(["opened", "acknowledged", "amended", "recovered", "withdrawn"], "What happened to it."),
  ),
  alertId: required(text("The alert; its revisions share it.")),
  revision: required(int("Counts up from 1.")),
  customer,
  rule: required(oneOf(["critical", "compound"], "One broken link, or the sum of many.")),
  level,
  score: points("Sum of the parts."),
  lead: orNull(group("Part", part, "The part that weighs most.")),
  operatedBy: orNull(oneOf(operatedBy, "Whether the lead's link is run in house.")),
  parts: required(listOf(group("Part", part, "All parts; they add up to the score."), 1e6)),
  says,
} satisfies Table<AlertDecision>;

const flagged = {
  ...about,
  customer,
  level,
  was: required(oneOf(levels, "Level before.")),
  score: points("Sum of the parts."),
  topLink: orNull(text("Link that weighs most.")),
} satisfies Table<FlagDecision>;

const survey = {
  ...about,
  customer,
  subject: required(text("Subject of the invitation.")),
  invitationId: required(text("The invitation.")),
  riskScore: required(number("Score as of that moment; nothing recorded later moves it.")),
  level,
  alerted: required(flag("An alert was open.")),
  topLink: orNull(text("Link that weighs most.")),
  weight: required(number("How many customers this one stands for.")),
  rules: required(listOf(text("Rules with points at that moment."), 1e6)),
  shadow: required(listOf(text("Rules in shadow that held at that moment."), 1e6)),
  parts: required(listOf(group("Part", part, "All parts; they add up to the score."), 1e6)),
  segment: orNull(text("The customer's segment then; null if not known.")),
  region: orNull(text("The customer's region then; null if not known.")),
} satisfies Table<SurveyDecision>;

const source = {
  ...about,
  state: required(oneOf(["silent", "back"], "What happened to the feed.")),
  source: required(text("Source rule of the policy.")),
  owner,
  says,
} satisfies Table<SourceDecision>;

const cohort = {
  ...about,
  cohort: required(text("Event id of what touched many.")),
  rule: required(text("Rule it fell under.")),
  link,
  owner,
  touched: required(int("Customers touched.")),
  says,
} satisfies Table<CohortDecision>;

export type DecisionKind = Decision["kind"];
export type DecisionTable = { readonly doc: string; readonly fields: Fields };

export const decisionTables: { readonly [kind in DecisionKind]: DecisionTable } = {
  pledge: { doc: "A pledge came to stand otherwise than it did.", fields: pledge },
  alert: { doc: "An alert about one customer, said once and amended.", fields: alert },
  flag: { doc: "A customer's level of risk changed.", fields: flagged },
  survey: { doc: "The score set down as a survey went out.", fields: survey },
  source: { doc: "A feed fell silent, or is back.", fields: source },
  cohort: { doc: "How many customers something touched.", fields: cohort },
};

export const decisionKinds: readonly DecisionKind[] = [
  "pledge",
  "alert",
  "flag",
  "survey",
  "source",
  "cohort",
];
