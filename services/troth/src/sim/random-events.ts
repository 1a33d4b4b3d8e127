import type { CloudEvent } from "@troth/events";

/** A small seeded generator (mulberry32): the same events for the same seed on every machine. */
export function seeded(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const day = 86_400_000;
const start = Date.UTC(2026, 2, 27);

type Draft = { readonly what: string; readonly subject: string | null; readonly data: object };

/** Random lives of a few customers: every rule of the default policy can be met, in any order. */
export function randomEvents(seed: number, count: number, days = 30): CloudEvent[] {
  const next = seeded(seed);
  const upTo = (n: number): number => Math.floor(next() * n);
  const pick = <T>(...items: readonly [T, ...T[]]): T => items[upTo(items.length)] ?? items[0];
  const customer = (): string => `customer:c${upTo(5)}`;
  const order = (): string => `o${upTo(12)}`;
  const iso = (at: number): string => new Date(at).toISOString();
  const drafts = (at: number): Draft => {
    const ahead = (most: number): string => iso(at + upTo(most * 24) * 3_600_000);
    const who = next() < 0.5 ? customer() : `order:${order()}`;
    const subject = customer();
    const contact = `k${upTo(20)}`;
    const promiseId = `p${upTo(10)}`;
    switch (upTo(26)) {
      case 0:
      case 1:
      case 2:
        return {
          what: "order.placed",
          subject,
          data: {
            orderNumber: order(),
            expectedArrivalUntil: ahead(10),
            shippingLimitAt: ahead(4),
            itemCount: 1 + upTo(3),
            sellerCount: 1 + upTo(3),
          },
        };
      case 3:
      case 4:
      case 5:
      case 6: {
        const number = order();
        const status = pick(
          "InTransit",
          "Delivered",
          "Delivered",
          "AttemptFail",
          "Exception",
          "Expired",
        );
        return {
          what: "delivery.status",
          subject: next() < 0.7 ? `order:${number}` : who,
          data: {
            orderNumber: number,
            deliveryStatus: status,
            ...(status === "Delivered" ? { deliveredAt: iso(at - upTo(3) * 3_600_000) } : {}),
            ...(next() < 0.3 ? { expectedArrivalUntil: ahead(8) } : {}),
            ...(next() < 0.3 ? { quantityDelivered: 1 + upTo(3) } : {}),
            ...(next() < 0.2 ? { disposition: pick("damaged", "in_transit") } : {}),
          },
        };
      }
      case 7:
      case 8:
      case 9:
        return {
          what: "contact.completed",
          subject: next() < 0.8 ? subject : `call:${contact}`,
          data: {
            contactId: contact,
            direction: pick("inbound", "inbound", "outbound"),
            reason: pick("delivery", "bill", "fault"),
            queueWaitSeconds: upTo(4_000),
            resolution: pick("resolved", "unresolved", "follow_up_promised"),
            courtesyScore: next(),
            transferCount: upTo(4),
            ...(next() < 0.3 ? { followUpDueAt: ahead(5) } : {}),
            ...(next() < 0.3 ? { previousContactId: `k${upTo(20)}` } : {}),
          },
        };
      case 10:
        return {
          what: "contact.abandoned",
          subject,
          data: {
            contactId: contact,
            queueWaitSeconds: upTo(2_000),
            reason: pick("bill", "fault"),
          },
        };
      case 11:
      case 12:
        return {
          what: "promise.made",
          subject: next() < 0.8 ? subject : who,
          data: {
            promiseId,
            kind: pick("bill-amount", "installation", "call-back", "refund", "delivery", "gift"),
            dueUntil: ahead(12),
            amount: { amount: pick("30.00", "20.50"), currency: "EUR" },
            orderNumber: order(),
            ...(next() < 0.5 ? { dealRef: `d${upTo(3)}` } : {}),
          },
        };
      case 13: {
        const what = pick("kept", "broken", "withdrawn", "renegotiated", "paused", "resumed");
        return {
          what: `promise.${what}`,
          subject,
          data: {
            promiseId,
            at: iso(at - upTo(5) * 3_600_000),
            kind: pick("gift", "call-back"),
            ...(what === "renegotiated" ? { dueUntil: ahead(12) } : {}),
          },
        };
      }
      case 14:
        return {
          what: "billing.issued",
          subject,
          data: {
            billNo: `b${upTo(9)}`,
            amountDue: { amount: pick("30.00", "42.00", "20.50"), currency: "EUR" },
            ...(next() < 0.5 ? { dealRef: `d${upTo(3)}` } : {}),
            ...(next() < 0.5 ? { expectedAmount: { amount: "30.00", currency: "EUR" } } : {}),
          },
        };
      case 15:
        return {
          what: pick("visit.completed", "visit.missed", "visit.booked", "visit.rescheduled"),
          subject,
          data: {
            appointmentId: `a${upTo(5)}`,
            workType: pick("install", "repair"),
            windowUntil: ahead(6),
            outcome: pick("completed", "part_missing"),
            visitNumber: 1 + upTo(3),
            ...(next() < 0.4 ? { orderNumber: order() } : {}),
          },
        };
      case 16:
        return {
          what: "product.fault",
          subject: next() < 0.7 ? subject : `device:v${upTo(4)}`,
          data: {
            productRef: `sku${upTo(3)}`,
            severity: 1 + upTo(5),
            daysInService: upTo(60),
            usageCount: upTo(30),
          },
        };
      case 17:
        return {
          what: pick("complaint.raised", "complaint.status"),
          subject,
          data: {
            ticketId: `t${upTo(5)}`,
            severity: 1 + upTo(5),
            status: pick("acknowledged", "held", "pending", "inProgress", "resolved", "cancelled"),
            ...(next() < 0.5 ? { requestedResolutionDate: ahead(15) } : {}),
          },
        };
      case 18:
        return {
          what: pick("identity.linked", "identity.linked", "identity.unlinked"),
          subject,
          data: {
            reference:
              next() < 0.75
                ? pick(`order:${order()}`, `device:v${upTo(4)}`, `call:${contact}`)
                : customer(),
            customer: customer(),
          },
        };
      case 19:
        return {
          what: "profile.updated",
          subject,
          data: {
            segment: pick("vip", "consumer"),
            region: pick("north", "south"),
            products: [`sku${upTo(3)}`],
          },
        };
      case 20:
        return {
          what: "preference.set",
          subject,
          data: {
            contact: pick("human", "digital", "none"),
            pace: pick("fast", "considered"),
            basis: pick("declared", "inferred"),
            ...(next() < 0.3 ? { expiresAt: ahead(10) } : {}),
          },
        };
      case 21:
        return {
          what: pick(
            "incident.raised",
            "product.recalled",
            "organisation.changed",
            "news.published",
          ),
          subject: null,
          data: {
            problemId: `problem${upTo(4)}`,
            changeType: "staffing",
            productRef: `sku${upTo(3)}`,
            ...(next() < 0.6 ? { regionCode: pick("north", "south") } : {}),
            ...(next() < 0.4 ? { link: pick("delivery", "billing") } : {}),
          },
        };
      case 22:
        return {
          what: "supply.problem",
          subject: next() < 0.5 ? null : `order:${order()}`,
          data: {
            availability: pick("OutOfStock", "BackOrder"),
            ...(next() < 0.6 ? { affectedOrders: [order(), order()] } : {}),
            ...(next() < 0.5 ? { productRef: `sku${upTo(3)}` } : {}),
          },
        };
      case 23:
        return {
          what: "survey.invited",
          subject: who,
          data: { invitationId: `i${upTo(1_000)}`, askProbability: 0.5 },
        };
      case 24:
        return {
          what: pick("resolution.accepted", "social.mention", "billing.error", "billing.disputed"),
          subject,
          data: {
            kind: pick("credit", "replace"),
            billNo: `b${upTo(9)}`,
            disputeStatus: pick("pending", "accepted"),
            sentiment: { score: -next() },
            errorType: "wrong_rate",
            resolutionId: `r${upTo(5)}`,
          },
        };
      default:
        return {
          what: pick("advert.exposed", "campaign.claimed"),
          subject,
          data: { campaignId: `m${upTo(2)}`, claimKind: "delivery_time", claimTarget: "P2D" },
        };
    }
  };
  const sources = ["urn:carrier:x", "urn:billing:x", "urn:crm", "urn:crm", "urn:shop"] as const;
  const events: CloudEvent[] = [];
  for (let i = 0; i < count; i += 1) {
    const recorded = start + Math.floor((i / count) * days * day);
    const late = next() < 0.3 ? upTo(3 * day) : 0;
    const { what, subject, data } = drafts(recorded - late);
    const revised = next() < 0.08 ? { sourceRecordId: `rec${upTo(6)}`, revision: upTo(4) } : {};
    const superseding = next() < 0.03 && i > 0 ? { supersedes: `e${upTo(i)}` } : {};
    events.push({
      specversion: "1.0",
      id: `e${i}`,
      source: pick(...sources),
      type: `org.troth.${what}.v1`,
      time: iso(recorded - late),
      recordedtime: iso(recorded),
      ...(subject === null ? {} : { subject }),
      data: { ...data, ...revised, ...superseding },
    } as CloudEvent);
  }
  return events;
}
