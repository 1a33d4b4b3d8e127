import {
  type AlertDecision,
  err,
  isoTime,
  type Level,
  levels,
  ok,
  type Reference,
  type Result,
} from "@troth/events";
import { z } from "zod";
import { concerns } from "../access/person.ts";
import { isRecoveryPromised } from "../acts/recovery.ts";
import type { DeskCustomer, Lead } from "../view/customer.ts";
import { heightOf, orders, type RankKey } from "../view/orders.ts";
import { firstBehind } from "../view/ranking.ts";
import type { Context } from "./context.ts";
import type { Queue, QueueQuery, QueueRow } from "./schemas.ts";
import { wantsOf } from "./wants.ts";
import { wordsOf } from "./words.ts";

const cursorShape = z.tuple([
  z.string().min(1).max(300),
  z.enum(levels),
  z.number(),
  z.number().nullable(),
  z.number(),
]);

const writeCursor = (key: RankKey): string =>
  Buffer.from(
    JSON.stringify([key.reference, key.level, key.score, key.since, key.touchedAt]),
  ).toString("base64url");

/** Null for anything we did not write. */
function readCursor(text: string): RankKey | null {
  try {
    const read = cursorShape.safeParse(JSON.parse(Buffer.from(text, "base64url").toString("utf8")));
    if (!read.success) return null;
    const [reference, level, score, since, touchedAt] = read.data;
    return { reference, level, score, since, touchedAt };
  } catch {
    return null;
  }
}

type Wanted = (customer: DeskCustomer) => boolean;

/** Which levels are asked for; null for a word that is none. */
function levelsOf(text: string | undefined): ReadonlySet<Level> | null {
  if (text === undefined || text === "") return new Set(levels.filter((one) => one !== "none"));
  if (text === "any") return new Set(levels);
  const wanted = new Set<Level>();
  for (const word of text.split(",")) {
    const level = levels.find((one) => one === word.trim());
    if (level === undefined) return null;
    wanted.add(level);
  }
  return wanted;
}

const openState = (state: AlertDecision["state"]): "opened" | "acknowledged" | "amended" =>
  state === "acknowledged" || state === "amended" ? state : "opened";

/** The reason to name: what the judge said last, or at least the link. */
function leadOf({ policy }: Context, customer: DeskCustomer): Lead | null {
  if (customer.lead !== null) return customer.lead;
  const link = policy.links.find(({ id }) => id === customer.topLink);
  if (link === undefined) return null;
  return { says: `${wordsOf(link.says)} weighs most.`, link: link.id, owner: link.owner, among: 1 };
}

/** As an alert says it, but of this moment. */
function sentenceOf(lead: Lead | null): string {
  if (lead === null) return "Nothing stands against us.";
  return lead.among > 1 ? `${lead.says} It is one of ${lead.among} things that add up.` : lead.says;
}

/** Who took the open alert on. */
function takenOf({ person }: Context, customer: DeskCustomer): QueueRow["taken"] {
  const { taken } = customer.standing;
  if (taken === null || taken.alertId !== customer.openAlert?.alertId) return null;
  return { by: taken.by, isMine: taken.by === person.pseudonym, at: isoTime(taken.at) };
}

/** Put off, until then or until it grows worse than it was. */
function snoozedOf({ logTime }: Context, customer: DeskCustomer): QueueRow["snoozed"] {
  const { snooze, falseAlarm } = customer.standing;
  const alertId = customer.openAlert?.alertId;
  if (snooze === null || snooze.alertId !== alertId || falseAlarm?.alertId === alertId) return null;
  if (snooze.until <= logTime() || heightOf(customer.level) > heightOf(snooze.level)) return null;
  return { until: isoTime(snooze.until), reason: snooze.reason };
}

/** Whether a customer is in the part of the queue that is asked for. */
function isInState(context: Context, customer: DeskCustomer, state: QueueQuery["state"]): boolean {
  if (state === "any") return true;
  const { standing } = customer;
  // Nearly nobody has been touched by hand, and there are many of them.
  if (state === "disputed") return standing.isDisputed;
  if (standing.isUntouched) return state !== "mine" && state !== "snoozed";
  const alertId = customer.openAlert?.alertId;
  const isSnoozed = snoozedOf(context, customer) !== null;
  const isFalse = alertId !== undefined && customer.standing.falseAlarm?.alertId === alertId;
  if (state === "snoozed") return isSnoozed || isFalse;
  if (isSnoozed || isFalse) return false;
  if (state === "waiting") return true;
  const taken = takenOf(context, customer);
  return state === "mine" ? taken?.isMine === true : taken === null;
}

