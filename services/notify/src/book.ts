import { type CohortDecision, isBeyond } from "@troth/events";
import {
  cohortMessage,
  isOver,
  isStanding,
  type Message,
  type StormMessage,
  stormMessage,
} from "./message.ts";

/** Where an output stands in the log of outputs, or in that of its partition. */
export type Place = {
  readonly inOffset: number;
  readonly seq: number;
  /** 0 when it is left out: there is but one. */
  readonly partition?: number;
};

/** What the journal holds, one line each. An entry and the place it moves to are one write. */
export type Entry =
  | {
      readonly kind: "told";
      readonly at: Place;
      readonly minute: number;
      readonly message: Message;
    }
  /** Somebody put an alert off until a moment of log time. */
  | { readonly kind: "snoozed"; readonly at: Place; readonly id: string; readonly until: number }
  /** A revision of an alert that is put off: only the newest is kept, and told when the time is up. */
  | { readonly kind: "held"; readonly at: Place; readonly message: Message }
  | {
      readonly kind: "counted";
      readonly at: Place;
      readonly minute: number;
      readonly owner: string;
    }
  /** How many something reached in one of `of` partitions; told added up, once the last has said it. */
  | {
      readonly kind: "part";
      readonly at: Place;
      readonly said: CohortDecision;
      readonly of: number;
    }
  | { readonly kind: "storm"; readonly message: StormMessage; readonly minute: number }
  | { readonly kind: "passed"; readonly at: Place }
  | {
      readonly kind: "done";
      readonly channel: string;
      readonly id: string;
      readonly revision: number;
    }
  | { readonly kind: "book"; readonly pages: Pages };

type Storm = {
  readonly minute: number;
  /** Alerts told one by one in this minute. */
  readonly told: number;
  readonly counted: number;
  /** Of those counted, how many the last storm message spoke of, and its revision. */
  readonly said: number;
  readonly revision: number;
};

/** A book as plain data, for starting a journal afresh. */
export type Pages = {
  /** One of each partition. */
  readonly seen: Place | readonly Place[];
  readonly open: readonly string[];
  readonly pending: readonly (readonly [channel: string, messages: readonly Message[]])[];
  readonly storms: readonly (readonly [owner: string, storm: Storm])[];
  readonly snoozed?: readonly (readonly [id: string, snooze: Snooze])[];
  readonly parts?: readonly (readonly [name: string, parts: Parts])[];
};

/** What the partitions that have spoken say of one thing that reached many. */
type Parts = { readonly touched: number; readonly partitions: readonly number[] };
type Snooze = { readonly until: number; readonly message: Message | null };

/** A message a channel still has to send; `number` says which journal entry wants it. */
export type Pending = { readonly message: Message; readonly number: number };

const calm = (minute: number): Storm => ({ minute, told: 0, counted: 0, said: 0, revision: 0 });

/**
 * What was told, to whom, and what is still to be sent: a fold over the journal's entries. Of one
 * alert and channel only the newest revision waits; it says all that the older ones said.
 */
export class Book {
  readonly #channels: readonly string[];
  readonly #isFor: (channel: string, message: Message) => boolean;
  readonly #seen = new Map<number, Place>();
  /** Alerts somebody was told of and that are not over. */
  readonly #open = new Set<string>();
  readonly #pending = new Map<string, Map<string, Pending>>();
  readonly #storms = new Map<string, Storm>();
  readonly #snoozed = new Map<string, Snooze>();
  readonly #parts = new Map<string, Parts>();
  #entries = 0;

  constructor(
    channels: readonly string[],
    isFor: (channel: string, message: Message) => boolean = () => true,
  ) {
    this.#channels = channels;
    this.#isFor = isFor;
    for (const channel of channels) this.#pending.set(channel, new Map());
  }

  /** The furthest place of a partition that something was entered of. */
  seen(partition = 0): Place {
    return this.#seen.get(partition) ?? { inOffset: -1, seq: -1 };
  }

  /** Entries applied so far. */
  get entries(): number {
    return this.#entries;
  }

  isTold(id: string): boolean {
    return this.#open.has(id);
  }

