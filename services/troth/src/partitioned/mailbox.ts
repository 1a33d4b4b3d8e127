import type { Log } from "@troth/log";
import type { Exchange, Told } from "@troth/monitor";

/** One side of an exchange between two partitions, as the transfers log of the other one holds it. */
type Letter = {
  readonly policy: string;
  readonly exchange: number;
  readonly from: number;
  readonly told: Told;
};

export type MailboxState = {
  /** Offset of the earliest letter that may still be needed. */
  readonly from: number;
  /** By policy, the latest exchange that was answered; letters up to it are copies. */
  readonly heard: readonly (readonly [string, number])[];
};

export const emptyMailbox: MailboxState = { from: 0, heard: [] };

/**
 * What a partition tells the others and hears of them when customers are joined across. The same
 * letter may be written many times (by every owner that came to that record); the first is as good as
 * any, as all say the same.
 */
export type Mailbox = {
  readonly tell: (policy: string, exchange: Exchange) => Promise<void>;
  /** Resolves with what the other side told; null when stopped first. Rejects if the log fails. */
  readonly hear: (policy: string, exchange: Exchange) => Promise<Told | null>;
  readonly state: () => MailboxState;
  readonly close: () => Promise<void>;
};

type Waiting = { readonly name: string; readonly wake: (told: Told | null) => void };

export function openMailbox(
  partition: number,
  transfers: readonly Log[],
  begun: MailboxState,
): Mailbox {
  const stop = new AbortController();
  const letters = new Map<string, { readonly offset: number; readonly told: Told }>();
  const heard = new Map(begun.heard);
  let next = begun.from;
  let waiting: Waiting | null = null;
  let failure: { readonly error: unknown } | null = null;
  const failing = new Set<(error: unknown) => void>();

  const nameOf = (policy: string, exchange: number): string => `${policy} ${exchange}`;
  const read = async (): Promise<void> => {
    const inbox = transfers[partition];
    if (inbox === undefined) return;
    for await (const batch of inbox.readBatches(next, { follow: stop.signal })) {
      for (const record of batch) {
        next = record.offset + 1;
        const letter = JSON.parse(record.bytes.toString("utf8")) as Letter;
        if (letter.exchange <= (heard.get(letter.policy) ?? -1)) continue;
        const name = nameOf(letter.policy, letter.exchange);
        if (letters.has(name)) continue;
        letters.set(name, { offset: record.offset, told: letter.told });
        if (waiting?.name === name) waiting.wake(letter.told);
      }
    }
  };
  const reading = read().catch((error: unknown) => {
    failure = { error };
    for (const tell of failing) tell(error);
  });

  return {
    tell: async (policy, { exchange, other, tells }) => {
      const letter: Letter = { policy, exchange, from: partition, told: tells };
      const bytes = Buffer.from(JSON.stringify(letter));
      await transfers[other]?.append([{ bytes }], 0);
    },
    hear: async (policy, { exchange }) => {
      const name = nameOf(policy, exchange);
      const known = letters.get(name)?.told;
      const told =
        known ??
        (await new Promise<Told | null>((resolve, reject) => {
          if (failure !== null) return reject(failure.error);
          if (stop.signal.aborted) return resolve(null);
          waiting = { name, wake: resolve };
          failing.add(reject);
        }).finally(() => {
          waiting = null;
          failing.clear();
        }));
      if (told === null) return null;
      letters.delete(name);
      heard.set(policy, exchange);
      return told;
    },
    state: () => ({
      from: Math.min(next, ...[...letters.values()].map(({ offset }) => offset)),
      heard: [...heard],
    }),
    close: async () => {
      stop.abort();
      waiting?.wake(null);
      await reading;
    },
  };
}
