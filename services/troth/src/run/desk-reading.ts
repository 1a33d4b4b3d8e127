import type { DeskViews } from "@troth/desk";
import { type Flag, isBeyond, type Output } from "@troth/events";
import type { Log } from "@troth/log";
import { Names, openedAnew } from "../keys/names.ts";
import type { Posted } from "../partitioned/flag-board.ts";
import { type Kept, type Supervised, supervise } from "../partitioned/supervise.ts";
import { AddedUp } from "./added-up.ts";
import { follow } from "./follow.ts";
import type { Landed } from "./landed.ts";
import { numbered, openTopic, type Place, partitionsOf, type Service, topics } from "./place.ts";

type Posting = {
  readonly at: Omit<Posted, "flag">;
  readonly flag: (Omit<Flag, "at"> & { readonly at: string }) | null;
};

/** Reads who is flagged in one partition; the latest word about each, by the place it was said at. */
function followFlags(
  flags: Log,
  show: (customer: string, flag: Flag | null) => Promise<void>,
): Kept {
  const stop = new AbortController();
  const seen = new Map<string, number>();
  const run = async (): Promise<void> => {
    for await (const batch of flags.readBatches(0, { follow: stop.signal })) {
      for (const { bytes } of batch) {
        const { at, flag } = JSON.parse(bytes.toString("utf8")) as Posting;
        if (at.inOffset < (seen.get(at.key) ?? -1)) continue;
        seen.set(at.key, at.inOffset);
        await show(at.customer, flag === null ? null : { ...flag, at: Date.parse(flag.at) });
      }
    }
  };
  const running = run();
  running.catch(() => undefined);
  return {
    running,
    close: async () => {
      stop.abort();
      await running.catch(() => undefined);
      await flags.close();
    },
  };
}

export type Reading = Pick<Service, "waits"> & {
  /** As last said of a customer. */
  readonly flagNow: (customer: string) => Flag | null;
  readonly logTime: () => number;
  /** Everything that was there at the start is folded. */
  readonly isCaughtUp: () => boolean;
  /** Resolves once it is. */
  readonly caughtUp: Promise<void>;
  /** Calls `one` with every output behind the view. */
  readonly hear: (one: (output: Output) => void) => void;
  readonly stopped: () => string | null;
};

const nowhere = { inOffset: -1, seq: -1 };

/** What all partitions say, made one view, each output once however often its reader begins anew. */
export async function readPartitions(
  { kafka, keys, clock, log, stop, isLive }: Place,
  views: DeskViews,
  landed: Landed,
): Promise<Reading> {
  const partitions = await partitionsOf(kafka);
  const names = keys === null ? null : new Names(keys);
  const facts = names === null ? null : await openTopic(kafka, topics.facts, 0);
  if (facts !== null) stop.defer("facts", () => facts.close());
  const opened = names === null || facts === null ? null : openedAnew(facts, names);
  const shown = new Map<string, Flag>();
  const listeners: ((output: Output) => void)[] = [];
  const places = numbered(partitions).map(() => nowhere);
  const behind = new Set(numbered(partitions));
  let wake: () => void = () => undefined;
  const caughtUp = new Promise<void>((resolve) => {
    wake = resolve;
  });
  let logTime = 0;
  const added = new AddedUp(partitions, (output) => {
    views.fold(output);
    for (const listener of listeners) listener(output);
  });
  const fold = (partition: number, output: Output): void => {
    if (!isBeyond(output, places[partition] ?? nowhere)) return;
    places[partition] = { inOffset: output.inOffset, seq: output.seq };
    logTime = Math.max(logTime, output.stamp);
    added.fold(partition, output);
    landed.fold(output);
  };
  const open = async (partition: number): Promise<Kept> => {
    const decisions = await openTopic(kafka, topics.decisions, partition);
    const flags = await openTopic(kafka, topics.flags, partition);
    const folded = async (sealed: Output): Promise<void> => {
      const open = (): Output => names?.heard(sealed) ?? sealed;
      fold(partition, opened === null ? sealed : await opened(open));
    };
    const said = await follow(decisions, folded, {
      batchEnded: () => landed.batchEnded(),
    });
    void said.caughtUp.then(() => {
      behind.delete(partition);
      if (behind.size === 0) wake();
    });
    const board = followFlags(flags, async (token, sealed) => {
      const open = () => names?.open({ token, sealed }) ?? { token, sealed };
      const { token: customer, sealed: flag } = opened === null ? open() : await opened(open);
      if (flag !== null) shown.set(customer, flag);
      else shown.delete(customer);
      views.rescored(customer);
    });
    return {
      running: Promise.race([said.running, board.running]),
      close: async () => {
        await Promise.all([said.close(), board.close()]);
      },
    };
  };
  const readers: readonly Supervised<Kept>[] = numbered(partitions).map((one) =>
    supervise({ name: `desk, partition ${one}`, open: () => open(one), clock, log }),
  );
  stop.defer("readers", async () => {
    await Promise.all(readers.map((reader) => reader.close()));
  });
  return {
    flagNow: (customer) => shown.get(customer) ?? null,
    logTime: () => Math.max(logTime, isLive ? clock.now() : 0),
    isCaughtUp: () => behind.size === 0,
    caughtUp,
    hear: (one) => void listeners.push(one),
    waits: () => readers.flatMap((reader) => reader.waits()),
    stopped: () => readers.flatMap((reader) => reader.stopped() ?? []).join("; ") || null,
  };
}
