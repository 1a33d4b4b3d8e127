import { isoTime } from "@troth/events";
import { findFile } from "./files.ts";
import type { ImportedEvent, ImportIo, Json } from "./importer.ts";
import { readIso } from "./local-time.ts";
import {
  type Order,
  type Orders,
  olistTimes,
  olistZone,
  orderOf,
  readOrders,
} from "./olist-orders.ts";
import { type OlistRecords, openOlistRecords } from "./olist-records.ts";
import { openSchedule, type Schedule } from "./schedule.ts";
import { readTable } from "./table.ts";

const dayMs = 86_400_000;

const money = (cents: number): Json => ({ amount: (cents / 100).toFixed(2), currency: "BRL" });

/** Region as ISO 3166-2 has it; the file knows the two letters of the state. */
const regionOf = (state: string): string | undefined => (state === "" ? undefined : `BR-${state}`);

/**
 * What was known at the purchase. An order whose items the file does not have says nothing about
 * them rather than claiming there were none: they are missing because of how the order ended.
 */
function placed(order: Order, records: OlistRecords): Record<string, Json | undefined> {
  const { basket, payment } = order;
  return {
    orderNumber: order.id,
    placedAt: isoTime(order.placedAt),
    expectedArrivalUntil: isoTime(order.promisedUntil),
    timeZone: olistZone,
    regionCode: regionOf(order.state),
    sampleWeight: order.sampleWeight ?? undefined,
    ...(basket !== null && {
      shippingLimitAt: isoTime(basket.shippingLimitAt),
      itemCount: basket.count,
      sellerCount: basket.sellers.size,
      sellerRefs: [...basket.sellers].sort().slice(0, 64),
      totalAmount: money(basket.priceCents + basket.freightCents),
      category: basket.category === "" ? undefined : (basket.category ?? undefined),
    }),
    attributes: {
      promisedDays: order.promisedDays,
      ...records.attributes(order),
      ...(basket !== null && {
        productCount: basket.products.size,
        price: basket.priceCents / 100,
        freight: basket.freightCents / 100,
        weightGrams: basket.weightGrams,
        photos: basket.photos,
      }),
      ...(basket !== null &&
        basket.sellerStates.size > 0 && {
          sameState: basket.sellerStates.size === 1 && basket.sellerStates.has(order.state),
          sellerStates: [...basket.sellerStates].sort().join(" "),
        }),
      ...(payment !== null && { paymentType: payment.type, installments: payment.installments }),
    },
  };
}

function billed({ id, basket, payment }: Order): Record<string, Json | undefined> {
  return {
    billNo: id,
    orderNumber: id,
    state: "settled",
    amountDue: payment === null ? undefined : money(payment.paidCents),
    expectedAmount: basket === null ? undefined : money(basket.priceCents + basket.freightCents),
  };
}

/** How long it took and what was left of the promised time, in whole days; negative when late. */
const arrived = (order: Order, deliveredAt: number) => ({
  waitedDays: Math.floor((deliveredAt - order.placedAt) / dayMs),
  daysToSpare: Math.floor((order.promisedUntil - deliveredAt) / dayMs),
});

function addOrder(schedule: Schedule, order: Order, records: OlistRecords): void {
  const { id, placedAt, approvedAt, handedOverAt, deliveredAt } = order;
  const subject = `order:${id}`;
  const customer = `customer:${order.customer}`;
  const at = (time: number) => ({ time, recorded: time });
  schedule.add(
    {
      kind: "profile.updated",
      id: `${id}:profile`,
      source: "urn:olist:customers",
      subject: customer,
      ...at(placedAt),
    },
    () => ({ region: regionOf(order.state) }),
  );
  schedule.add(
    {
      kind: "order.placed",
      id: `${id}:placed`,
      source: "urn:olist:orders",
      subject: customer,
      ...at(placedAt),
    },
    () => {
      const data = placed(order, records);
      records.order(order);
      return data;
    },
  );
  if (approvedAt !== null) {
    schedule.add(
      {
        kind: "billing.issued",
        id: `${id}:billed`,
        source: "urn:olist:billing",
        subject,
        ...at(approvedAt),
      },
      () => billed(order),
    );
  }
  if (handedOverAt !== null) {
    schedule.add(
      {
        kind: "delivery.status",
        id: `${id}:carrier`,
        source: "urn:olist:carrier",
        subject,
        ...at(handedOverAt),
      },
      () => {
        const limit = order.basket?.shippingLimitAt;
        if (limit !== undefined) records.handOver(order, handedOverAt > limit);
        return { orderNumber: id, deliveryStatus: "InTransit", bizStep: "shipping" };
      },
    );
  }
  if (deliveredAt !== null) {
    schedule.add(
      {
        kind: "delivery.status",
        id: `${id}:delivered`,
        source: "urn:olist:carrier",
        subject,
        ...at(deliveredAt),
      },
      () => ({
        orderNumber: id,
        deliveryStatus: "Delivered",
        deliveredAt: isoTime(deliveredAt),
        quantityOrdered: order.basket?.count,
        attributes: arrived(order, deliveredAt),
      }),
    );
  }
}

