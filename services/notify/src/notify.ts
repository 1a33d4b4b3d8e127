import { type CohortDecision, type Fact, isBeyond, type Output } from "@troth/events";
import type { Clock, Disk, Timer } from "@troth/runtime";
import { Book, type Entry, type Pending, type Place } from "./book.ts";
import { type Channel, isFor } from "./channel.ts";
import { openJournal } from "./journal.ts";
import {
  alertMessage,
  cohortMessage,
  flagMessage,
  isOver,
  type Message,
  sourceMessage,
} from "./message.ts";
import { openSender, type Sender } from "./sender.ts";

export type NotifyTell = {
  readonly sent: (channel: string, message: Message) => void;
  /** It will be tried again in `againMs`. */
  readonly failed: (channel: string, message: Message, why: string, againMs: number) => void;
  readonly gaveUp: (channel: string, message: Message, why: string) => void;
  /** A torn journal was cut; some messages may be sent again, with the same ids. */
  readonly torn: (bytes: number) => void;
  /** The journal cannot be written: nothing is sent until it can. */
  readonly stuck: (error: unknown) => void;
};

export type NotifyOptions = {
  readonly channels: readonly Channel[];
  readonly dir: string;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly tell: NotifyTell;
  /** New alerts told one by one for an owner in a minute of log time; the rest are told as a number. */
  readonly alertsPerOwnerAndMinute?: number;
  /** New alerts about one customer told in an hour of log time; the rest are counted for the owner. */
  readonly alertsPerCustomerAndHour?: number;
  /** Whom a cohort touched, in words by segment; null when nobody can say. */
  readonly whom?: (cohort: CohortDecision) => string | null;
  /** Whose customer it is; null when that cannot be told, and then nobody hears of their flag. */
  readonly tenantOf?: (customer: string) => string | null;
  /** Partitions whose outputs are handed in; what reaches many is said by each of them. */
  readonly partitions?: number;
  /** The journal is written afresh, without what is done, when it has grown to this and doubled. */
  readonly journalBytes?: number;
};

export type Notify = {
  /**
   * Takes the next output of a partition, in order; what was seen before is dropped. After a start all
   * are handed in from the beginning: whoever is told again is known by that.
   */
  readonly fold: (output: Output, partition?: number) => void;
  /**
   * Says that everything written before this start has been folded. Until then nothing is sent; then
   * only what still stands, or what somebody was told of before.
   */
  readonly caughtUp: () => void;
  /** Resolves once nothing can be sent at this moment: all is sent, or waits for its next attempt. */
  readonly idle: () => Promise<void>;
  /** Whom an alert that is not over speaks of; null when there is none such. */
  readonly customerOf: (alertId: string) => string | null;
  /** Messages not sent yet, over all channels. */
  readonly waiting: () => number;
  readonly close: () => Promise<void>;
};

const minuteMs = 60_000;
const hourMs = 3_600_000;

type News = { readonly output: Output; readonly partition: number; readonly message: Message };

const placeOf = ({ inOffset, seq }: Output, partition: number): Place => ({
  inOffset,
  seq,
  ...(partition > 0 && { partition }),
});

/** How many alerts are remembered by their newest revision; the oldest are over long since. */
const newestMax = 500_000;

/** The newest revision heard of each alert, whichever partition said it. */
class Newest {
  readonly #revisions = new Map<string, number>();

