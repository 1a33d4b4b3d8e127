import { createViews, isLoopback, openDesk, signInOf } from "@troth/desk";
import type { Flag } from "@troth/events";
import type { Log } from "@troth/log";
import type { Policy } from "@troth/policy";
import { readDeskSettings } from "../desk-settings.ts";
import type { Posted } from "../partitioned/flag-board.ts";
import { type Kept, type Supervised, supervise } from "../partitioned/supervise.ts";
import { AddedUp } from "./added-up.ts";
import { follow } from "./follow.ts";
import { numbered, openTopic, type Place, partitionsOf, type Service, topics } from "./place.ts";

type Posting = {
  readonly at: Omit<Posted, "flag">;
  readonly flag: (Omit<Flag, "at"> & { readonly at: string }) | null;
};

/** Reads who is flagged in one partition; the latest word about each, by the place it was said at. */
function followFlags(flags: Log, show: (customer: string, flag: Flag | null) => void): Kept {
  const stop = new AbortController();
  const seen = new Map<string, number>();
  const run = async (): Promise<void> => {
    for await (const batch of flags.readBatches(0, { follow: stop.signal })) {
      for (const { bytes } of batch) {
        const { at, flag } = JSON.parse(bytes.toString("utf8")) as Posting;
        if (at.inOffset < (seen.get(at.key) ?? -1)) continue;
        seen.set(at.key, at.inOffset);
        show(at.customer, flag === null ? null : { ...flag, at: Date.parse(flag.at) });
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

/** The window over all partitions; it reads, and keeps nothing but what it has read. */
export async function runDesk(place: Place, policy: Policy): Promise<Service> {
  const { kafka, clock, log, stop } = place;
  const partitions = await partitionsOf(kafka);
  const views = createViews(policy);
  const added = new AddedUp(partitions, (output) => views.fold(output));
  const shown = new Map<string, Flag>();
  let logTime = 0;

  const open = async (partition: number): Promise<Kept> => {
    const decisions = await openTopic(kafka, topics.decisions, partition);
    const flags = await openTopic(kafka, topics.flags, partition);
    const said = await follow(decisions, (output) => {
      logTime = Math.max(logTime, output.stamp);
      added.fold(partition, output);
    });
    const board = followFlags(flags, (customer, flag) => {
      if (flag !== null) shown.set(customer, flag);
      else shown.delete(customer);
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
  const settings = await readDeskSettings(process.env["TROTH_DESK"]);
  const signIn = signInOf(settings) ?? null;
  if (signIn === null && !isLoopback(place.host)) {
    log.warn("the desk listens on 127.0.0.1 only: nobody signs in (TROTH_DESK names no provider)");
  }
  const host = signIn === null && !isLoopback(place.host) ? "127.0.0.1" : place.host;
  const desk = await openDesk({
    signIn,
    ...(settings.hosts && { hosts: settings.hosts }),
    views,
    policy,
    flagNow: (customer) => shown.get(customer) ?? null,
    logTime: () => Math.max(logTime, place.isLive ? clock.now() : 0),
    listen: { host, port: place.port === 0 ? 0 : place.port + 1 },
    tell: {
      answered: () => undefined,
      failed: (error) => log.error("the desk failed to answer", { error: String(error) }),
    },
  });
  stop.defer("desk", () => desk.close());
  return {
    health: () => readers.flatMap((reader) => reader.stopped() ?? []).join("; ") || null,
    ready: () => null,
    waits: () => readers.flatMap((reader) => reader.waits()),
    says: `desk   ${desk.url}`,
  };
}
