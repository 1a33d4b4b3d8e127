import { createHash } from "node:crypto";
import type {
  AlertDecision,
  CohortDecision,
  FlagDecision,
  Part,
  SourceDecision,
} from "@troth/events";

/** One revision of an alert as the outside hears it. It names no customer: the desk does, by the id. */
export type AlertMessage = {
  readonly kind: "alert";
  /** The alert; its revisions share it. */
  readonly id: string;
  readonly revision: number;
  readonly state: AlertDecision["state"];
  /** UTC milliseconds at which it became true. */
  readonly at: number;
  readonly level: string;
  readonly rule: string;
  readonly score: number;
  readonly link: string | null;
  /** Kind of promise, or rule, that weighs most. */
  readonly promise: string | null;
  readonly owner: string | null;
  readonly operatedBy: string | null;
  readonly says: string;
  /** The heaviest parts, at most `partsMax`. */
  readonly parts: readonly MessagePart[];
  readonly policy: string;
};

export type MessagePart = {
  readonly rule: string;
  readonly link: string;
  readonly owner: string;
  readonly points: number;
  readonly says: string;
  readonly evidence: readonly string[];
};

/** So many alerts for one owner that all but the first few are told as a number. */
export type StormMessage = {
  readonly kind: "storm";
  readonly id: string;
  readonly revision: number;
  readonly owner: string;
  /** Start of the minute of log time, UTC milliseconds. */
  readonly at: number;
  /** Alerts that were not told one by one. */
  readonly alerts: number;
  readonly says: string;
};

/** A feed fell silent, or is heard again: one word to its owner, none about customers. */
export type SourceMessage = {
  readonly kind: "source";
  /** The silence; its end has the same. */
  readonly id: string;
  readonly revision: 1 | 2;
  readonly state: SourceDecision["state"];
  readonly at: number;
  readonly source: string;
  readonly owner: string;
  readonly says: string;
};

/** Something reached many at once: one word however many they are; the desk has the list. */
export type CohortMessage = {
  readonly kind: "cohort";
  readonly id: string;
  readonly revision: 1;
  readonly at: number;
  /** Event id of the outage, the recall, the news. */
  readonly cohort: string;
  readonly rule: string;
  readonly link: string;
  readonly owner: string;
  readonly touched: number;
  readonly says: string;
};

/**
 * A customer's level changed, for systems that keep customers themselves. The only message that names
 * one; it goes to channels that ask for it and to no other.
 */
export type FlagMessage = {
  readonly kind: "flag";
  /** The customer, always the same. */
  readonly id: string;
  /** Grows with every change; of two of one id the higher is the newer. */
  readonly revision: number;
  readonly at: number;
  readonly customer: string;
  readonly tenant: string;
  readonly level: string;
  readonly was: string;
  readonly score: number;
  /** Link that weighs most. */
  readonly link: string | null;
  readonly owner: null;
  readonly says: string;
  readonly policy: string;
};

/** What names no customer, and so may be said anywhere. */
export type PublicMessage = AlertMessage | StormMessage | SourceMessage | CohortMessage;
export type Message = PublicMessage | FlagMessage;

/** Keeps a message below the 20 kB that receivers of webhooks are asked to take. */
const partsMax = 10;
const evidenceMax = 20;

const weight = (part: Part): number => Math.abs(part.points);

export const alertMessage = (alert: AlertDecision): AlertMessage => ({
  kind: "alert",
  id: alert.alertId,
  revision: alert.revision,
  state: alert.state,
  at: alert.at,
  level: alert.level,
  rule: alert.rule,
  score: alert.score,
  link: alert.lead?.link ?? null,
  promise: alert.lead?.rule ?? null,
  owner: alert.lead?.owner ?? null,
  operatedBy: alert.operatedBy,
  says: alert.says,
  parts: [...alert.parts]
    .sort((a, b) => weight(b) - weight(a))
    .slice(0, partsMax)
    .map(({ rule, link, owner, points, says, evidence }) => ({
      rule,
      link,
      owner,
      points,
      says,
      evidence: evidence.slice(0, evidenceMax),
    })),
  policy: alert.policy,
});

export const stormMessage = (
  owner: string,
  minute: number,
  revision: number,
  alerts: number,
): StormMessage => ({
  kind: "storm",
  id: `storm-${owner}-${minute}`,
  revision,
  owner,
  at: minute * 60_000,
  alerts,
  says: `${alerts} more alert${alerts === 1 ? "" : "s"} for ${owner} within a minute; the desk lists them.`,
});

/** `silentAt` is when this silence was said to have begun. */
export const sourceMessage = (said: SourceDecision, silentAt: number): SourceMessage => ({
  kind: "source",
  id: `source-${said.source}-${silentAt}`,
  revision: said.state === "silent" ? 1 : 2,
  state: said.state,
  at: said.at,
  source: said.source,
  owner: said.owner,
  says: said.says,
});

/** `whom` are the segments in words, where somebody knows them. */
export const cohortMessage = (said: CohortDecision, whom: string | null = null): CohortMessage => ({
  kind: "cohort",
  id: `cohort-${said.rule}-${said.cohort}`,
  revision: 1,
  at: said.at,
  cohort: said.cohort,
  rule: said.rule,
  link: said.link,
  owner: said.owner,
  touched: said.touched,
  says: `${said.says} ${said.touched} customer${said.touched === 1 ? " is" : "s are"} touched${whom === null ? "" : ` (${whom})`}; the desk lists them.`,
});

/** So many outputs on one record of the log at most, so that places become one number that grows. */
const outputsMax = 2 ** 20;

export const flagMessage = (
  said: FlagDecision,
  place: { readonly inOffset: number; readonly seq: number },
  tenant: string,
): FlagMessage => ({
  kind: "flag",
  id: `flag-${createHash("sha256").update(`${tenant}\u0000${said.customer}`).digest("hex").slice(0, 24)}`,
  revision: place.inOffset * outputsMax + place.seq,
  at: said.at,
  customer: said.customer,
  tenant,
  level: said.level,
  was: said.was,
  score: said.score,
  link: said.topLink,
  owner: null,
  says:
    said.level === "none"
      ? "Nothing stands against us any more."
      : `At risk: ${said.level}${said.topLink === null ? "" : `; ${said.topLink} weighs most`}.`,
  policy: said.policy,
});

/** Nothing is wrong any more; who never heard of it need not hear of it now. */
export const isOver = (message: Message): boolean =>
  (message.kind === "alert" && (message.state === "recovered" || message.state === "withdrawn")) ||
  (message.kind === "source" && message.state === "back");

/** Something that stands until it is said to be over, unlike a number or a piece of news. */
export const isStanding = (message: Message): boolean =>
  message.kind === "alert" || message.kind === "source";
