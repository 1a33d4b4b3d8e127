import { isoTime } from "@troth/events";
import { before, day, hour, minute } from "./diary.ts";
import {
  abandonedContact,
  bill,
  bookVisit,
  contact,
  euros,
  happened,
  order,
  orderNumberOf,
  type Person,
  parcel,
  visit,
} from "./scenes.ts";

/** Promised eight days ago and still not there: one broken link is enough. */
export function neverCame(person: Person): void {
  const dueAt = before(person.frame, 7, 12);
  order(person, { placedAt: dueAt - 2 * day, dueAt, arrivesAt: null });
}

export function lost(person: Person): void {
  const dueAt = before(person.frame, 3, 3);
  order(person, { placedAt: dueAt - 3 * day, dueAt, arrivesAt: null });
  const number = orderNumberOf(person);
  parcel(person, number, dueAt - 9 * hour, "Exception", { reasonCode: "not-found" });
  parcel(person, number, before(person.frame, 1, 4), "Expired", { reasonCode: "lost" });
}

/** The seller says so outright, and the promise is given up in words too. */
export function missed(person: Person): void {
  const dueAt = before(person.frame, 1, 8);
  order(person, { placedAt: dueAt - 2 * day, dueAt, arrivesAt: null });
  const orderNumber = orderNumberOf(person);
  happened(person, "carrier", "delivery.missed", dueAt - hour, { orderNumber, reasonCode: "van" });
}

export function incomplete(person: Person): void {
  const dueAt = before(person.frame, 1, 2);
  order(person, {
    placedAt: dueAt - 3 * day,
    dueAt,
    arrivesAt: dueAt - 5 * hour,
    items: 3,
    delivered: 2,
  });
}

/** Broke after three uses; it is put right, and the customer says how that was. */
export function brokeEarly(person: Person): void {
  const at = before(person.frame, 4, 5);
  happened(person, "care", "product.fault", at, {
    productRef: "kettle-2",
    serial: `SN-${person.name}`,
    faultCode: "element",
    daysInService: 4,
    usageCount: 3,
    warranty: true,
  });
  const resolution = {
    resolutionId: `R-${person.name}`,
    kind: "replace",
    amount: euros("39.90"),
    ledger: "entitlement",
    basis: "warranty",
    decidedBy: "service-representative",
  };
  happened(person, "crm", "resolution.proposed", at + 30 * minute, {
    ...resolution,
    predictedScore: 7,
  });
  happened(person, "crm", "resolution.offered", at + hour, resolution);
  happened(person, "crm", "resolution.accepted", at + 2 * hour, {
    ...resolution,
    customerResponse: "accepted",
  });
  const settledAt = at + 2 * day;
  happened(person, "crm", "resolution.outcome", settledAt, { ...resolution, outcomeScore: 8 });
}

export function severalVisits(person: Person): void {
  const { frame } = person;
  const job = `JOB-${person.name}`;
  const repair = { workOrderId: job, workType: "repair" };
  const until = before(frame, 5, 2);
  bookVisit(person, { job, work: "repair" }, until - day, until);
  happened(person, "field", "visit.missed", until, {
    ...repair,
    visitNumber: 1,
    outcome: "no_show",
  });
  const moved = before(frame, 3, 4);
  happened(person, "field", "visit.rescheduled", until + hour, {
    ...repair,
    windowFrom: isoTime(moved - 4 * hour),
    windowUntil: isoTime(moved),
    previousWindowUntil: isoTime(until),
    rescheduledBy: "provider",
  });
  visit(person, { at: moved - hour, job, work: "repair", number: 2, outcome: "part_missing" });
  visit(person, { at: before(frame, 0, 7), job, work: "repair", number: 3, outcome: "completed" });
}

/** A warm voice and nothing done: personal is not personalised. */
export function warmNothingResolved(person: Person): void {
  contact(person, {
    at: before(person.frame, 10),
    waitSeconds: 40,
    reason: "outage",
    resolution: "unresolved",
    courtesy: 0.97,
  });
}

export function noCallBack(person: Person): void {
  const at = before(person.frame, 2, 3);
  happened(person, "care", "promise.made", at, {
    promiseId: `P-${person.name}-call`,
    kind: "call-back",
    madeBy: "representative",
    dueUntil: isoTime(at + 20 * hour),
  });
}

/** Agreed at 49.00, billed at 289.00. */
export function dealForgotten(person: Person): void {
  const deal = `DEAL-${person.name}`;
  happened(person, "care", "promise.made", before(person.frame, 8), {
    promiseId: `P-${person.name}-bill`,
    kind: "bill-amount",
    madeBy: "representative",
    amount: euros("49.00"),
    dealRef: deal,
  });
  bill(person, { at: before(person.frame, 0, 11), amount: "289.00", expected: "49.00", deal });
}

/** A wrong bill, queried and put right. */
export function billDisputed(person: Person): void {
  const at = before(person.frame, 5);
  const billNo = `BILL-${person.name}-1`;
  bill(person, { at, amount: "54.90" });
  const dispute = { billNo, disputeRef: `DIS-${person.name}` };
  happened(person, "billing", "billing.disputed", at + 6 * hour, {
    ...dispute,
    disputeStatus: "pending",
  });
  happened(person, "billing", "billing.error", at + 30 * hour, {
    billNo,
    errorType: "missing_discount",
    differenceAmount: euros("10.00"),
    detectedBy: "customer",
  });
  happened(person, "billing", "billing.disputed", at + 32 * hour, {
    ...dispute,
    disputeStatus: "accepted",
    adjustmentAmount: euros("-10.00"),
    creditNoteRef: `CN-${person.name}`,
  });
  bill(person, { at: at + 33 * hour, amount: "-10.00", category: "credit note" });
}

/** Hung up twice, complained, and was found to be right. */
export function gaveUpAndComplained(person: Person): void {
  const { frame } = person;
  abandonedContact(person, before(frame, 3, 5), 600);
  abandonedContact(person, before(frame, 3, 4), 840);
  const ticket = { ticketId: `T-${person.name}`, ticketType: "complain" };
  happened(person, "care", "complaint.raised", before(frame, 3), {
    ...ticket,
    status: "acknowledged",
    severity: 3,
    requestedResolutionDate: isoTime(before(frame, 0, 10)),
  });
  happened(person, "care", "complaint.status", before(frame, 2), { ...ticket, status: "held" });
  happened(person, "care", "complaint.status", before(frame, 1, 12), {
    ...ticket,
    status: "inProgress",
  });
  happened(person, "care", "complaint.status", before(frame, 0, 12), {
    ...ticket,
    status: "resolved",
    resolutionDate: isoTime(before(frame, 0, 12)),
    upheld: true,
    rootCauseLink: "queue",
  });
}
