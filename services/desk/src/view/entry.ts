import type {
  AlertDecision,
  Because,
  Fact,
  FlagDecision,
  Level,
  PledgeDecision,
  SurveyDecision,
  Verdict,
} from "@troth/events";
import { identityOf, referencesOf } from "@troth/events";

/** What one line of a customer's timeline says. */
export type EntryBody =
  | { readonly kind: "fact"; readonly fact: Fact }
  | {
      readonly kind: "verdict";
      readonly promiseId: string;
      readonly term: number;
      readonly template: string;
      readonly link: string;
      readonly owner: string;
      readonly verdict: Verdict;
      readonly was: Verdict | null;
      readonly because: Because;
      readonly revision: number;
      readonly severity: number;
      readonly due: number | null;
      readonly evidence: readonly string[];
    }
  | {
      readonly kind: "alert";
      readonly state: AlertDecision["state"];
      readonly alertId: string;
      readonly revision: number;
      readonly level: Level;
      readonly score: number;
      readonly says: string;
    }
  | { readonly kind: "level"; readonly level: Level; readonly was: Level; readonly score: number }
  | {
      readonly kind: "survey";
      readonly invitationId: string;
      readonly riskScore: number;
      readonly level: Level;
      readonly alerted: boolean;
    }
  | { readonly kind: "taken-back"; readonly facts: number }
  | { readonly kind: "joined"; readonly other: string }
  | { readonly kind: "parted"; readonly other: string };

/**
 * One line of a timeline as it is held: the body as text, which takes a third of the memory of the
 * objects and is read only when somebody opens the customer.
 */
export type Entry = {
  /** When it happened or became true. */
  readonly at: number;
  /** When it was known or decided. */
  readonly knownAt: number;
  /** Customer it came by, so that a join can be undone; null: its other names say whose it is. */
  readonly origin: string | null;
  /** `identityOf` a fact; null for everything else. */
  readonly identity: string | null;
  readonly text: string;
};

type Place = Pick<Entry, "at" | "knownAt" | "origin">;

export function writeEntry(place: Place, body: EntryBody): Entry {
  const identity = body.kind === "fact" ? identityOf(body.fact) : null;
  return { ...place, identity, text: JSON.stringify(packed(body)) };
}

/** Facts are the bulk of it, so their names of fields are left out. */
function packed(body: EntryBody): unknown {
  if (body.kind !== "fact") return body;
  const { id, source, kind, tenant, time, recordedTime, subject, data } = body.fact;
  return [id, source, kind, tenant, time, recordedTime, subject, data];
}

type PackedFact = readonly [
  id: Fact["id"],
  source: Fact["source"],
  kind: Fact["kind"],
  tenant: Fact["tenant"],
  time: Fact["time"],
  recordedTime: Fact["recordedTime"],
  subject: Fact["subject"],
  data: Fact["data"],
];

/** The inverse of `writeEntry`; only ever reads what that wrote in this process. */
export function readEntry(entry: Entry): EntryBody {
  const value = JSON.parse(entry.text) as PackedFact | Exclude<EntryBody, { kind: "fact" }>;
  if (!isPackedFact(value)) return value;
  const [id, source, kind, tenant, time, recordedTime, subject, data] = value;
  return {
    kind: "fact",
    fact: { id, source, kind, tenant, time, recordedTime, subject, data },
  };
}

/** The names a fact's line is known by; none for any other line. */
export function namesIn(entry: Entry): readonly string[] {
  const body = entry.identity === null ? null : readEntry(entry);
  return body?.kind === "fact" ? referencesOf(body.fact) : [];
}

const isPackedFact = (value: PackedFact | EntryBody): value is PackedFact => Array.isArray(value);

export const verdictBody = (d: PledgeDecision): EntryBody => ({
  kind: "verdict",
  promiseId: d.promiseId,
  term: d.term,
  template: d.template,
  link: d.link,
  owner: d.owner,
  verdict: d.verdict,
  was: d.was,
  because: d.because,
  revision: d.revision,
  severity: d.severity,
  due: d.due,
  evidence: d.evidence,
});

export const alertBody = (d: AlertDecision): EntryBody => ({
  kind: "alert",
  state: d.state,
  alertId: d.alertId,
  revision: d.revision,
  level: d.level,
  score: d.score,
  says: d.says,
});

export const levelBody = (d: FlagDecision): EntryBody => ({
  kind: "level",
  level: d.level,
  was: d.was,
  score: d.score,
});

export const surveyBody = (d: SurveyDecision): EntryBody => ({
  kind: "survey",
  invitationId: d.invitationId,
  riskScore: d.riskScore,
  level: d.level,
  alerted: d.alerted,
});
