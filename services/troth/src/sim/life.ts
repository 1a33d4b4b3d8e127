import { createViews } from "@troth/desk";
import { parseEvent, parseLine } from "@troth/events";
import { defaultLimits, type IntakeOptions } from "@troth/intake";
import { openWebhookChannel } from "@troth/notify";
import type { Policy } from "@troth/policy";
import { type Logger, openStop, type Stop } from "@troth/runtime";
import { type Embedded, openEmbedded, type Sizes } from "../embedded/embedded.ts";
import { type Listeners, openListeners } from "../embedded/listeners.ts";
import { receiverSecret, receiverUrl } from "./receiver.ts";
import type { SimWorld } from "./world.ts";

export const dataDir = "/data";

/** Small enough that everything that happens once a week happens several times a minute. */
export type SimSizes = Sizes & {
  readonly lakeRecords: number;
  readonly lakeLongestMs: number;
  readonly journalBytes: number;
  readonly alertsPerOwnerAndMinute: number;
};

/** Facts whose fate was told, and how far the judge said to have come, in one life. */
export type Fates = { applied: number; duplicates: number; turnedAway: number };

export type Life = {
  /** What the door takes in; null until it is open, and once it is closed. */
  readonly door: () => IntakeOptions | null;
  readonly embedded: () => Embedded | null;
  readonly listeners: () => Listeners | null;
  /** True once everything before this start is judged and read. */
  readonly isUp: () => boolean;
  readonly stop: Stop;
  /** Settles when the process has ended by itself: with its exit code. */
  readonly ended: Promise<number>;
  readonly fates: Fates;
};

const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

function traced(world: SimWorld): Logger {
  const say =
    (level: string) =>
    (message: string, fields: object = {}): void =>
      world.trace(
        `${level} ${message} ${JSON.stringify(fields, (_, value) => (value instanceof Error ? value.message : value))}`,
      );
  return { ...silent, warn: say("warn"), error: say("error") };
}

/** One process from start to end: what `troth start` does, on simulated ground. */
export function beginLife(world: SimWorld, policy: Policy, sizes: SimSizes): Life {
  const { clock, rng } = world;
  const disk = world.attachDisk();
  const log = traced(world);
  const host = { on: () => undefined, off: () => undefined, exit: () => undefined };
  const stop = openStop({ host, clock });
  const fates: Fates = { applied: 0, duplicates: 0, turnedAway: 0 };
  let door: IntakeOptions | null = null;
  let embedded: Embedded | null = null;
  let listeners: Listeners | null = null;
  let loading = true;
  world.believable.disturbed();

  const open = async (): Promise<void> => {
    const running = await openEmbedded({
      dir: dataDir,
      world: {
        clock,
        disk,
        rng,
        openDoor: async (options) => {
          door = { ...options, parse: { line: parseLine, event: parseEvent } };
          return {
            port: 0,
            close: async () => {
              door = null;
            },
          };
        },
      },
      policy,
      keys: null,
      stop,
      log,
      intakePort: 0,
      host: "simulated",
      clock: () => "live",
      tell: {
        admitted: () => undefined,
        fate: (fate) => {
          if (fate === "applied") fates.applied += 1;
          else if (fate === "duplicate") fates.duplicates += 1;
          else fates.turnedAway += 1;
        },
        judged: (_, stamp) => {
          if (!loading) world.believable.hold(stamp);
        },
      },
      sizes,
    });
    const channel = openWebhookChannel({
      url: receiverUrl,
      allowedHosts: [],
      secrets: [receiverSecret],
      http: world.http,
      clock,
    });
    if (!channel.ok) throw new Error(channel.error);
    const views = createViews(policy);
    const heard = await openListeners({
      lake: {
        store: world.store,
        genesis: running.genesis,
        begin: "resume",
        closing: { records: sizes.lakeRecords, longestMs: sizes.lakeLongestMs },
      },
      notify: {
        channels: [channel.value],
        dir: `${dataDir}/notify`,
        disk,
        clock,
        tell: {
          sent: () => undefined,
          failed: () => undefined,
          gaveUp: (_, message) => world.trace(`error gave up ${message.id}`),
          torn: () => undefined,
          stuck: (error) => log.warn("nothing can be sent", { error: String(error) }),
        },
        alertsPerOwnerAndMinute: sizes.alertsPerOwnerAndMinute,
        journalBytes: sizes.journalBytes,
      },
      facts: running.facts,
      clock,
      stop: stop.signal,
      folds: { desk: (output) => views.fold(output) },
      tell: {
        lakeReached: () => undefined,
        lakeWaits: (error) => log.warn("the lake waits", { error: String(error) }),
      },
    });
    stop.defer("notify", heard.close);
    running.feed(heard.readers);
    embedded = running;
    listeners = heard;
    await running.settled();
    loading = false;
    heard.caughtUp();
  };

  const run = async (): Promise<number> => {
    let hasFailed = false;
    open().catch((error: unknown) => {
      // What is still opening when the process is told to stop finds everything closed.
      if (stop.signal.aborted) return;
      hasFailed = true;
      log.error("the start failed", { error: String(error) });
      stop.request("the start failed");
    });
    const code = await stop.finish();
    return hasFailed ? 3 : code;
  };
  return {
    door: () => door,
    embedded: () => embedded,
    listeners: () => listeners,
    isUp: () => !loading,
    stop,
    ended: run(),
    fates,
  };
}

export const doorLimits = defaultLimits;
