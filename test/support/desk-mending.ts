import { isoTime } from "@troth/events";
import { storyEndsAt } from "./desk-story.ts";

type Send = (event: unknown) => void;

const at = isoTime(storyEndsAt);
const base = { specversion: "1.0", source: "urn:test:past", time: at, recordedtime: at };

/** Customers of the past whose parcel was late, what they were offered, and what they said of it. */
export function tellThePast(send: Send, howMany = 600): void {
  const ways = [
    { id: "apology", kind: "apology", answer: 4 },
    { id: "call-back", kind: "call-back", answer: 6 },
    { id: "small-credit", kind: "credit", amount: "10.00", answer: 7 },
    { id: "large-credit", kind: "credit", amount: "25.00", answer: 8 },
  ];
  for (let n = 0; n < howMany; n += 1) {
    const way = ways[n % ways.length];
    if (way === undefined) continue;
    const subject = `customer:past-${n}`;
    send({
      ...base,
      subject,
      id: `past-profile-${n}`,
      type: "org.troth.profile.updated.v1",
      time: isoTime(storyEndsAt - 30 * 86_400_000),
      data: { segment: n % 3 === 0 ? "business" : "consumer" },
    });
    send({
      ...base,
      subject,
      id: `past-preference-${n}`,
      type: "org.troth.preference.set.v1",
      time: isoTime(storyEndsAt - 30 * 86_400_000),
      data:
        n % 5 < 3
          ? { contact: "human", pace: "considered", basis: "declared" }
          : { contact: "digital", pace: "fast", basis: "declared" },
    });
    send({
      ...base,
      subject,
      id: `past-order-${n}`,
      type: "org.troth.order.placed.v1",
      time: isoTime(storyEndsAt - 20 * 86_400_000),
      data: {
        orderNumber: `PAST-${n}`,
        expectedArrivalUntil: isoTime(storyEndsAt - (3 + (n % 9)) * 86_400_000),
      },
    });
    const { amount } = way;
    send({
      ...base,
      subject,
      id: `past-offer-${n}`,
      type: "org.troth.resolution.offered.v1",
      data: {
        resolutionId: `past-${n}`,
        kind: way.kind,
        ledger: "goodwill",
        basis: way.id,
        ...(amount === undefined ? {} : { amount: { amount, currency: "EUR" } }),
      },
    });
    send({
      ...base,
      subject,
      id: `past-outcome-${n}`,
      type: "org.troth.resolution.outcome.v1",
      data: { resolutionId: `past-${n}`, kind: way.kind, outcomeScore: way.answer + ((n % 3) - 1) },
    });
  }
}

/** A customer makes themselves heard: calls, posts and complaints, ever louder. */
export function beLoud(send: Send, subject: string, times: number): void {
  for (let n = 0; n < times; n += 1) {
    const event = { ...base, source: "urn:test:loud", subject };
    send({
      ...event,
      id: `${subject}-call-${times}-${n}`,
      type: "org.troth.contact.completed.v1",
      data: {
        contactId: `${subject}-${times}-${n}`,
        queueWaitSeconds: 2_400,
        resolution: "unresolved",
        reason: `loud-${n}`,
      },
    });
    send({
      ...event,
      id: `${subject}-post-${times}-${n}`,
      type: "org.troth.social.mention.v1",
      data: {
        sentiment: { score: -1, model: "test" },
        emotion: { vocabulary: "big6", category: "anger", confidence: 1 },
        reach: 1_000_000 * (n + 1),
        topic: `loud-${n}`,
      },
    });
    send({
      ...event,
      id: `${subject}-complaint-${times}-${n}`,
      type: "org.troth.complaint.raised.v1",
      data: {
        ticketId: `${subject}-${times}-${n}`,
        ticketType: "complain",
        priority: "highest",
        status: "acknowledged",
      },
    });
  }
}