  see(message: Message): void {
    if (message.kind !== "alert" || this.isOlder(message)) return;
    this.#revisions.delete(message.id);
    this.#revisions.set(message.id, message.revision);
    const oldest = this.#revisions.keys().next().value;
    if (this.#revisions.size > newestMax && oldest !== undefined) this.#revisions.delete(oldest);
  }

  isOlder(message: Message): boolean {
    return message.kind === "alert" && message.revision < (this.#revisions.get(message.id) ?? 0);
  }
}

/**
 * Tells the outside of alerts, at least once, each with an id that stays the same, never an older
 * revision after a newer one. What is to be said is in the journal before it is said.
 */
export async function openNotify(options: NotifyOptions): Promise<Notify> {
  const { channels, clock, tell, alertsPerOwnerAndMinute = 10 } = options;
  const { alertsPerCustomerAndHour = 3, partitions = 1 } = options;
  const { journalBytes = 8 * 1024 * 1024 } = options;
  const journal = await openJournal(options.dir, options.disk);
  if (journal.tornBytes > 0) tell.torn(journal.tornBytes);
  const book = new Book(
    channels.map(({ name }) => name),
    (name, message) => channels.some((one) => one.name === name && isFor(one, message)),
  );
  for (const entry of journal.entries) book.apply(entry);
  let unwritten: Entry[] = [];
  let durable = book.entries;
  let afreshBytes = journalBytes;
  let flushing: Promise<void> | null = null;
  /** Alerts of the backlog as they stand; null once caught up. */
  let backlog: Map<string, News> | null = new Map();
  /** What somebody was told of before this start and that still stands, as it was last said. */
  const standing = new Map<string, Message>();
  const silences = new Map<string, number>();
  const customers = new Map<string, string>();
  const newest = new Newest();
  const ofCustomer = new Map<string, number>();
  let hour = 0;
  let now = 0;
  let minute = 0;
  let stormTimer: Timer | null = null;

  const record = (entry: Entry): void => {
    book.apply(entry);
    unwritten.push(entry);
  };

  const write = async (): Promise<void> => {
    while (unwritten.length > 0) {
      const entries = unwritten;
      unwritten = [];
      const upTo = book.entries;
      try {
        if (journal.size() < afreshBytes) await journal.append(entries);
        else {
          await journal.replace({ kind: "book", pages: book.pages() });
          // What stands may itself be long, and then writing it for every entry would never end.
          afreshBytes = Math.max(journalBytes, 2 * journal.size());
        }
      } catch (error) {
        unwritten = [...entries, ...unwritten];
        throw error;
      }
      durable = Math.max(durable, upTo);
    }
  };
  /** Group commit: whoever asks while a write is under way shares the next one. */
  const flush = async (): Promise<void> => {
    while (unwritten.length > 0 || flushing !== null) {
      flushing ??= write().finally(() => {
        flushing = null;
      });
      await flushing;
    }
  };

  function* ready(channel: string): Generator<Pending> {
    for (const one of book.pending(channel).values()) if (one.number <= durable) yield one;
  }
  const senders: readonly Sender[] = channels.map((channel) =>
    openSender({
      channel,
      clock,
      tell,
      flush,
      waiting: () => ready(channel.name),
      done: ({ id, revision }) => record({ kind: "done", channel: channel.name, id, revision }),
    }),
  );
  const wake = (): void => {
    for (const sender of senders) sender.wake();
  };

  const sayStorms = (before: number): void => {
    for (const entry of book.storms(before)) record(entry);
  };
  /** On a log that has gone quiet no later minute comes to say how many there were. */
  const expectQuiet = (): void => {
    stormTimer ??= clock.setTimer(minuteMs, () => {
      stormTimer = null;
      sayStorms(Number.POSITIVE_INFINITY);
      wake();
    });
  };

  /** Counts a new alert for its customer; true when there were enough of them this hour. */
  const isTooMuch = ({ body, stamp }: Output): boolean => {
    if (body.kind !== "alert") return false;
    if (Math.floor(stamp / hourMs) !== hour) {
      hour = Math.floor(stamp / hourMs);
      ofCustomer.clear();
    }
    const count = (ofCustomer.get(body.customer) ?? 0) + 1;
    ofCustomer.set(body.customer, count);
    return count > alertsPerCustomerAndHour;
  };

  const decide = ({ output, partition, message }: News, inMinute: number): void => {
    const at = placeOf(output, partition);
    if (output.body.kind === "cohort" && partitions > 1) {
      record({ kind: "part", at, said: output.body, of: partitions });
      return;
    }
    // An alert that moved to another partition is spoken of by both, and they are not read in one order.
    if (newest.isOlder(message)) {
      record({ kind: "passed", at });
      return;
    }
    const isTold = book.isTold(message.id);
    if (isOver(message) && !isTold) {
      record({ kind: "passed", at });
      return;
    }
    if (!isOver(message) && book.isSnoozed(message.id, now)) {
      record({ kind: "held", at, message });
      return;
    }
    const owner = message.owner ?? "nobody";
    // Who was told of an alert hears how it went on, whatever the weather.
    const isFree = isTold || message.kind !== "alert";
    if (
      isFree ||
      (!isTooMuch(output) && book.toldInMinute(owner, inMinute) < alertsPerOwnerAndMinute)
    ) {
      record({ kind: "told", at, minute: inMinute, message });
    } else {
      record({ kind: "counted", at, minute: inMinute, owner });
      expectQuiet();
    }
  };

  /** What is to be said of an output, if anything is. */
  const messageOf = (output: Output): Message | null => {
    const { body } = output;
    switch (body.kind) {
      case "alert":
        return alertMessage(body);
      case "cohort":
        return body.touched === 0 && partitions === 1
          ? null
          : cohortMessage(body, options.whom?.(body) ?? null);
      case "source": {
        if (body.state === "silent") silences.set(body.source, body.at);
        return sourceMessage(body, silences.get(body.source) ?? body.at);
      }
      case "flag": {
        const tenant = options.tenantOf?.(body.customer) ?? null;
        const message = tenant === null ? null : flagMessage(body, output, tenant);
        return message !== null && channels.some((one) => isFor(one, message)) ? message : null;
      }
      case "noise":
      case "pledge":
      case "survey":
      case "retraction":
      case "merge":
      case "split":
        return null;
    }
  };

  const snooze = (at: Place, { data }: Fact): void => {
    const { alertId, until } = data;
    if (typeof alertId !== "string" || typeof until !== "number") return;
    record({ kind: "snoozed", at, id: alertId, until });
  };

  /** Of alerts that were put off until now, the newest word. */
  const sayAwake = (): void => {
    for (const message of book.awake(now))
      record({ kind: "told", at: book.seen(), minute, message });
  };

  return {
    fold: (output, partition = 0) => {
      now = Math.max(now, output.stamp);
      minute = Math.floor(now / minuteMs);
      const message = messageOf(output);
      if (message !== null) newest.see(message);
      if (output.body.kind === "alert" && message !== null && !newest.isOlder(message)) {
        if (isOver(message)) customers.delete(message.id);
        else customers.set(message.id, output.body.customer);
      }
      if (!isBeyond(output, book.seen(partition))) {
        if (message === null || newest.isOlder(message)) return;
        if (book.isTold(message.id)) standing.set(message.id, message);
        return;
      }
      if (output.body.kind === "noise" && output.body.fact.kind === "alert.snoozed")
        snooze(placeOf(output, partition), output.body.fact);
      if (backlog !== null) {
        // Taken out first, so that the map stays in order of the last word about each.
        if (message === null) return;
        const name = output.body.kind === "cohort" ? `${message.id} ${partition}` : message.id;
        if (newest.isOlder(message)) return;
        backlog.delete(name);
        backlog.set(name, { output, partition, message });
        return;
      }
      if (book.storms(minute).length > 0 || book.awake(now).length > 0 || message !== null) {
        sayStorms(minute);
        sayAwake();
        if (message !== null) decide({ output, partition, message }, minute);
        wake();
      }
    },
    caughtUp: () => {
      if (backlog === null) return;
      const news = [...backlog.values()];
      backlog = null;
      const before = [...standing.values()].filter(({ id }) => book.isTold(id));
      for (const channel of channels) channel.standing?.(before);
      standing.clear();
      // A new minute's alerts would take the place of what an earlier one counted and nobody was told.
      sayStorms(minute);
      for (const one of news) decide(one, minute);
      if (book.storms(Number.POSITIVE_INFINITY).length > 0) expectQuiet();
      wake();
    },
    idle: async () => {
      for (const sender of senders) await sender.idle();
    },
    customerOf: (alertId) => customers.get(alertId) ?? null,
    waiting: () => channels.reduce((sum, { name }) => sum + book.pending(name).size, 0),
    close: async () => {
      stormTimer?.cancel();
      for (const sender of senders) await sender.close();
      for (const channel of channels) await channel.close?.();
      await flush().catch(tell.stuck);
      await journal.close();
    },
  };
}
