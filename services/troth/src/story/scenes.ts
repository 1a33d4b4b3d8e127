import { isoTime } from "@troth/events";
import { type Diary, day, type Frame, hour, minute, second } from "./diary.ts";
import type { Dice } from "./dice.ts";

/** One customer of the story: who they are, their page of the diary and their luck. */
export type Person = {
  /** Four digits or more: `0001`. */
  readonly name: string;
  readonly customer: string;
  readonly diary: Diary;
  readonly dice: Dice;
  readonly frame: Frame;
  readonly region: string;
  readonly segment: "consumer" | "vip" | "business";
};

export const euros = (amount: string) => ({ amount, currency: "EUR" });
const lag = ({ dice }: Person): number => dice.whole(2, 90) * second;

export type Order = {
  readonly placedAt: number;
  readonly dueAt: number;
  /** Null: it has not come. */
  readonly arrivesAt: number | null;
  readonly number?: string;
  readonly items?: number;
  readonly delivered?: number;
  readonly sellers?: number;
  readonly product?: string;
};

export const orderNumberOf = (person: Person, count = 1): string => `HD-${person.name}-${count}`;

/** An order, handed over within a day, on the road, and at the door if it comes at all. */
export function order(person: Person, told: Order): void {
  const { diary, customer, dice } = person;
  const orderNumber = told.number ?? orderNumberOf(person);
  const items = told.items ?? 1;
  diary.write({
    feed: "shop",
    kind: "order.placed",
    at: told.placedAt,
    subject: customer,
    lagMs: lag(person),
    data: {
      orderNumber,
      placedAt: isoTime(told.placedAt),
      expectedArrivalUntil: isoTime(told.dueAt),
      shippingLimitAt: isoTime(told.placedAt + day),
      itemCount: items,
      sellerCount: told.sellers ?? 1,
      totalAmount: euros(`${dice.whole(12, 240)}.${dice.pick("00", "50", "90")}`),
      productRef: told.product ?? dice.pick("lamp-3", "kettle-2", "headset-5", "chair-8"),
    },
  });
  parcel(person, orderNumber, told.placedAt + dice.whole(4, 18) * hour, "InTransit", {});
  if (told.arrivesAt === null) return;
  parcel(person, orderNumber, told.arrivesAt - dice.whole(1, 5) * hour, "OutForDelivery", {});
  parcel(person, orderNumber, told.arrivesAt, "Delivered", {
    deliveredAt: isoTime(told.arrivesAt),
    quantityOrdered: items,
    quantityDelivered: told.delivered ?? items,
  });
}

export function parcel(
  person: Person,
  orderNumber: string,
  at: number,
  deliveryStatus: string,
  more: Readonly<Record<string, unknown>>,
): void {
  person.diary.write({
    feed: "carrier",
    kind: "delivery.status",
    at,
    subject: `order:${orderNumber}`,
    lagMs: lag(person),
    data: { orderNumber, deliveryStatus, carrier: "halden-demo-carrier", ...more },
  });
}

export type Contact = {
  readonly at: number;
  readonly waitSeconds: number;
  readonly reason: string;
  readonly resolution: "resolved" | "unresolved" | "follow_up_promised";
  readonly id?: string;
  readonly holdSeconds?: number;
  readonly transfers?: number;
  readonly courtesy?: number;
  readonly followUpDueAt?: number;
  readonly direction?: "inbound" | "outbound";
  readonly subject?: string;
  readonly more?: Readonly<Record<string, unknown>>;
};

export function contact(person: Person, told: Contact): void {
  const { diary, dice } = person;
  const talkSeconds = dice.whole(120, 900);
  const { followUpDueAt } = told;
  diary.write({
    feed: "care",
    kind: "contact.completed",
    at: told.at,
    subject: told.subject ?? person.customer,
    lagMs: lag(person),
    data: {
      ...(told.id === undefined ? {} : { contactId: told.id }),
      direction: told.direction ?? "inbound",
      channel: dice.pick("phone", "phone", "chat"),
      reason: told.reason,
      initiatedAt: isoTime(told.at - (told.waitSeconds + talkSeconds) * second),
      disconnectedAt: isoTime(told.at),
      queueWaitSeconds: told.waitSeconds,
      holdSeconds: told.holdSeconds ?? 0,
      interactionSeconds: talkSeconds,
      transferCount: told.transfers ?? 0,
      resolution: told.resolution,
      courtesyScore: told.courtesy ?? 0.8,
      ...(followUpDueAt === undefined ? {} : { followUpDueAt: isoTime(followUpDueAt) }),
      ...told.more,
    },
  });
}

