import { isoTime } from "@troth/events";
import { before, hour, minute, second } from "./diary.ts";
import {
  bill,
  contact,
  euros,
  happened,
  orderNumberOf,
  type Person,
  parcel,
  survey,
} from "./scenes.ts";

/**
 * The story the essays tell, as one customer's week: a special deal, a long wait, a friendly voice
 * that promises to call back, a parcel put off, two visits where one was promised, and a bill that
 * forgets the deal. No link sees more than its own slip.
 */
export function leadStory(person: Person): void {
  const { frame } = person;
  const deal = `DEAL-${person.name}`;
  const number = orderNumberOf(person);
  const agreedAt = before(frame, 7);
  happened(person, "care", "promise.made", agreedAt, {
    promiseId: `P-${person.name}-bill`,
    kind: "bill-amount",
    madeBy: "representative",
    amount: euros("30.00"),
    dealRef: deal,
  });
  const firstDue = before(frame, 4, 6);
  happened(person, "shop", "order.placed", agreedAt + 20 * minute, {
    orderNumber: number,
    placedAt: isoTime(agreedAt + 20 * minute),
    expectedArrivalUntil: isoTime(firstDue),
    shippingLimitAt: isoTime(agreedAt + 26 * hour),
    itemCount: 1,
    sellerCount: 1,
    totalAmount: euros("89.90"),
    productRef: "router-7",
    dealRef: deal,
  });
  parcel(person, number, agreedAt + 20 * hour, "InTransit", {});
  contact(person, {
    at: before(frame, 5, 4),
    id: `CALL-${person.name}-1`,
    waitSeconds: 2_700,
    reason: "installation",
    resolution: "follow_up_promised",
    followUpDueAt: before(frame, 4, 10),
    courtesy: 0.95,
  });
  parcelPutOff(person, number, firstDue);
  twoVisits(person);
  bill(person, { at: before(frame, 0, 5), amount: "42.00", expected: "30.00", deal });
  survey(person, before(frame, 0, 4), "not_enjoyed", { reason: "alert", probability: 1 });
}

function parcelPutOff(person: Person, number: string, firstDue: number): void {
  const newDue = firstDue + 30 * hour;
  parcel(person, number, firstDue - hour, "InTransit", {
    expectedArrivalUntil: isoTime(newDue),
    firstExpectedArrivalUntil: isoTime(firstDue),
    reasonCode: "depot-full",
  });
  parcel(person, number, newDue - 3 * hour, "AttemptFail", { attemptNumber: 1 });
  const arrivedAt = newDue + 2 * hour;
  parcel(person, number, arrivedAt, "Delivered", {
    deliveredAt: isoTime(arrivedAt),
    attemptNumber: 2,
    quantityOrdered: 1,
    quantityDelivered: 1,
  });
}

function twoVisits(person: Person): void {
  const { frame } = person;
  const job = `JOB-${person.name}`;
  const until = before(frame, 2, 6);
  const install = { workOrderId: job, workType: "install" };
  happened(person, "field", "visit.booked", before(frame, 6), {
    ...install,
    windowFrom: isoTime(until - 4 * hour),
    windowUntil: isoTime(until),
  });
  happened(person, "field", "visit.completed", until - hour, {
    ...install,
    visitNumber: 1,
    outcome: "part_missing",
    firstTimeFix: false,
    arrivedAt: isoTime(until - 2 * hour),
  });
  const doneAt = before(frame, 1, 2);
  happened(person, "field", "visit.completed", doneAt, {
    ...install,
    visitNumber: 2,
    outcome: "completed",
    firstTimeFix: false,
    arrivedAt: isoTime(doneAt - 40 * minute - 10 * second),
    completedAt: isoTime(doneAt),
  });
}
