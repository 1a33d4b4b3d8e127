import { join } from "node:path";
import {
  encodeFact,
  type Fact,
  type Flag,
  parseEvent,
  parseLine,
  type RefusalReason,
  tokenReference,
} from "@troth/events";
import {
  defaultLimits,
  encodeSetAside,
  type IntakeOptions,
  receive,
  type SetAside,
} from "@troth/intake";
import { type FileLog, type Log, openFileLog, openSnapshots } from "@troth/log";
import { openMonitor } from "@troth/monitor";
import type { Policy } from "@troth/policy";
import { isRetryable, type Logger, noTraces, type Stop, type Traces } from "@troth/runtime";
import type { Keys } from "../keys/keys.ts";
import { Names, namesOf } from "../keys/names.ts";
import { sealAside } from "../keys/sealed-aside.ts";
import { latestStamp, openLiveClock } from "../live-clock.ts";
import type { Fate } from "../pipeline.ts";
import { type Feed, openFeed, type Reader } from "./feed.ts";
import { type LiveJudge, openJudge, tick } from "./judge.ts";
import { type Loaded, load } from "./load.ts";
import type { Meta } from "./meta.ts";
import { openWays } from "./ways.ts";
import type { World } from "./world.ts";

export type EmbeddedOptions = {
  readonly dir: string;
  readonly world: World;
  readonly policy: Policy;
  /** Offset of the first fact about which this policy speaks. */
  readonly since?: number;
  /** Null: facts are kept as they come, with every name in them. */
  readonly keys: Keys | null;
  readonly stop: Stop;
  readonly log: Logger;
  readonly intakePort: number;
  readonly host: string;
  readonly clock: () => Meta["clock"];
  readonly tell: EmbeddedTell;
  /** Nothing is traced if absent. */
  readonly traces?: Traces;
  readonly sizes?: Partial<Sizes>;
};

/** How much is held or done before something is written, rolled or given up for others. */
export type Sizes = {
  readonly segmentBytes: number;
  readonly snapshotEveryRecords: number;
  /** Records judged before others get their turn. */
  readonly recordsPerTurn: number;
};

/** What happens here that is worth counting; the names of metrics are given elsewhere. */
export type EmbeddedTell = {
  readonly admitted: (facts: number, setAside: readonly RefusalReason[]) => void;
  readonly fate: (fate: Fate, fact: Fact, stamp: number) => void;
  readonly judged: (position: number, stamp: number) => void;
};

export type Embedded = {
  readonly intakePort: number;
  /** Appends a batch of a file; resolves once it is durable. Gives the latest recorded time. */
  readonly load: (batch: readonly Loaded[], origin: string) => Promise<number>;
  /** Starts handing outputs to readers, each from the beginning. */
  readonly feed: (readers: readonly Reader[]) => void;
  /** Resolves once everything appended so far is judged, and every reader but those named has it. */
  readonly settled: (but?: readonly string[]) => Promise<void>;
  /**
   * Takes events from a service of ours by the door all others come in by. True once they are durable,
   * judged and seen by the reader named; false when the door did not take every one of them.
   */
  readonly hand: (events: readonly unknown[], reader: string) => Promise<boolean>;
  readonly flag: (tenant: string, reference: string) => Flag | null;
  readonly logTime: () => number;
  readonly isEmpty: () => Promise<boolean>;
  /** Records of the log of facts, and outputs, that there are. */
  readonly ends: () => Promise<{ readonly facts: number; readonly outputs: number }>;
  /** Outputs each reader has folded. */
  readonly positions: () => ReadonlyMap<string, number>;
  readonly genesis: string;
  /** The log of facts, to be read. */
  readonly facts: Log;
  /** What pseudonyms stand for; null when nothing is sealed. */
  readonly names: Names | null;
  /** Resolves once the names in all facts up to this offset are known; undefined when they are. */
  readonly learn: (upTo: number) => Promise<void> | undefined;
  /** Trace context of what follows from the fact at an offset. */
  readonly traceOf: (offset: number) => string | undefined;
  /** Null when all is well, else what is wrong. */
  readonly health: () => string | null;
};

const usualSizes: Sizes = {
  segmentBytes: 64 * 1024 * 1024,
  snapshotEveryRecords: 200_000,
  recordsPerTurn: 200,
};

/**
 * The embedded troth: one file log of facts, the judge, one file log of what it wrote. Everything else
 * reads the second. What was answered 202 is in the first, synced; what follows can be made again.
 */