const outcomeOf = (score: number): string =>
  score >= 4 ? "enjoyed" : score === 3 ? "indifferent" : "not_enjoyed";

type Review = {
  readonly invitation: string;
  readonly invitedAt: number;
  readonly answeredAt: number;
  readonly score: number;
};

function addReview(schedule: Schedule, order: Order, review: Review, records: OlistRecords): void {
  const { invitation, invitedAt, answeredAt, score } = review;
  const question = {
    invitationId: invitation,
    orderNumber: order.id,
    type: "csat",
    scaleMin: 1,
    scaleMax: 5,
  };
  const common = { source: "urn:olist:surveys", subject: `order:${order.id}` };
  schedule.add(
    {
      kind: "survey.invited",
      id: `${invitation}:invited`,
      time: invitedAt,
      recorded: invitedAt,
      ...common,
    },
    () => ({
      ...question,
      reasonForAsking: "random",
      askProbability: 1,
      sampleWeight: order.sampleWeight ?? undefined,
    }),
  );
  schedule.add(
    {
      kind: "survey.answered",
      id: `${invitation}:answered`,
      time: answeredAt,
      recorded: answeredAt,
      ...common,
    },
    () => {
      const outcome = outcomeOf(score);
      records.answer(order, outcome === "not_enjoyed");
      return { ...question, score, outcome, answeredAt: isoTime(answeredAt) };
    },
  );
}

const reviewColumns = [
  "review_id",
  "order_id",
  "review_score",
  "review_creation_date",
  "review_answer_timestamp",
] as const;

async function readReviews(
  dir: string,
  orders: Orders,
  schedule: Schedule,
  records: OlistRecords,
  io: ImportIo,
): Promise<void> {
  const path = await findFile(dir, ["olist_order_reviews_dataset", "olist_order_reviews"], io);
  const seen = new Set<string>();
  await readTable(path, reviewColumns, io, (cells) => {
    const order = orderOf(orders, cells);
    // Review ids repeat over orders, so an invitation is named by both.
    const invitation = `${cells.key("review_id")}:${order?.id}`;
    if (seen.has(invitation)) cells.refuse("duplicate-key", "review_id", "the review came before");
    const review = {
      invitation,
      score: cells.number("review_score", { min: 1, max: 5, whole: true }),
      invitedAt: olistTimes.instantOf(cells.local("review_creation_date", readIso)),
      answeredAt: olistTimes.instantOf(cells.local("review_answer_timestamp", readIso)),
    };
    if (order === undefined) return undefined;
    return () => {
      seen.add(invitation);
      addReview(schedule, order, review, records);
    };
  });
}

/**
 * Orders of the Brazilian marketplace Olist: purchase with its promised day, bill at approval,
 * hand-over, delivery, survey and answer. Every event says only what could be known when it was
 * recorded: `order_status` and the text of reviews are never read, and nothing follows from a
 * cancellation, since the files do not say when it came. Track records of sellers and products are
 * stamped onto the order as they were when it was placed. `sampleWeight` rides along for
 * weighting alone; it differs for orders that never arrived, so no judgement may read it.
 */
export async function* importOlist(dir: string, io: ImportIo): AsyncGenerator<ImportedEvent> {
  const orders = await readOrders(dir, io);
  const schedule = openSchedule();
  const records = openOlistRecords();
  for (const order of orders.values()) addOrder(schedule, order, records);
  await readReviews(dir, orders, schedule, records, io);
  yield* schedule.events();
}
