import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import type { Decision, Fact, Flag } from "@troth/events";
import {
  decisionJson,
  isKind,
  isoTime,
  parseEvent,
  publicPseudonymKey,
  typeOf,
} from "@troth/events";
import { recompute } from "@troth/oracle";
import { checkPolicy, type Policy, parsePolicy } from "@troth/policy";
import { parse, stringify } from "yaml";
import { replay } from "../../services/troth/src/replay/replay.ts";
import type { ReadLine } from "../../services/troth/src/replay/source.ts";

type Json = { readonly [name: string]: unknown };

/** One given-when-then case, as README.md beside the vectors describes it. */
export type Vector = {
  readonly title: string;
  readonly policy: string | Json;
  readonly subject?: string;
  readonly events: readonly Json[];
  readonly until?: string;
  readonly then: Then;
};
export type Then = {
  readonly pledges?: readonly Json[];
  /** Every alert decision; `opened` only those that open an episode. */
  readonly alerts?: readonly Json[];
  readonly opened?: readonly Json[];
  readonly flags?: readonly Json[];
  readonly sources?: readonly Json[];
  readonly cohorts?: readonly Json[];
  readonly surveys?: readonly Json[];
  readonly none?: readonly Json[];
  readonly counts?: Json;
};

const vectorKeys = ["title", "policy", "subject", "events", "until", "then"];
const thenKeys = [
  "pledges",
  "alerts",
  "opened",
  "flags",
  "sources",
  "cohorts",
  "surveys",
  "none",
  "counts",
];

function onlyKeys(value: Json, known: readonly string[], where: string): void {
  const unknown = Object.keys(value).filter((key) => !known.includes(key));
  if (unknown.length > 0) throw new Error(`${where}: unknown ${unknown.join(", ")}`);
}

/** The vectors of a file. A misspelt key would silently check nothing, so it is refused. */
export function readVectors(path: string): readonly Vector[] {
  const vectors = parse(readFileSync(path, "utf8"), { maxAliasCount: 200 }) as readonly Vector[];
  for (const vector of vectors) {
    onlyKeys(vector, vectorKeys, vector.title);
    onlyKeys(vector.then, thenKeys, vector.title);
  }
  return vectors;
}

const policyTexts = new Map<string, Policy>();

/** `default` is the policy in the tree; anything else is written out in the vector. */
export function policyOf(given: string | Json): Policy {
  const inTree = new URL("../../infra/policy/default.yaml", import.meta.url);
  const text =
    given === "default"
      ? readFileSync(inTree, "utf8")
      : stringify(given, { aliasDuplicateObjects: false });
  const known = policyTexts.get(text);
  if (known !== undefined) return known;
  const parsed = parsePolicy(text);
  if (!parsed.ok) throw new Error(checkPolicy(text, "vector").text);
  policyTexts.set(text, parsed.value);
  return parsed.value;
}

/** The short form of an event made whole: what is not said is the usual. */
export function eventOf(short: Json, place: number, subject: string | undefined): Json {
  const { type } = short;
  const whole: Record<string, unknown> = {
    specversion: "1.0",
    id: `e${place + 1}`,
    source: "urn:test:vector",
    ...(subject === undefined ? {} : { subject }),
    ...short,
  };
  if (typeof type === "string" && isKind(type)) whole["type"] = typeOf(type);
  if (whole["subject"] === "nobody") delete whole["subject"];
  return whole;
}

export type Outcome = {
  readonly decisions: readonly Decision[];
  readonly flags: readonly Flag[];
  readonly counts: Json;
};

export function factsOf(vector: Pick<Vector, "events" | "subject">): readonly Fact[] {
  return vector.events.map((short, place) => {
    const parsed = parseEvent(eventOf(short, place, vector.subject));
    if (parsed.ok) return parsed.value;
    throw new Error(`event ${place + 1}: ${parsed.error.message}`);
  });
}

async function* asLines(facts: readonly Fact[]): AsyncGenerator<readonly ReadLine[]> {
  yield facts.map((value, place) => ({
    line: place + 1,
    result: { ok: true, value },
    raw: null,
  }));
}

/** What the product makes of the facts. */
export async function judged(
  facts: readonly Fact[],
  policy: Policy,
  until: number | null,
): Promise<Outcome> {
  const decisions: Decision[] = [];
  const { summary, flags } = await replay(asLines(facts), policy, publicPseudonymKey, until, {
    decision: (decision) => decisions.push(decision),
    output: null,
    setAside: () => {},
    drained: async () => {},
  });
  const { read, applied, duplicates, setAside, waiting } = summary;
  return { decisions, flags, counts: { read, applied, duplicates, setAside, waiting } };
}

/** What the second opinion makes of them. */
export function recomputed(facts: readonly Fact[], policy: Policy, until: number | null): Outcome {
  const { decisions, flags, counts } = recompute({
    facts,
    policy,
    pseudonymKey: publicPseudonymKey,
    until,
  });
  const byCustomer = [...flags].sort((a, b) => (a.customer < b.customer ? -1 : 1));
  return { decisions, flags: byCustomer, counts: { ...counts } };
}

export const linesOf = ({ decisions }: Outcome): readonly string[] => decisions.map(decisionJson);
export const asJson = (decision: Decision): Json => JSON.parse(decisionJson(decision)) as Json;

const isJson = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isMoment = (value: unknown): value is string =>
  typeof value === "string" && /^\d{4}-\d{2}-\d{2}T/.test(value);

/**
 * Whether what is there has all that is expected: objects may have more, lists must be as long, a
 * moment may be written shorter, and `{ oneOf: […] }` stands for any of several.
 */
export function matches(actual: unknown, expected: unknown): boolean {
  if (isJson(expected)) {
    const choices = expected["oneOf"];
    if (Array.isArray(choices)) return choices.some((choice) => matches(actual, choice));
    return (
      isJson(actual) &&
      Object.entries(expected).every(([name, value]) => matches(actual[name], value))
    );
  }
  if (Array.isArray(expected)) {
    return (
      Array.isArray(actual) &&
      actual.length === expected.length &&
      expected.every((item, place) => matches(actual[place], item))
    );
  }
  if (isMoment(expected) && isMoment(actual)) return Date.parse(expected) === Date.parse(actual);
  return isDeepStrictEqual(actual, expected);
}

/** The register at the end: the last decision of every row, with all verdicts said of it. */
export function registerOf(decisions: readonly Decision[]): readonly Json[] {
  const rows = new Map<string, { row: Json; said: string[] }>();
  for (const decision of decisions) {
    if (decision.kind !== "pledge") continue;
    const key = `${decision.customer}\u0000${decision.promiseId}#${decision.term}`;
    const said = rows.get(key)?.said ?? [];
    if (said.at(-1) !== decision.verdict) said.push(decision.verdict);
    rows.set(key, { row: asJson(decision), said });
  }
  return [...rows.values()].map(({ row, said }) => ({ ...row, said }));
}

export const flagJson = (flag: Flag): Json => ({ ...flag, at: isoTime(flag.at) });
