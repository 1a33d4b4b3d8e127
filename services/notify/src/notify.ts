import { isBeyond, type Output } from "@troth/events";
import type { Clock, Disk, Timer } from "@troth/runtime";
import { Book, type Entry, type Pending } from "./book.ts";
import type { Channel } from "./channel.ts";
import { openJournal } from "./journal.ts";
import { type AlertMessage, alertMessage, isOver, type Message } from "./message.ts";
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
  /** The journal is written afresh, without what is done, when it has grown to this and doubled. */
  readonly journalBytes?: number;
};

export type Notify = {
  /** Takes the next output in order; what was seen before is dropped. Throws what stopped the journal. */
  readonly fold: (output: Output) => void;
  /**
   * Says that everything written before this start has been folded. Until then nothing is sent; then
   * only what still stands, or what somebody was told of before.
   */
  readonly caughtUp: () => void;
  /** Resolves once nothing can be sent at this moment: all is sent, or waits for its next attempt. */
  readonly idle: () => Promise<void>;
  /** Messages not sent yet, over all channels. */
  readonly waiting: () => number;
  readonly close: () => Promise<void>;
};

const minuteMs = 60_000;

/**
 * Tells the outside of alerts, at least once, each with an id that stays the same, never an older
 * revision after a newer one. What is to be said is in the journal before it is said.
 */
export async function openNotify(options: NotifyOptions): Promise<Notify> {
  const { channels, clock, tell, alertsPerOwnerAndMinute = 10 } = options;
  const { journalBytes = 8 * 1024 * 1024 } = options;
  const journal = await openJournal(options.dir, options.disk);
  if (journal.tornBytes > 0) tell.torn(journal.tornBytes);
  const book = new Book(channels.map(({ name }) => name));
  for (const entry of journal.entries) book.apply(entry);
  let unwritten: Entry[] = [];
  let durable = book.entries;
  let afreshBytes = journalBytes;
  let flushing: Promise<void> | null = null;
  /** Alerts of the backlog as they stand; null once caught up. */
  let backlog: Map<string, { output: Output; message: AlertMessage }> | null = new Map();
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

  const decide = (output: Output, message: AlertMessage, inMinute: number): void => {
    const at = { inOffset: output.inOffset, seq: output.seq };
    const isTold = book.isTold(message.id);
    if (isOver(message) && !isTold) {
      record({ kind: "passed", at });
      return;
    }
    const owner = message.owner ?? "nobody";
    // Who was told of an alert hears how it went on, whatever the weather.
    if (isTold || book.toldInMinute(owner, inMinute) < alertsPerOwnerAndMinute) {
      record({ kind: "told", at, minute: inMinute, message });
    } else {
      record({ kind: "counted", at, minute: inMinute, owner });
      expectQuiet();
    }
  };

  return {
    fold: (output) => {
      minute = Math.max(minute, Math.floor(output.stamp / minuteMs));
      if (output.body.kind !== "alert" || !isBeyond(output, book.seen)) {
        if (backlog === null && book.storms(minute).length > 0) {
          sayStorms(minute);
          wake();
        }
        return;
      }
      const message = alertMessage(output.body);
      if (backlog !== null) {
        // Taken out first, so that the map stays in order of the last word about each.
        backlog.delete(message.id);
        backlog.set(message.id, { output, message });
        return;
      }
      sayStorms(minute);
      decide(output, message, minute);
      wake();
    },
    caughtUp: () => {
      if (backlog === null) return;
      const standing = [...backlog.values()];
      backlog = null;
      for (const { output, message } of standing) decide(output, message, minute);
      if (book.storms(Number.POSITIVE_INFINITY).length > 0) expectQuiet();
      wake();
    },
    idle: async () => {
      for (const sender of senders) await sender.idle();
    },
    waiting: () => channels.reduce((sum, { name }) => sum + book.pending(name).size, 0),
    close: async () => {
      stormTimer?.cancel();
      for (const sender of senders) await sender.close();
      await flush().catch(tell.stuck);
      await journal.close();
    },
  };
}
