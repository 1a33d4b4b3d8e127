import type { FieldType, Kind } from "@troth/events";
import { kinds, needsSubject, tableOf, typeOf } from "@troth/events";

/** One person's events with a text of its own in everything that could tell who somebody is. */
export type Canaries = { readonly events: readonly object[]; readonly texts: readonly string[] };

function sampleOf(type: FieldType, at: string): unknown {
  switch (type.is) {
    case "text":
      return "code";
    case "where":
    case "reference":
      return "customer:code";
    case "int":
    case "number":
      return Math.max(1, type.min);
    case "flag":
      return true;
    case "one-of":
      return type.words[0];
    case "instant":
    case "until":
      return at;
    case "duration":
      return "PT1H";
    case "money":
      return { amount: "12.50", currency: "EUR" };
    case "list":
      return [sampleOf(type.of, at)];
    case "group":
      return dataOf(type.fields, at);
    case "attributes":
      return {};
  }
}

const dataOf = (fields: ReturnType<typeof tableOf>["fields"], at: string) =>
  Object.fromEntries(
    Object.entries(fields)
      .filter(([, { required }]) => required)
      .map(([name, { type }]) => [name, sampleOf(type, at)]),
  );

/**
 * Text that tells nobody who somebody is, decided here a second time and by hand: whatever else is text
 * gets a canary, so that a field that is added is sealed or stands in this list.
 */
const codes = new Set(
  `link owner regionCode productRef channel timeZone queueId agentRef disconnectReason sellerRefs
  campaignId offerId category carrier bizStep disposition reasonCode faultCode platform topic
  mentionedLink priority rootCauseLink questionId questionText eligibleRegion segment kind alertId
  policyVersion decidedBy by chargedTo tier region products sealed`.split(/\s+/),
);
const isCode = (kind: Kind, name: string): boolean =>
  codes.has(name) || (name === "reason" && kind.startsWith("contact."));
/** Named as the register does: only what follows the slash is theirs. */
const isKey = (kind: Kind, name: string): boolean =>
  name === "promiseRefs" || (name === "promiseId" && kind.startsWith("charge."));

const told = kinds.filter((kind) => needsSubject(kind) && kind !== "identity.unlinked");
/** Names of a person that a source may also send in a field. */
const whose = new Set(["customerRef", "customer"]);

function eventOf(
  kind: Kind,
  person: string,
  n: number,
  at: string,
  mark: (what: string) => string,
) {
  const data: Record<string, unknown> = dataOf(tableOf(kind).fields, at);
  for (const [name, { type }] of Object.entries(tableOf(kind).fields)) {
    const is = type.is === "list" ? type.of.is : type.is;
    if (!["text", "where", "reference"].includes(is) || isCode(kind, name)) continue;
    if (whose.has(name)) data[name] = `customer:${person}`;
    else if (name === "reference") data[name] = `phone:${mark("reference")}`;
    else {
      const text = isKey(kind, name) ? `template/${mark(name)}` : mark(name);
      data[name] = type.is === "list" ? [text] : text;
    }
  }
  data["attributes"] = { note: mark("note"), count: n };
  return {
    specversion: "1.0",
    id: mark("id"),
    source: "urn:canaries",
    type: typeOf(kind),
    time: at,
    recordedtime: at,
    subject: `customer:${person}`,
    data,
  };
}

/** Each kind once, an hour apart; `word` makes the texts unlike any other person's. */
export function canariesOf(word: string, beginsAt: number): Canaries {
  const person = `${word}-person`;
  const texts = [person];
  const events = told.map((kind, n) => {
    const at = new Date(beginsAt + n * 3_600_000).toISOString();
    return eventOf(kind, person, n, at, (what) => {
      const text = `${word}-${n}-${what}`.slice(0, 32);
      texts.push(text);
      return text;
    });
  });
  return { events, texts };
}

/** A text, and the same in base64 at each of its three places in a group, and in hex. */
export function forms(text: string): readonly string[] {
  const shifted = [0, 1, 2].map((n) => {
    const coded = Buffer.from("_".repeat(n) + text)
      .toString("base64")
      .replace(/=+$/, "");
    return coded.slice(Math.ceil((n * 4) / 3), -2);
  });
  return [text, ...shifted, Buffer.from(text).toString("hex")];
}
