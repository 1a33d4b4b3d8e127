import type { Fact, Kind } from "@troth/events";
import { seeded } from "@troth/troth";

const day = 86_400_000;
const start = Date.UTC(2026, 0, 5);

/** One customer's order from purchase to survey, with the noises of an ordinary retailer. */
function* life(customer: string, n: number, at: number, next: () => number): Generator<Fact> {
  const order = `${customer}-${n}`;
  const fact = (kind: Kind, time: number, data: Record<string, unknown>): Fact => ({
    id: `${order}:${kind}:${Math.round(time - start)}`,
    source: `urn:bench:${kind.slice(0, kind.indexOf("."))}`,
    kind,
    tenant: "default",
    time,
    recordedTime: time,
    subject: `customer:${customer}`,
    data,
  });
  const due = at + 5 * day;
  yield fact("order.placed", at, {
    orderNumber: order,
    expectedArrivalUntil: due,
    shippingLimitAt: at + 2 * day,
    itemCount: 1 + Math.floor(next() * 2),
    sellerCount: 1,
  });
  yield fact("billing.issued", at + 3_600_000, {
    billNo: order,
    orderNumber: order,
    amountDue: { amount: "30.00", currency: "EUR" },
    expectedAmount: { amount: next() < 0.03 ? "25.00" : "30.00", currency: "EUR" },
  });
  yield fact("delivery.status", at + (1 + next()) * day, {
    orderNumber: order,
    deliveryStatus: "InTransit",
  });
  if (next() < 0.3) {
    const wait = Math.floor(next() * next() * 3_000);
    yield fact("contact.completed", at + (1 + 3 * next()) * day, {
      contactId: order,
      direction: "inbound",
      reason: next() < 0.5 ? "delivery" : "bill",
      queueWaitSeconds: wait,
      resolution: next() < 0.8 ? "resolved" : "follow_up_promised",
      courtesyScore: next(),
    });
  }
  if (next() < 0.97) {
    const delivered = Math.floor(at + (2 + next() * 3.3) * day);
    yield fact("delivery.status", delivered, {
      orderNumber: order,
      deliveryStatus: "Delivered",
      deliveredAt: delivered,
    });
  }
  if (next() < 0.1) yield fact("social.mention", at + 4 * day, { platform: "x" });
  if (next() < 0.2) {
    yield fact("survey.invited", at + 6 * day, {
      invitationId: `inv-${order}`,
      type: "enjoyed_personal_service",
    });
  }
}

/** `events` facts of `customers` customers in order of time, all kinds mixed. */
export function mixedStream(events: number, customers: number, seed: number): readonly Fact[] {
  const next = seeded(seed);
  const facts: Fact[] = [];
  for (let n = 0; facts.length < events; n += 1) {
    for (let c = 0; c < customers && facts.length < events; c += 1) {
      const at = start + n * 7 * day + Math.floor(next() * 7 * day);
      for (const one of life(String(c), n, at, next)) {
        const time = Math.floor(one.time);
        facts.push({ ...one, time, recordedTime: time });
      }
    }
  }
  return facts.sort((a, b) => a.time - b.time || (a.id < b.id ? -1 : 1));
}
