import { join } from "node:path";
import {
  createViews,
  type DeskSettings,
  defaultTenant,
  type Hand,
  openAudit,
  openDesk,
  openRecovery,
} from "@troth/desk";
import { type Output, Tenants } from "@troth/events";
import { openLogChannel } from "@troth/notify";
import type { Policy } from "@troth/policy";
import {
  type Logger,
  type ObjectStore,
  openHealthServer,
  openMetrics,
  type Stop,
  systemClock,
  systemDisk,
  type Traces,
} from "@troth/runtime";
import { Reach, segmentsInWords } from "../accountability/reach.ts";
import { deskOptionsOf } from "../desk-settings.ts";
import { openedChannel, openedTo } from "../keys/names.ts";
import { latestStamp } from "../live-clock.ts";
import { type Outside, takeOn } from "../outside.ts";
import { recoveryTold } from "../recovery-told.ts";
import { runbookText } from "../runbooks.ts";
import { openShadowTell, type ShadowTell } from "../tell/shadow.ts";
import { openTell, readerNames, type Tell } from "../tell.ts";
import { openToldSpans } from "../told-spans.ts";
import type { Embedded, EmbeddedTell } from "./embedded.ts";
import { openListeners } from "./listeners.ts";

export type ReadersOptions = {
  readonly data: string;
  readonly lake: ObjectStore;
  readonly port: number;
  readonly host: string;
  readonly policy: Policy;
  readonly stop: Stop;
  readonly log: Logger;
  readonly demo: () => boolean;
  readonly desk: DeskSettings;
  /** Who is told of alerts besides the process's own log. */
  readonly outside: Outside;
  /** Whether another policy judges along. */
  readonly isShadowed: boolean;
  readonly traces: Traces;
};

export type Opened = {
  readonly desk: string;
  readonly metrics: string;
  /**
   * Says that the past is in: from now on the outside hears of what happens, and of what still stands.
   * `isNow`: its end is the present, and not the end of a file told long ago.
   */
  readonly caughtUp: (isNow: boolean) => void;
};

export type Readers = {
  readonly tell: EmbeddedTell;
  /** Null when nothing is in shadow. */
  readonly shadow: ShadowTell | null;
  /** Opens desk, lake, voice and metrics over a running judge. */
  readonly open: (embedded: Embedded) => Promise<Opened>;
};

