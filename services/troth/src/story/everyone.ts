import { isoTime } from "@troth/events";
import type { Entry } from "./diary.ts";
import { before, Diary, day, type Feed, type Frame, hour, minute } from "./diary.ts";

/** First day anything is told of, in days before the end. */
export const daysTold = 12;

/** Products people hold; few hold the one that is called back or the one the incident hits. */
export const heldOften = ["mobile-s", "mobile-m", "fibre-100"] as const;
export const incidentProduct = "fibre-500";
export const recalledProduct = "router-7";
export const incidentRegion = "XA-NO";

type ForMany = Pick<Entry, "kind" | "at" | "data">;

/** What nobody did anything for and many feel: an outage, a recall, news, a campaign, a new rule. */
export function whatTouchesMany(frame: Frame): Diary {
  const diary = new Diary(frame, "demo-all");
  const tell = (feed: Feed, entry: ForMany): void =>
    diary.write({ feed, subject: null, lagMs: minute, ...entry });
  tell("marketing", {
    kind: "campaign.claimed",
    at: before(frame, daysTold - 1),
    data: {
      campaignId: "next-day",
      offerId: "next-day-1",
      claimKind: "delivery_time",
      claimTarget: "P1D",
    },
  });
  tell("office", {
    kind: "organisation.changed",
    at: before(frame, 9),
    data: {
      changeId: "CH-1",
      changeType: "staffing",
      link: "complaint",
      magnitude: -0.2,
      decidedBy: "head of operations",
      effectiveFrom: isoTime(before(frame, 8)),
    },
  });
  tell("marketing", {
    kind: "news.published",
    at: before(frame, 3),
    data: {
      publisher: "Demo Gazette",
      topic: "prices",
      stance: "negative",
      segment: "business",
      regionCode: "XA-SO",
      datePublished: isoTime(before(frame, 3)),
    },
  });
  tell("office", {
    kind: "product.recalled",
    at: before(frame, 1, 6),
    data: { productRef: recalledProduct, recallRef: "RC-1", reason: "power supply overheats" },
  });
  tell("shop", {
    kind: "supply.problem",
    at: before(frame, 1, 2),
    data: {
      sku: "chair-8",
      availability: "BackOrder",
      affectedOrders: shortOrders,
      quantityShort: 3,
    },
  });
  theIncident(frame, tell);
  return diary;
}

/** Orders the shortage is known to hit; they exist from thirty customers on. */
const shortOrders = ["HD-0012-1", "HD-0021-1", "HD-0030-1"];

function theIncident(frame: Frame, tell: (feed: Feed, entry: ForMany) => void): void {
  const raisedAt = before(frame, 0, 8);
  const resolvedAt = raisedAt + 3 * hour;
  const incident = {
    problemId: "INC-1",
    category: "outage",
    regionCode: incidentRegion,
    productRef: incidentProduct,
    affectedService: ["internet"],
    priority: 1,
    timeRaised: isoTime(raisedAt),
  };
  tell("network", { kind: "incident.raised", at: raisedAt, data: incident });
  tell("network", {
    kind: "incident.resolved",
    at: resolvedAt,
    data: { ...incident, resolutionDate: isoTime(resolvedAt) },
  });
}

const beats: readonly (readonly [feed: Feed, everyMs: number])[] = [
  ["carrier", 25 * minute],
  ["field", 100 * minute],
  ["billing", 10 * hour],
];

/** Feeds say that they are alive; the carrier's does not, for three hours of the last day. */
export function heartbeats(frame: Frame): Diary {
  const diary = new Diary(frame, "demo-alive");
  for (const [feed, everyMs] of beats) {
    for (let at = frame.endsAt - daysTold * day; at <= frame.endsAt; at += everyMs) {
      if (feed === "carrier" && at >= frame.silentFrom && at < frame.silentUntil) continue;
      diary.write({
        feed,
        kind: "source.heartbeat",
        at,
        subject: null,
        data: { upTo: isoTime(at) },
      });
    }
  }
  return diary;
}