export async function openEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const { dir, world, policy, keys, stop, log, tell } = options;
  const names = keys === null ? null : new Names(keys);
  const kept = (fact: Fact): Fact => names?.seal(fact) ?? fact;
  const keptAside = (item: SetAside): SetAside => (keys === null ? item : sealAside(item, keys));
  const { disk } = world;
  const { traces = noTraces } = options;
  const ways = openWays(traces);
  const { segmentBytes, ...pace } = { ...usualSizes, ...options.sizes };
  const openLog = async (name: string): Promise<FileLog> => {
    const newGenesis = world.rng.uuid();
    const opened = await openFileLog(join(dir, name), disk, { newGenesis, segmentBytes });
    stop.defer(`${name} log`, () => opened.close());
    const { tornBytes } = opened.recovery;
    if (tornBytes > 0) log.warn("a torn write was cut off", { log: name, tornBytes });
    return opened;
  };
  const facts = await openLog("facts");
  const learn = names === null ? () => undefined : namesOf(facts, names, await facts.end());
  const clock = openLiveClock(world.clock, await latestStamp(facts), log);
  /** Live, log time is stamped here, once; else it follows what the events say. */
  const nowOf = (): number => (options.clock() === "live" ? clock.now() : 0);
  const outputs = await openLog("outputs");
  const setAside = await openLog("set-aside");
  const snapshots = await openSnapshots(join(dir, "snapshots"), disk, {
    genesis: facts.genesis,
    skipped: (file, why) => log.warn("a snapshot could not be used", { file, why }),
  });
  let failure: unknown = null;
  let feed: Feed | null = null;
  const failed = (what: string, error: unknown): void => {
    failure ??= error;
    log.error(`${what} stopped`, { error: error instanceof Error ? error : String(error) });
  };
  let judge: LiveJudge | null = null;
  const monitor = await openMonitor({
    facts,
    outputs,
    snapshots,
    judge: (bytes) => {
      judge = openJudge(policy, bytes, tell.fate);
      return judge;
    },
    clock,
    tick,
    live: () => options.clock() === "live",
    silentBelow: options.since ?? 0,
    ...pace,
    tell: {
      judged: (position, stamp) => {
        ways.judged(position);
        tell.judged(position, stamp);
      },
      failed: (error) => failed("the monitor", error),
      waits: (error, againMs) =>
        log.warn("the disk is full", { error: String(error), againMs: againMs ?? "later" }),
    },
  });
  stop.defer("monitor", () => monitor.close());
  const door: IntakeOptions = {
    parse: { line: parseLine, event: parseEvent },
    append: async (admission) => {
      const now = clock.now();
      const stamp = options.clock() === "live" ? now : latestOf(admission.facts);
      await Promise.all([
        admission.facts.length > 0 &&
          facts
            .append(
              admission.facts.map((fact) => ({ bytes: encodeFact(kept(fact)) })),
              stamp,
            )
            .then(({ first }) => ways.stored(first, admission.traces ?? [])),
        admission.setAside.length > 0 &&
          setAside.append(
            admission.setAside.map((one) => ({ bytes: encodeSetAside(keptAside(one)) })),
            now,
          ),
      ]);
    },
    // Who sends an event with the time it was recorded is held against the clock as it is.
    clock: world.clock,
    traces,
    tell: {
      admitted: tell.admitted,
      answered: () => undefined,
      turnedAway: (why) => log.warn("events were turned away", { why }),
      failed: (error) => {
        if (isRetryable(error)) log.warn("events cannot be stored now", { error: String(error) });
        else failed("the intake", error);
      },
    },
    host: options.host,
    port: options.intakePort,
  };
  const intake = await world.openDoor(door);
  stop.defer("intake", () => intake.close());
  return {
    intakePort: intake.port,
    load: (batch, origin) =>
      load(batch, { origin, now: clock.now(), facts, setAside, kept, keptAside, tell }),
    feed: (readers) => {
      feed = openFeed(outputs, readers, failed, world.clock);
      stop.defer("readers", feed.close);
    },
    settled: async (but = []) => {
      await monitor.caughtUp(await facts.end());
      await feed?.caughtUp(await outputs.end(), but);
    },
    hand: async (events, reader) => {
      const { status, body } = await receive(
        {
          contentType: "application/cloudevents-batch+json",
          contentEncoding: "identity",
          body: Buffer.from(JSON.stringify(events)),
        },
        { ...door, limits: defaultLimits },
      );
      if (status !== 202 || !("setAsideTotal" in body) || body.setAsideTotal !== 0) return false;
      await monitor.caughtUp(await facts.end());
      const others = [...(feed?.positions().keys() ?? [])].filter((name) => name !== reader);
      await feed?.caughtUp(await outputs.end(), others);
      return true;
    },
    flag: (tenant, reference) => {
      const name = keys === null ? reference : tokenReference(keys, tenant, reference);
      return judge?.pipeline().flag(tenant, name, Math.max(monitor.stamp(), nowOf())) ?? null;
    },
    logTime: () => Math.max(monitor.stamp(), nowOf()),
    isEmpty: async () => (await facts.end()) === 0,
    ends: async () => ({ facts: await facts.end(), outputs: await outputs.end() }),
    positions: () => feed?.positions() ?? new Map(),
    genesis: outputs.genesis,
    facts,
    names,
    learn,
    traceOf: ways.under,
    health: () => (failure === null ? null : `stopped: ${String(failure)}`),
  };
}

/** Where log time is not the clock's it follows what the events say. */
const latestOf = (facts: readonly { readonly recordedTime: number }[]): number =>
  facts.reduce((latest, fact) => Math.max(latest, fact.recordedTime), 0);
