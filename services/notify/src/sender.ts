import type { Clock } from "@troth/runtime";
import type { Pending } from "./book.ts";
import type { Channel } from "./channel.ts";
import type { Message } from "./message.ts";
import type { NotifyTell } from "./notify.ts";

export type SenderOptions = {
  readonly channel: Channel;
  readonly clock: Clock;
  readonly tell: NotifyTell;
  /** Resolves once everything decided so far is in the journal, durably. */
  readonly flush: () => Promise<void>;
  /** Messages to be sent whose reason is durable. */
  readonly waiting: () => Iterable<Pending>;
  readonly done: (message: Message) => void;
};

export type Sender = {
  /** There may be something to send. */
  readonly wake: () => void;
  /** Resolves once nothing can be sent at this moment. */
  readonly idle: () => Promise<void>;
  /** Finishes the message under way. */
  readonly close: () => Promise<void>;
};

const firstBackOffMs = 1_000;
const backOffMsMax = 300_000;
/** About three days at the longest back-off. */
const attemptsMax = 900;

const backOffMs = (attempts: number): number =>
  Math.min(firstBackOffMs * 2 ** Math.min(attempts - 1, 20), backOffMsMax);

type Attempts = { readonly count: number; readonly at: number; readonly notBefore: number };

/** The part of a message's id that is safe in a header and holds no separator of ours. */
const plain = (text: string): string => encodeURIComponent(text).replaceAll(".", "%2E");

/** The same for every attempt at one revision on one channel: by it receivers know repetitions. */
export const idOf = (message: Message, channel: string): string =>
  `${plain(message.id)}:${message.revision}:${plain(channel)}`;

/** Sends one channel's messages, one at a time, so that no revision can overtake another. */
export function openSender(options: SenderOptions): Sender {
  const { channel, clock, tell, flush, waiting, done } = options;
  const attempts = new Map<string, Attempts>();
  let stopped = false;
  let woken = true;
  let resting = false;
  let awake: (() => void) | null = null;
  let onRest: (() => void)[] = [];

  const rouse = (): void => {
    resting = false;
    awake?.();
  };

  /** Sleeps for so long, or until woken. */
  const rest = async (ms: number | null): Promise<void> => {
    const timer = ms === null ? null : clock.setTimer(ms, rouse);
    await new Promise<void>((resolve) => {
      awake = resolve;
      resting = true;
      const waiters = onRest;
      onRest = [];
      for (const waiter of waiters) waiter();
    });
    awake = null;
    timer?.cancel();
  };

  /** The first message that is not backing off, or how long until one no longer is. */
  const pick = (): { readonly message: Message | null; readonly inMs: number | null } => {
    const now = clock.now();
    let inMs: number | null = null;
    for (const { message } of waiting()) {
      const tried = attempts.get(message.id);
      // A clock that was set back says nothing about how long it has been: better soon than in a day.
      const left = tried === undefined || now < tried.at ? 0 : tried.notBefore - now;
      if (left <= 0) return { message, inMs: null };
      inMs = Math.min(inMs ?? left, left);
    }
    return { message: null, inMs };
  };

  const attempt = async (message: Message): Promise<void> => {
    const sent = await channel.send(message, idOf(message, channel.name));
    if (sent.arrived) {
      attempts.delete(message.id);
      tell.sent(channel.name, message);
      done(message);
      return;
    }
    // A newer revision waits like the older one: the receiver is no better for the news.
    const count = (attempts.get(message.id)?.count ?? 0) + 1;
    if (count >= attemptsMax) {
      attempts.delete(message.id);
      tell.gaveUp(channel.name, message, sent.why);
      done(message);
      return;
    }
    const againMs = Math.max(backOffMs(count), sent.afterMs ?? 0);
    const at = clock.now();
    attempts.set(message.id, { count, at, notBefore: at + againMs });
    tell.failed(channel.name, message, sent.why, againMs);
  };

  const turn = async (): Promise<void> => {
    await flush();
    const { message, inMs } = pick();
    if (message !== null) await attempt(message);
    else if (!woken && !stopped) await rest(inMs);
    woken = false;
  };

  const run = async (): Promise<void> => {
    for (let failures = 0; !stopped; ) {
      try {
        await turn();
        failures = 0;
      } catch (error) {
        failures += 1;
        tell.stuck(error);
        if (!stopped) await rest(backOffMs(failures));
      }
    }
    for (const waiter of onRest) waiter();
  };
  const running = run();

  const wake = (): void => {
    woken = true;
    rouse();
  };
  return {
    wake,
    idle: () =>
      stopped || resting ? Promise.resolve() : new Promise((resolve) => onRest.push(resolve)),
    close: async () => {
      stopped = true;
      wake();
      await running;
    },
  };
}
