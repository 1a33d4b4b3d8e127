import { type CloudEvent, isoTime, type Kind, typeOf } from "@troth/events";

export const second = 1_000;
export const minute = 60 * second;
export const hour = 60 * minute;
export const day = 24 * hour;

/** Everything in the story comes from a house that does not exist; its sources say so. */
export const feeds = {
  shop: "urn:halden-demo:shop",
  care: "urn:halden-demo:contact-centre",
  crm: "urn:halden-demo:crm",
  billing: "urn:billing:halden-demo",
  carrier: "urn:carrier:halden-demo",
  field: "urn:field-service:halden-demo",
  voice: "urn:halden-demo:voice",
  network: "urn:halden-demo:network",
  marketing: "urn:halden-demo:marketing",
  office: "urn:halden-demo:office",
} as const;
export type Feed = keyof typeof feeds;

/** What the diaries of one day share: its end, and when the carrier said nothing. */
export type Frame = {
  readonly endsAt: number;
  readonly silentFrom: number;
  readonly silentUntil: number;
};

export function frameOf(endsAt: number): Frame {
  return { endsAt, silentFrom: endsAt - 9 * hour, silentUntil: endsAt - 6 * hour };
}

export type Entry = {
  readonly feed: Feed;
  readonly kind: Kind;
  readonly at: number;
  /** Null for what concerns many, or a feed. */
  readonly subject: string | null;
  readonly data: Readonly<Record<string, unknown>>;
  /** From happening to being known; a second when not given. */
  readonly lagMs?: number;
};

/** What happened, in the order it is told, with ids that say whose page it stands on. */
export class Diary {
  readonly #frame: Frame;
  readonly #page: string;
  readonly #events: CloudEvent[] = [];

  constructor(frame: Frame, page: string) {
    this.#frame = frame;
    this.#page = page;
  }

  get events(): readonly CloudEvent[] {
    return this.#events;
  }

  /** Writes an entry down. One that is known only after the day has ended is still the future. */
  write(entry: Entry): void {
    const recorded = this.#knownAt(entry);
    if (recorded > this.#frame.endsAt) return;
    this.#events.push({
      specversion: "1.0",
      id: `${this.#page}-${String(this.#events.length + 1).padStart(2, "0")}`,
      source: feeds[entry.feed],
      type: typeOf(entry.kind),
      time: isoTime(entry.at),
      recordedtime: isoTime(recorded),
      tenantid: "default",
      ...(entry.subject === null ? {} : { subject: entry.subject }),
      data: entry.data,
    });
  }

  /** A feed that was silent sends its backlog within minutes, each item with its own true time. */
  #knownAt({ feed, at, lagMs = second }: Entry): number {
    const { silentFrom, silentUntil } = this.#frame;
    const known = at + lagMs;
    if (feed !== "carrier" || known < silentFrom || known >= silentUntil) return known;
    return silentUntil + Math.floor((known - silentFrom) / 60);
  }
}

/** A moment `days` and `hours` before the end of the day. */
export const before = ({ endsAt }: Frame, days: number, hours = 0): number =>
  endsAt - days * day - hours * hour;