  /** Whether an alert is put off at this moment of log time. */
  isSnoozed(id: string, now: number): boolean {
    return (this.#snoozed.get(id)?.until ?? 0) > now;
  }

  /** What was held back of alerts whose time is up. */
  awake(now: number): readonly Message[] {
    return [...this.#snoozed.values()].flatMap(({ until, message }) =>
      until <= now && message !== null ? [message] : [],
    );
  }

  toldInMinute(owner: string, minute: number): number {
    const storm = this.#storms.get(owner);
    return storm?.minute === minute ? storm.told : 0;
  }

  pending(channel: string): ReadonlyMap<string, Pending> {
    return this.#pending.get(channel) ?? new Map();
  }

  /** Storms that counted alerts nobody was told of yet, in minutes before `minute`. */
  storms(minute: number): readonly Entry[] {
    return [...this.#storms].flatMap(([owner, storm]) =>
      storm.minute < minute && storm.counted > storm.said
        ? [
            {
              kind: "storm" as const,
              minute: storm.minute,
              message: stormMessage(owner, storm.minute, storm.revision + 1, storm.counted),
            },
          ]
        : [],
    );
  }

  apply(entry: Entry): void {
    this.#entries += 1;
    switch (entry.kind) {
      case "told": {
        const { message } = entry;
        this.#see(entry.at);
        const owner = message.owner ?? "nobody";
        const storm = this.#stormOf(owner, entry.minute);
        if (!this.#open.has(message.id) && message.kind === "alert") {
          this.#storms.set(owner, { ...storm, told: storm.told + 1 });
        }
        if (isOver(message)) this.#open.delete(message.id);
        else if (isStanding(message)) this.#open.add(message.id);
        const snooze = this.#snoozed.get(message.id);
        if (snooze !== undefined && (isOver(message) || snooze.message !== null))
          this.#snoozed.delete(message.id);
        this.#send(message);
        return;
      }
      case "snoozed": {
        this.#see(entry.at);
        const held = this.#snoozed.get(entry.id)?.message ?? null;
        this.#snoozed.set(entry.id, { until: entry.until, message: held });
        return;
      }
      case "held": {
        this.#see(entry.at);
        const { message } = entry;
        const until = this.#snoozed.get(message.id)?.until ?? 0;
        this.#snoozed.set(message.id, { until, message });
        return;
      }
      case "counted": {
        this.#see(entry.at);
        const storm = this.#stormOf(entry.owner, entry.minute);
        this.#storms.set(entry.owner, { ...storm, counted: storm.counted + 1 });
        return;
      }
      case "part": {
        this.#see(entry.at);
        this.#add(entry.said, entry.at.partition ?? 0, entry.of);
        return;
      }
      case "storm": {
        const { owner, revision, alerts } = entry.message;
        const storm = this.#stormOf(owner, entry.minute);
        this.#storms.set(owner, { ...storm, said: alerts, revision });
        this.#send(entry.message);
        return;
      }
      case "passed":
        this.#see(entry.at);
        return;
      case "done": {
        const waiting = this.#pending.get(entry.channel);
        const next = waiting?.get(entry.id);
        if (next !== undefined && next.message.revision <= entry.revision) {
          waiting?.delete(entry.id);
        }
        return;
      }
      case "book":
        this.#restore(entry.pages);
        return;
    }
  }

  pages(): Pages {
    return {
      seen: [...this.#seen.values()],
      open: [...this.#open],
      pending: [...this.#pending].map(([channel, waiting]) => [
        channel,
        [...waiting.values()].map(({ message }) => message),
      ]),
      storms: [...this.#storms],
      snoozed: [...this.#snoozed],
      parts: [...this.#parts],
    };
  }

  #restore(pages: Pages): void {
    for (const place of "seq" in pages.seen ? [pages.seen] : pages.seen) this.#see(place);
    for (const id of pages.open) this.#open.add(id);
    for (const [channel, messages] of pages.pending) {
      const waiting = this.#pending.get(channel);
      // A channel that was taken out of the configuration has nobody to send to.
      for (const message of messages) waiting?.set(message.id, { message, number: this.#entries });
    }
    for (const [owner, storm] of pages.storms) this.#storms.set(owner, storm);
    for (const [id, snooze] of pages.snoozed ?? []) this.#snoozed.set(id, snooze);
    for (const [name, parts] of pages.parts ?? []) this.#parts.set(name, parts);
  }

  #see(place: Place): void {
    const partition = place.partition ?? 0;
    if (isBeyond(place, this.seen(partition))) this.#seen.set(partition, place);
  }

  #add(said: CohortDecision, partition: number, of: number): void {
    const name = `${said.at} ${said.cohort} ${said.rule}`;
    const known = this.#parts.get(name) ?? { touched: 0, partitions: [] };
    if (known.partitions.includes(partition)) return;
    const touched = known.touched + said.touched;
    const partitions = [...known.partitions, partition];
    this.#parts.set(name, { touched, partitions });
    if (partitions.length < of) return;
    this.#parts.delete(name);
    if (touched > 0) this.#send(cohortMessage({ ...said, touched }));
  }

  #stormOf(owner: string, minute: number): Storm {
    const storm = this.#storms.get(owner);
    return storm?.minute === minute ? storm : calm(minute);
  }

  #send(message: Message): void {
    for (const channel of this.#channels) {
      if (!this.#isFor(channel, message)) continue;
      this.#pending.get(channel)?.set(message.id, { message, number: this.#entries });
    }
  }
}