export function abandonedContact(person: Person, at: number, waitSeconds: number): void {
  person.diary.write({
    feed: "care",
    kind: "contact.abandoned",
    at,
    subject: person.customer,
    lagMs: lag(person),
    data: {
      direction: "inbound",
      channel: "phone",
      queueWaitSeconds: waitSeconds,
      abandoned: true,
    },
  });
}

export type Bill = {
  readonly at: number;
  readonly amount: string;
  readonly expected?: string;
  readonly deal?: string;
  readonly category?: "normal" | "credit note";
};

export function bill(person: Person, told: Bill): void {
  person.diary.write({
    feed: "billing",
    kind: "billing.issued",
    at: told.at,
    subject: person.customer,
    lagMs: lag(person),
    data: {
      billNo: `BILL-${person.name}-${told.category === "credit note" ? "C" : "1"}`,
      billDate: isoTime(told.at),
      category: told.category ?? "normal",
      runType: "onCycle",
      state: "sent",
      amountDue: euros(told.amount),
      ...(told.expected === undefined ? {} : { expectedAmount: euros(told.expected) }),
      ...(told.deal === undefined ? {} : { dealRef: told.deal }),
    },
  });
}

export type Visit = {
  readonly at: number;
  readonly job: string;
  readonly work: "install" | "repair";
  readonly number: number;
  readonly outcome: "completed" | "part_missing";
};

export function bookVisit(
  person: Person,
  told: Pick<Visit, "job" | "work">,
  at: number,
  until: number,
): void {
  person.diary.write({
    feed: "field",
    kind: "visit.booked",
    at,
    subject: person.customer,
    lagMs: lag(person),
    data: {
      workOrderId: told.job,
      workType: told.work,
      windowFrom: isoTime(until - 4 * hour),
      windowUntil: isoTime(until),
    },
  });
}

export function visit(person: Person, told: Visit): void {
  const { at, job, work, number, outcome } = told;
  person.diary.write({
    feed: "field",
    kind: "visit.completed",
    at,
    subject: person.customer,
    lagMs: lag(person),
    data: {
      workOrderId: job,
      workType: work,
      visitNumber: number,
      outcome,
      firstTimeFix: number === 1 && outcome === "completed",
      arrivedAt: isoTime(at - 50 * minute),
      ...(outcome === "completed" ? { completedAt: isoTime(at) } : {}),
    },
  });
}

/** Any other thing that happened to the customer. */
export function happened(
  person: Person,
  feed: "shop" | "care" | "crm" | "billing" | "field" | "voice" | "carrier" | "marketing",
  kind: Parameters<Diary["write"]>[0]["kind"],
  at: number,
  data: Readonly<Record<string, unknown>>,
  subject: string = person.customer,
): void {
  person.diary.write({ feed, kind, at, subject, lagMs: lag(person), data });
}

export type Mood = "enjoyed" | "indifferent" | "not_enjoyed";

/** Asks the lead question; the answer, if any, comes some hours later. */
export function survey(
  person: Person,
  at: number,
  mood: Mood | null,
  asked: { readonly reason: "random" | "alert" | "post_recovery"; readonly probability: number },
): void {
  const invitationId = `ASK-${person.name}`;
  const question = {
    invitationId,
    type: "enjoyed_personal_service",
    questionText: "Did you enjoy your personal service experience with us?",
    scaleMin: 1,
    scaleMax: 5,
    reasonForAsking: asked.reason,
    askProbability: asked.probability,
  };
  happened(person, "voice", "survey.invited", at, question);
  if (mood === null) return;
  const answeredAt = at + person.dice.whole(20, 240) * minute;
  const score = { enjoyed: 5, indifferent: 3, not_enjoyed: 1 }[mood];
  const answer = { score, outcome: mood, answeredAt: isoTime(answeredAt) };
  happened(person, "voice", "survey.answered", answeredAt, { ...question, ...answer });
}
