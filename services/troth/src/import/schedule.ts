import { isoTime, type Kind, typeOf } from "@troth/events";
import type { ImportedEvent, Json } from "./importer.ts";

/** At one and the same moment what causes goes before what follows from it. */
const kindOrder = [
  "profile.updated",
  "order.placed",
  "contact.completed",
  "contact.abandoned",
  "complaint.raised",
  "complaint.status",
  "product.fault",
  "visit.completed",
  "social.mention",
  "billing.issued",
  "delivery.status",
  "survey.invited",
  "survey.answered",
] as const satisfies readonly Kind[];
export type ImportedKind = (typeof kindOrder)[number];

const rankOf = new Map(kindOrder.map((kind, rank) => [kind, rank]));

/** One event to come. Times are UTC milliseconds. */
export type Planned = {
  readonly kind: ImportedKind;
  readonly id: string;
  readonly source: string;
  readonly time: number;
  readonly recorded: number;
  readonly subject: string;
};

type Entry = Planned & {
  readonly rank: number;
  readonly data: () => { readonly [key: string]: Json | undefined };
};

/** Collects events in any order and gives them in the order in which they could be known. */
export type Schedule = {
  /** `data` is called when the event's turn comes, so a year of orders is never held as events. */
  readonly add: (planned: Planned, data: Entry["data"]) => void;
  readonly events: () => Generator<ImportedEvent>;
};

const compare = (a: Entry, b: Entry): number =>
  a.recorded - b.recorded || a.rank - b.rank || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);

export function openSchedule(): Schedule {
  const entries: Entry[] = [];
  return {
    add: ({ kind, id, source, time, recorded, subject }, data) => {
      const rank = rankOf.get(kind) ?? kindOrder.length;
      entries.push({ kind, id, source, time, recorded, subject, rank, data });
    },
    *events() {
      entries.sort(compare);
      // Many events share a moment with the one before (days, imports): its text is kept.
      let moment = Number.NaN;
      let written = "";
      for (const entry of entries) {
        if (entry.recorded !== moment) {
          moment = entry.recorded;
          written = isoTime(moment);
        }
        yield {
          specversion: "1.0",
          type: typeOf(entry.kind),
          source: entry.source,
          id: entry.id,
          time: entry.time === moment ? written : isoTime(entry.time),
          recordedtime: written,
          subject: entry.subject,
          data: entry.data(),
        };
      }
    },
  };
}
