import { err, isoTime, ok, type Result } from "@troth/events";
import type { Person } from "../access/person.ts";
import type { Mending } from "../mending/mending.ts";
import type { DeskCustomer } from "../view/customer.ts";
import { isLive } from "../view/register.ts";
import { type Act, actLimits } from "./act.ts";
import { resolved } from "./resolution.ts";

/** A CloudEvent as it is handed in at the door. */
export type Event = Readonly<Record<string, unknown>>;

export const deskSource = "urn:troth:desk";

type Making = {
  readonly person: Person;
  readonly customer: DeskCustomer;
  /** UTC milliseconds of the log's clock. */
  readonly now: number;
  readonly mending: Mending | null;
  readonly policyHash: string;
  /** Links of the policy. */
  readonly links: readonly string[];
};

/** Why an act cannot be: which field, and what would put it right. */
export type ActFault = { readonly field: string; readonly why: string };

function event(
  making: Making,
  id: string,
  kind: string,
  data: object,
  attributes: object = {},
): Event {
  const { person, customer, now } = making;
  return {
    specversion: "1.0",
    id,
    source: deskSource,
    type: `org.troth.${kind}.v1`,
    subject: customer.reference,
    tenantid: person.tenant,
    time: isoTime(now),
    recordedtime: isoTime(now),
    data: { ...data, attributes: { by: person.pseudonym, role: person.role, ...attributes } },
  };
}

/** A moment ahead of now, at most so far. */
function ahead(text: string, now: number, msMax: number, field: string): Result<number, ActFault> {
  const at = Date.parse(text);
  if (at <= now) return err({ field, why: `must lie ahead of ${isoTime(now)}` });
  if (at > now + msMax) return err({ field, why: `at most ${isoTime(now + msMax)}` });
  return ok(at);
}

const isOpenAlert = (customer: DeskCustomer, alertId: string): boolean =>
  customer.openAlert?.alertId === alertId;

const noSuchAlert: ActFault = {
  field: "alertId",
  why: "not this customer's open alert; read the customer again",
};

const recoveryPrefix = "recovery-";
/** The recovery promise an alert opens, by the same name whoever opens it. */
export const recoveryIdOf = (alertId: string): string => `${recoveryPrefix}${alertId}`;

/** The alert a promise is to put right; null for a promise of another kind. */
export const alertIdOf = (promiseId: string): string | null =>
  promiseId.startsWith(recoveryPrefix) ? promiseId.slice(recoveryPrefix.length) : null;

export function recoveryEvent(making: {
  readonly alertId: string;
  readonly customer: string;
  readonly tenant: string;
  readonly madeAt: number;
}): Event {
  return {
    specversion: "1.0",
    id: recoveryIdOf(making.alertId),
    source: deskSource,
    type: "org.troth.promise.made.v1",
    subject: making.customer,
    tenantid: making.tenant,
    time: isoTime(making.madeAt),
    recordedtime: isoTime(making.madeAt),
    data: {
      promiseId: recoveryIdOf(making.alertId),
      kind: "recovery",
      madeBy: "policy",
      madeAt: isoTime(making.madeAt),
    },
  };
}

function alertFacts(
  act: Extract<Act, { act: "acknowledge" | "take" | "snooze" | "false-alarm" }>,
  making: Making,
): Result<readonly Event[], ActFault> {
  const { alertId, actId } = act;
  if (!isOpenAlert(making.customer, alertId)) return err(noSuchAlert);
  const by = making.person.pseudonym;
  switch (act.act) {
    case "acknowledge":
    case "take": {
      const takes = act.act === "take";
      return ok([event(making, actId, "alert.acknowledged", { alertId, by }, { takes })]);
    }
    case "snooze": {
      const until = ahead(act.until, making.now, actLimits.snoozeMsMax, "until");
      if (!until.ok) return until;
      const data = { alertId, by, reason: act.reason, until: isoTime(until.value) };
      return ok([event(making, actId, "alert.snoozed", data)]);
    }
    case "false-alarm":
      return ok([event(making, actId, "alert.false-alarm", { alertId, by, reason: act.reason })]);
  }
}

function promiseFacts(
  act: Extract<Act, { act: "promise" }>,
  making: Making,
): Result<readonly Event[], ActFault> {
  const due = ahead(act.dueUntil, making.now, actLimits.promiseMsMax, "dueUntil");
  if (!due.ok) return due;
  const needsOrder = act.kind === "delivery" || act.kind === "installation";
  if (needsOrder && act.orderNumber === undefined) {
    return err({ field: "orderNumber", why: `a promised ${act.kind} is one of an order` });
  }
  const data = {
    promiseId: `desk-${act.actId}`,
    kind: act.kind,
    madeBy: "representative",
    madeAt: isoTime(making.now),
    dueUntil: isoTime(due.value),
    ...(act.orderNumber === undefined ? {} : { orderNumber: act.orderNumber }),
  };
  return ok([event(making, act.actId, "promise.made", data)]);
}