export function rowOf(context: Context, customer: DeskCustomer): QueueRow {
  const lead = leadOf(context, customer);
  const alert = customer.openAlert;
  return {
    customer: customer.reference,
    level: customer.level,
    score: customer.score,
    says: sentenceOf(lead),
    link: lead?.link ?? null,
    owner: lead?.owner ?? null,
    operatedBy: context.policy.links.find(({ id }) => id === lead?.link)?.operatedBy ?? null,
    since: customer.since === null ? null : isoTime(customer.since),
    touchedAt: isoTime(customer.touchedAt),
    alert:
      alert === null
        ? null
        : {
            alertId: alert.alertId,
            rule: alert.rule,
            state: openState(alert.state),
            openedAt: isoTime(customer.openedAt ?? alert.at),
            revision: alert.revision,
            isRecoveryPromised: isRecoveryPromised(customer, alert.alertId),
          },
    taken: takenOf(context, customer),
    snoozed: snoozedOf(context, customer),
    wants: wantsOf(customer.profile),
    segment: customer.profile.value("segment"),
  };
}

/** Asks the judge for the score of every customer of whom something new was said. */
export const bringUpToDate = ({ view, flagNow }: Context): void =>
  view.rescore((customer) => customer.bringUpTo(flagNow(customer.reference, customer.tenant)));

export type QueueFault = "unknown-level" | "unknown-cursor";

/** One page of customers; the cursor names a place in the order, so changes do not shift the pages. */
export function queueOf(context: Context, query: QueueQuery): Result<Queue, QueueFault> {
  const wantedLevels = levelsOf(query.level);
  if (wantedLevels === null) return err("unknown-level");
  const after = query.cursor === undefined ? null : readCursor(query.cursor);
  if (query.cursor !== undefined && after === null) return err("unknown-cursor");
  const { view } = context;
  bringUpToDate(context);
  const q = query.q?.trim().toLowerCase() ?? "";
  // Whoever searches by name wants that customer, at risk or not.
  // A charge is ruled on after the customer is long calm again.
  const isEverybody = query.state === "disputed" && (query.level ?? "") === "";
  const isSearch = q !== "" && (query.level === undefined || query.level === "");
  const scope = isSearch || isEverybody || wantedLevels.has("none") ? "all" : "at-risk";
  const links = linksOf(context, query);
  const isWanted: Wanted = (customer) =>
    concerns(context.person, customer) &&
    (isSearch || isEverybody || wantedLevels.has(customer.level)) &&
    (isSearch || isInState(context, customer, query.state)) &&
    (links === null || links.has(customer.leadLink ?? "")) &&
    (q === "" || customer.isFound(q));
  const compare = orders[query.sort];
  const ranked = view.ranked(query.sort, scope);
  const found = isSearch ? exact(context, query.q?.trim() ?? "") : null;
  const matching = found === null ? ranked.filter(isWanted) : [found].filter(isWanted);
  const from = after === null ? 0 : firstBehind<DeskCustomer, RankKey>(matching, after, compare);
  const page = matching.slice(from, from + query.limit);
  const last = page.at(-1);
  const isMore = from + page.length < matching.length;
  return ok({
    items: page.map((customer) => rowOf(context, customer)),
    total: matching.length,
    next: isMore && last !== undefined ? writeCursor(last) : null,
    logTime: isoTime(context.logTime()),
    version: view.changes.version,
  });
}

/** A whole name finds whom it names, without looking at anybody else. */
const exact = ({ view }: Context, name: Reference): DeskCustomer | null =>
  name.includes(":") ? view.customer(name) : null;

/** Links a filter leaves; null when there is none. */
function linksOf({ policy }: Context, query: QueueQuery): ReadonlySet<string> | null {
  const { link, owner } = query;
  if ((link ?? "") === "" && (owner ?? "") === "") return null;
  return new Set(
    policy.links
      .filter((one) => (link ?? "") === "" || one.id === link)
      .filter((one) => (owner ?? "") === "" || one.owner === owner)
      .map(({ id }) => id),
  );
}
