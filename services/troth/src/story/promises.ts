import { isoTime } from "@troth/events";
import { before, day, hour } from "./diary.ts";
import { contact, happened, order, type Person } from "./scenes.ts";

/** Promises given in words, and what became of each: every way one can end. */
const ends = ["kept", "broken", "withdrawn", "renegotiated", "paused"] as const;
export type End = (typeof ends)[number];

export const spokenPromise =
  (end: End) =>
  (person: Person): void => {
    const madeAt = before(person.frame, 5);
    const promise = { promiseId: `P-${person.name}-${end}`, kind: "paperwork" };
    happened(person, "crm", "promise.made", madeAt, {
      ...promise,
      madeBy: "representative",
      madeAt: isoTime(madeAt),
      dueUntil: isoTime(madeAt + 2 * day),
    });
    const say = (
      what: "kept" | "broken" | "withdrawn" | "paused" | "resumed",
      days: number,
    ): void => happened(person, "crm", `promise.${what}`, madeAt + days * day, promise);
    switch (end) {
      case "kept":
      case "broken":
      case "withdrawn":
        say(end, 1);
        return;
      case "renegotiated":
        happened(person, "crm", "promise.renegotiated", madeAt + day, {
          ...promise,
          dueUntil: isoTime(madeAt + 4 * day),
        });
        say("kept", 3);
        return;
      case "paused":
        say("paused", 1);
        say("resumed", 2);
        say("kept", 2.5);
        return;
    }
  };

/** The advert said one day; the shop said three and kept its own word. */
export function advertBelieved(person: Person): void {
  const placedAt = before(person.frame, 5);
  happened(person, "marketing", "advert.exposed", placedAt - 5 * hour, {
    campaignId: "next-day",
    offerId: "next-day-1",
    claimKind: "delivery_time",
    claimTarget: "P1D",
    exposedAt: isoTime(placedAt - 5 * hour),
    channel: "web",
  });
  order(person, { placedAt, dueAt: placedAt + 3 * day, arrivesAt: placedAt + 2 * day });
}

/** Called from an unknown number first; later we learn whose it is. Another number was a mix-up. */
export function knownByPhone(person: Person): void {
  const { frame, name, customer } = person;
  const phone = `+999000${name}`;
  const linked = { reference: `phone:${phone}`, customer, basis: "asked" };
  contact(person, {
    at: before(frame, 2),
    subject: `phone:${phone}`,
    waitSeconds: 700,
    reason: "delivery",
    resolution: "resolved",
  });
  happened(person, "crm", "identity.linked", before(frame, 1, 20), linked);
  const handle = { reference: `handle:@demo-${name}`, customer };
  happened(person, "crm", "identity.linked", before(frame, 1, 10), { ...handle, basis: "guess" });
  happened(
    person,
    "voice",
    "social.mention",
    before(frame, 1, 5),
    { platform: "demo-square", sentiment: { score: -0.9, model: "demo" }, reach: 12 },
    handle.reference,
  );
  happened(person, "crm", "identity.unlinked", before(frame, 0, 20), {
    ...handle,
    basis: "mix-up",
  });
}

/** Wants it fast, cheap and impersonal, and says so. */
export function impersonal(person: Person): void {
  const { frame } = person;
  happened(person, "crm", "preference.set", before(frame, 10), {
    contact: "none",
    pace: "fast",
    price: "lowest",
    familiarity: "do_not",
    basis: "declared",
  });
  contact(person, {
    at: before(frame, 8),
    waitSeconds: 95,
    reason: "tariff",
    resolution: "unresolved",
    courtesy: 0.95,
  });
}