function keepFacts(
  act: Extract<Act, { act: "keep" }>,
  making: Making,
): Result<readonly Event[], ActFault> {
  const rows = making.customer.register.rows().filter((row) => row.promiseId === act.promiseId);
  const row = rows.find((one) => isLive(one) || one.verdict === "broken");
  if (row === undefined) {
    return err({ field: "promiseId", why: "no promise of this customer that is still to be kept" });
  }
  const promiseId = act.promiseId.slice(row.template.length + 1);
  return ok([event(making, act.actId, "promise.kept", { promiseId, at: isoTime(making.now) })]);
}

function resolutionFacts(
  act: Extract<Act, { act: "resolution" }>,
  making: Making,
): Result<readonly Event[], ActFault> {
  const made = resolved(act, making, making.mending, making.policyHash);
  if (!made.ok) return made;
  const kind = made.value.isAccepted ? "resolution.accepted" : "resolution.offered";
  return ok([event(making, act.actId, kind, made.value.data)]);
}

function disputeFacts(
  act: Extract<Act, { act: "dispute" }>,
  making: Making,
): Result<readonly Event[], ActFault> {
  const { person, customer } = making;
  const row = customer.register
    .rows()
    .find((one) => one.promiseId === act.promiseId && one.term === act.term);
  if (row?.verdict !== "broken") {
    return err({ field: "promiseId", why: "no broken promise of this customer" });
  }
  if (person.teams !== null && !person.teams.includes(row.owner)) {
    return err({ field: "promiseId", why: `${row.owner} answers for it, which is not you` });
  }
  const { promiseId, term, reason, chargedTo } = act;
  const data = { promiseId, term, reason, by: person.role, ...(chargedTo ? { chargedTo } : {}) };
  return ok([event(making, act.actId, "charge.disputed", data)]);
}

function rulingFacts(
  act: Extract<Act, { act: "rule" }>,
  making: Making,
): Result<readonly Event[], ActFault> {
  const { person, customer, links } = making;
  const { promiseId, term, ruling, chargedTo, reason } = act;
  const charge = customer.standing.charge(promiseId, term);
  const row = customer.register
    .rows()
    .find((one) => one.promiseId === promiseId && one.term === term);
  if (charge?.state !== "disputed" || row === undefined) {
    return err({ field: "promiseId", why: "no charge of this customer that is disputed" });
  }
  if (charge.by === person.pseudonym) {
    return err({ field: "promiseId", why: "who disputes a charge does not rule on it" });
  }
  if ((ruling === "moved") !== (chargedTo !== undefined)) {
    return err({ field: "chargedTo", why: "name a link where it is moved, and only there" });
  }
  if (chargedTo !== undefined && (!links.includes(chargedTo) || chargedTo === row.link)) {
    return err({ field: "chargedTo", why: "another link of the policy than the one it is on" });
  }
  const data = {
    ...{ promiseId, term, ruling, reason, decidedBy: person.role },
    ...(chargedTo === undefined ? {} : { chargedTo }),
  };
  return ok([event(making, act.actId, "charge.ruled", data)]);
}

/** The facts an act becomes. */
export function factsOf(act: Act, making: Making): Result<readonly Event[], ActFault> {
  switch (act.act) {
    case "acknowledge":
    case "take":
    case "snooze":
    case "false-alarm":
      return alertFacts(act, making);
    case "promise":
      return promiseFacts(act, making);
    case "keep":
      return keepFacts(act, making);
    case "resolution":
      if (act.alertId !== undefined && !isOpenAlert(making.customer, act.alertId)) {
        return err(noSuchAlert);
      }
      return resolutionFacts(act, making);
    case "outcome": {
      const { resolutionId, score } = act;
      const known = making.customer.standing.mendings.find(
        (one) => one.resolutionId === resolutionId,
      );
      if (known === undefined) return err({ field: "resolutionId", why: "not known of them" });
      const data = {
        resolutionId,
        outcomeScore: score,
        ...(known.kind ? { kind: known.kind } : {}),
      };
      return ok([event(making, act.actId, "resolution.outcome", data)]);
    }
    case "dispute":
      return disputeFacts(act, making);
    case "rule":
      return rulingFacts(act, making);
  }
}