/** Everything that reads what the judge wrote. */
export function openReaders(options: ReadersOptions): Readers {
  const { policy, stop, log, host, port } = options;
  const metrics = openMetrics({ process: true });
  const tell = openTell(metrics, policy);
  const shadow = options.isShadowed ? openShadowTell(metrics) : null;
  watchEventLoop(stop, tell.eventLoopLagged);
  return {
    tell,
    shadow,
    open: async (embedded) => {
      const views = createViews(policy, options.desk.emotionFromText ?? false);
      const { names, learn } = embedded;
      const named = <T>(value: T): T => names?.open(value) ?? value;
      const hand: Hand = async (events) =>
        (await embedded.hand(events, "desk")) ? "shown" : "refused";
      let isLive = false;
      const recovery = openRecovery({
        hand,
        tenantOf: (customer) => views.tenantOf(customer),
        policy,
        isLive: () => isLive,
        logTime: async () => Math.max(embedded.logTime(), (await latestStamp(embedded.facts)) ?? 0),
        tell: recoveryTold(tell.recovery, log),
      });
      const toDesk = (output: Output): void => {
        views.fold(output);
        recovery.fold(output);
      };
      const reach = new Reach(policy);
      const tenants = new Tenants();
      const told = openToldSpans(options.traces);
      const listeners = await openListeners({
        lake: {
          store: options.lake,
          genesis: embedded.genesis,
          begin: "resume",
        },
        facts: embedded.facts,
        notify: {
          channels: [
            openLogChannel(log),
            ...options.outside.channels.map((channel) =>
              names === null ? channel : openedChannel(channel, names),
            ),
          ],
          whom: ({ cohort, rule }) => {
            const reached = reach.latest(cohort, rule);
            return reached === null ? null : segmentsInWords(reached);
          },
          tenantOf: (customer) => tenants.of(customer),
          dir: join(options.data, "notify"),
          disk: systemDisk,
          clock: systemClock,
          tell: {
            sent: (channel, message) => {
              told.sent(message.id);
              tell.notified(channel, "sent");
            },
            failed: (channel, _, why, againMs) => {
              tell.notified(channel, "failed");
              log.warn("a message did not arrive", { channel, why, againMs });
            },
            gaveUp: (channel, message, why) => {
              told.sent(message.id);
              tell.notified(channel, "gave-up");
              log.error("a message was given up", { channel, why });
            },
            torn: (bytes) => log.warn("a torn journal was cut", { bytes }),
            stuck: (error) => log.error("nothing can be sent", { error: String(error) }),
          },
        },
        beforeNotify: (output) => {
          reach.fold(output);
          tenants.fold(output);
          const trace = embedded.traceOf(output.inOffset);
          if (trace !== undefined && output.body.kind === "alert")
            told.begin(output.body.alertId, trace);
          // A message may have to say a name that no other reader has come to yet.
          return learn(output.inOffset);
        },
        clock: systemClock,
        stop: stop.signal,
        folds: {
          desk: names === null ? toDesk : openedTo(learn, names, toDesk),
          metrics: (output) => {
            tell.fold(output);
            shadow?.fold("live", output);
          },
        },
        tell: {
          lakeReached: tell.lakeReached,
          lakeWaits: (error, againMs) =>
            log.warn("the lake waits for its store", { error: String(error), againMs }),
        },
      });
      stop.defer("notify", () => listeners.close());
      // Counters climb back to where they were; scraped on the way, that would look like news.
      const before = (await embedded.ends()).outputs;
      const isReadBack = (): boolean => (embedded.positions().get("metrics") ?? 0) >= before;
      embedded.feed(listeners.readers);
      watchPositions(stop, embedded, tell);
      const takenOn = takeOn({
        customerOf: listeners.customerOf,
        tenantOf: (customer) => views.tenantOf(named(customer)),
        hand: (events) => embedded.hand(events, "notify"),
        clock: systemClock,
      });
      const watch = options.outside.watch(takenOn);
      stop.defer("silences", () => Promise.resolve(watch.close()));
      const health = await openHealthServer({
        host,
        port: port + 2,
        metrics: {
          contentType: metrics.contentType,
          expose: () => (isReadBack() ? metrics.expose() : Promise.resolve(null)),
        },
        live: embedded.health,
        ready: embedded.health,
        runbook: runbookText,
        receive: (posted) => options.outside.receive(posted, takenOn),
      });
      stop.defer("metrics", () => health.close());
      const audit = await openAudit(join(options.data, "desk"), systemDisk, systemClock);
      stop.defer("audit", () => audit.close());
      const desk = await openDesk({
        views,
        hand,
        audit,
        policy,
        flagNow: (customer, tenant) => named(embedded.flag(tenant ?? defaultTenant, customer)),
        logTime: embedded.logTime,
        listen: { host, port },
        ...deskOptionsOf(options.desk),
        isLive: () => isLive,
        isDemo: options.demo,
        intakeUrl: () => `http://${host}:${embedded.intakePort}/v1/events`,
        tell: {
          answered: () => undefined,
          failed: (error) => log.error("the desk failed to answer", { error: String(error) }),
        },
      });
      stop.defer("desk", () => desk.close());
      return {
        desk: desk.url,
        metrics: `http://${host}:${health.port}/metrics`,
        caughtUp: (isNow) => {
          listeners.caughtUp();
          isLive = true;
          if (isNow) void recovery.caughtUp();
        },
      };
    },
  };
}

const positionsEveryMs = 1_000;

/** How far everybody is, once a second. */
function watchPositions(stop: Stop, embedded: Embedded, tell: Tell): void {
  const look = async (): Promise<void> => {
    const { facts, outputs } = await embedded.ends();
    tell.logEnded(facts, outputs);
    for (const name of readerNames) {
      const position = embedded.positions().get(name);
      if (position !== undefined) tell.readerReached(name, position);
    }
  };
  const again = (): void => {
    // A log that cannot say where it ends has failed, and its owner has said so.
    look().catch(() => undefined);
    if (!stop.signal.aborted) systemClock.setTimer(positionsEveryMs, again);
  };
  again();
}

const lagEveryMs = 500;

/** How much later than asked a timer fires is how long everybody else waited. */
function watchEventLoop(stop: Stop, lagged: (seconds: number) => void): void {
  let asked = systemClock.now();
  const look = (): void => {
    const now = systemClock.now();
    lagged(Math.max(0, now - asked - lagEveryMs) / 1_000);
    asked = now;
    if (!stop.signal.aborted) systemClock.setTimer(lagEveryMs, look);
  };
  systemClock.setTimer(lagEveryMs, look);
}
