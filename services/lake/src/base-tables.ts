import {
  amountUnits,
  canonicalJson,
  type Decision,
  decisionJson,
  isDecision,
  type Joining,
  type Kind,
  kinds,
  type Noise,
  type Retraction,
  tableOf,
  toCloudEvent,
} from "@troth/events";
import {
  decimalOrNull,
  doubleOrNull,
  instant,
  intOrNull,
  json,
  longOrNull,
  table,
  text,
  textOrNull,
  texts,
} from "./table.ts";

const given =
  (name: string) =>
  ({ fact }: Noise): string | null => {
    const value = fact.data[name];
    return typeof value === "string" ? value : null;
  };
const givenNumber =
  (name: string) =>
  ({ fact }: Noise): number | null => {
    const value = fact.data[name];
    return typeof value === "number" ? value : null;
  };
const givenTexts = ({ fact }: Noise, name: string): readonly string[] => {
  const value = fact.data[name];
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
};

/** The first amount of money in each kind's own list of fields: of a bill what is due, and so on. */
const moneyField: ReadonlyMap<Kind, string> = new Map(
  kinds.flatMap((kind) =>
    Object.entries(tableOf(kind).fields)
      .filter(([, field]) => field.type.is === "money")
      .slice(0, 1)
      .map(([name]) => [kind, name] as const),
  ),
);

function moneyOf({ fact }: Noise): { readonly units: number; readonly currency: string } | null {
  const name = moneyField.get(fact.kind);
  const money = name === undefined ? null : fact.data[name];
  if (typeof money !== "object" || money === null) return null;
  if (!("amount" in money) || !("currency" in money)) return null;
  const { amount, currency } = money;
  if (typeof amount !== "string" || typeof currency !== "string") return null;
  return { units: amountUnits(amount), currency };
}

export const noise = table<Noise>(
  "noise",
  "Every event, once it is known whom it concerns: the timeline.",
  (body) => (body.kind === "noise" ? body : null),
  [
    text("id", "Event id, unique within its source.", (n) => n.fact.id),
    text("source", "Who said so.", (n) => n.fact.source),
    text("kind", "What happened: contact.completed, order.placed …", (n) => n.fact.kind),
    text("tenant", "Whose customer.", (n) => n.fact.tenant),
    instant("time", "When it happened.", (n) => n.fact.time),
    instant("recordedTime", "When we could know.", (n) => n.fact.recordedTime),
    textOrNull("subject", "Reference it came with.", (n) => n.fact.subject),
    textOrNull("customer", "Whom it concerns; null when it touches many.", (n) => n.customer),
    textOrNull("link", "Operation met, if the source says so.", given("link")),
    textOrNull("owner", "Who answers for it, if the source says so.", given("owner")),
    textOrNull("operatedBy", "inhouse, outsourced or partner.", given("operatedBy")),
    intOrNull("severity", "1 to 5, as the source holds it.", givenNumber("severity")),
    intOrNull("severitynumber", "OpenTelemetry's 1 to 24.", givenNumber("severitynumber")),
    textOrNull("sourceRecordId", "Record in the source.", given("sourceRecordId")),
    longOrNull("revision", "Correction of that record, from 0.", givenNumber("revision")),
    textOrNull("supersedes", "Event this one replaces.", given("supersedes")),
    textOrNull("regionCode", "Region.", given("regionCode")),
    textOrNull("productRef", "Product.", given("productRef")),
    textOrNull("orderNumber", "Order.", given("orderNumber")),
    textOrNull("channel", "phone, chat, shop, web …", given("channel")),
    textOrNull("timeZone", "IANA zone of its calendar days.", given("timeZone")),
    doubleOrNull("sampleWeight", "Real cases it stands for.", givenNumber("sampleWeight")),
    decimalOrNull(
      "amount",
      "The kind's first amount: what an order costs, what a bill asks for.",
      (n) => moneyOf(n)?.units ?? null,
    ),
    textOrNull("currency", "ISO 4217.", (n) => moneyOf(n)?.currency ?? null),
    texts("promiseRefs", "Promises it speaks of.", (n) => givenTexts(n, "promiseRefs")),
    json("data", "All fields of its kind as JSON, times as ISO 8601.", (n) =>
      canonicalJson(toCloudEvent(n.fact).data),
    ),
  ],
);

/** Link and owner a decision speaks of; null where it names none. */
function linkOf(decision: Decision): { link: string | null; owner: string | null } {
  switch (decision.kind) {
    case "pledge":
    case "cohort":
      return decision;
    case "alert":
      return { link: decision.lead?.link ?? null, owner: decision.lead?.owner ?? null };
    case "flag":
    case "survey":
      return { link: decision.topLink, owner: null };
    case "source":
      return { link: null, owner: decision.owner };
  }
}

export const decisions = table<Decision>(
  "decisions",
  "Everything the judge said, each as one JSON object.",
  (body) => (isDecision(body) ? body : null),
  [
    text("kind", "pledge, alert, flag, survey, source or cohort.", (d) => d.kind),
    instant("becameAt", "When it became true.", (d) => d.at),
    textOrNull("customer", "Whom it concerns; null for feeds and cohorts.", (d) =>
      "customer" in d ? d.customer : null,
    ),
    textOrNull("link", "Link of the chain.", (d) => linkOf(d).link),
    textOrNull("owner", "Who answers for it.", (d) => linkOf(d).owner),
    text("policy", "Content hash of the policy.", (d) => d.policy),
    json("decision", "The decision as decisions.jsonl has it.", decisionJson),
  ],
);

export const identity = table<Retraction | Joining>(
  "identity",
  "Customers joined and parted, and what was taken back from them.",
  (body) =>
    body.kind === "retraction" || body.kind === "merge" || body.kind === "split" ? body : null,
  [
    text("kind", "retraction, merge or split.", (b) => b.kind),
    text("customer", "Whose timeline changes; the whole of a merge or split.", (b) =>
      b.kind === "retraction" ? b.customer : b.whole,
    ),
    textOrNull("part", "Who was merged in or split off.", (b) =>
      b.kind === "retraction" ? null : b.part,
    ),
    texts("factSources", "Sources of the facts taken back.", (b) => halves(b, 0)),
    texts("factIds", "Their event ids, in the same order.", (b) => halves(b, 1)),
  ],
);

/** A fact's identity is its source and its id with NUL between. */
const halves = (body: Retraction | Joining, half: 0 | 1): readonly string[] =>
  body.kind === "retraction" ? body.facts.map((one) => one.split("\u0000")[half] ?? "") : [];
