import type { AlertDecision, Part } from "@troth/events";

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

export type Message = AlertMessage | StormMessage;

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

/** Nothing is wrong any more; who never heard of it need not hear of it now. */
export const isOver = (message: Message): boolean =>
  message.kind === "alert" && (message.state === "recovered" || message.state === "withdrawn");
