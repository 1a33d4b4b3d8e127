import { decodeNoise, encodeNoise, type Fact, invariant, type NoiseRecord } from "@troth/events";
import { Dispatcher, type Tally } from "@troth/identity";
import type { Log, LogInput, LogRecord, Snapshots } from "@troth/log";
import { type Clock, noTraces, shareSpans, type Traces } from "@troth/runtime";
import { policySwitch, readFactRecord, tick } from "./fact-log.ts";
import { checkLike, type Policies, policyNamed } from "./policies.ts";
import { openSavePace } from "./save-pace.ts";
import { encodeSaved, openSaved } from "./saved.ts";
import { openWaits, type Wait } from "./waits.ts";

export type RegistrarOptions = {
  readonly facts: Log;
  /** One log for each partition of customers; their number is fixed at birth. */
  readonly noise: readonly Log[];
  readonly snapshots: Snapshots;
  readonly policies: Policies;
  /** Policy of a log that is empty; a log that is not names its own. */
  readonly begins: string;
  /** Key of the pseudonyms. */
  readonly key: string;
  readonly clock: Clock;
  /** True while log time is the wall clock: then it ticks, however idle the log is. */
  readonly live: () => boolean;
  readonly tickEveryMs: number;
  readonly snapshotEveryRecords: number;
  readonly snapshotEveryMs: number;
  /** Keeps them where people find them; after a crash it may be told of some again. */
  readonly turnAway: (facts: readonly TurnedAway[]) => Promise<void>;
  readonly tell: RegistrarTell;
  /** Nothing is traced if absent. */
  readonly traces?: Traces;
};

export type RegistrarTell = {
  readonly routed: (position: number, stamp: number, tally: Readonly<Tally>) => void;
};

/** A fact that found a waiting room full, and the offset of the record that brought it there. */
export type TurnedAway = { readonly fact: Fact; readonly inOffset: number };

/** A machine over a log that runs until it is closed or fails. */
export type Machine = {
  /** Offset of the next record; everything below is done and its outputs durable. */
  readonly position: () => number;
  /** Log time reached. */
  readonly stamp: () => number;
  /** Resolves when it was closed; rejects with what stopped it. */
  readonly running: Promise<void>;
  readonly waits: () => readonly Wait[];
  /** Finishes what is under way and saves a snapshot. */
  readonly close: () => Promise<void>;
};

export type RegistrarMachine = Machine & {
  readonly tally: () => Readonly<Tally> | null;
  /** Records handed to each partition. */
  readonly numbers: () => readonly number[];
};

/** Records between two looks at the clock, at other machines and at whether to stop. */
const recordsPerTurn = 500;

type Head = { readonly policy: string };

/** Number of the last record in a partition's log, a lower bound of what was written there. */
async function lastNumber(noise: Log): Promise<number> {
  const end = await noise.end();
  if (end === 0) return -1;
  for await (const record of noise.read(end - 1)) return decodeNoise(record.bytes).number;
  return -1;
}

/**
 * The policy that holds from the log's beginning: the first one it names, wherever, as doors may have
 * been open before anybody named one. If there is none yet, this one is named.
 */
async function firstPolicy(facts: Log, hash: string): Promise<string> {
  const find = async (): Promise<string | null> => {
    for await (const batch of facts.readBatches(0)) {
      for (const { bytes, offset } of batch) {
        if (bytes[0] === 0) continue;
        const record = readFactRecord(bytes, offset);
        if (record.kind === "policy") return record.hash;
      }
    }
    return null;
  };
  const found = await find();
  if (found !== null) return found;
  await facts.append([policySwitch(hash)], 0);
  // Another registrar may have named one at the same moment: the first holds.
  return (await find()) ?? hash;
}

/**
 * Reads the facts in order and hands them to the partitions, exactly once for whoever drops what has a
 * number they have seen: after a crash it starts from its snapshot and writes the same records again.
 */
export async function openRegistrar(options: RegistrarOptions): Promise<RegistrarMachine> {
  const { facts, noise, snapshots, policies, key, clock, tell } = options;
  const partitions = noise.length;
  const dispatcherOf = (hash: string, saved: Iterator<Buffer> | null): Dispatcher => {
    const policy = policyNamed(policies, hash, "facts");
    const given = { policy, key, partitions };
    return saved === null ? new Dispatcher(given) : Dispatcher.restore(given, saved);
  };
  const saved = await snapshots.load();
  let position = saved?.position ?? 0;
  let dispatcher: Dispatcher | null = null;
  if (saved !== null) {
    const { head, pieces } = openSaved(saved.bytes);
    dispatcher = dispatcherOf((head as Head).policy, pieces);
  }
  const written = await Promise.all(noise.map(lastNumber));
  /** Policy of the log's beginning, until its record is written to every partition. */
  let begins: string | null = null;
  if (dispatcher === null) begins = await firstPolicy(facts, options.begins);
  const stop = new AbortController();
  let savedAt = position;
  const pace = openSavePace({
    clock,
    everyRecords: options.snapshotEveryRecords,
    everyMs: options.snapshotEveryMs,
  });
  const waits = openWaits();

  const switchTo = (hash: string, record: LogRecord, deliver: Deliver): void => {
    invariant(dispatcher !== null, "no policy holds yet");
    if (dispatcher.policy !== hash) {
      const where = `facts, offset ${record.offset}`;
      const after = policyNamed(policies, hash, where);
      checkLike(policyNamed(policies, dispatcher.policy, where), after, where);
      dispatcher = dispatcherOf(hash, dispatcher.snapshot());
    } else {
      dispatcher.tick(record.offset, record.stamp, deliver);
      return;
    }
    dispatcher.switchPolicy(hash, record.offset, record.stamp, deliver);
  };

  const route = async (records: readonly LogRecord[]): Promise<void> => {
    const pages = noise.map((): { inputs: LogInput[]; stamp: number } => ({
      inputs: [],
      stamp: 0,
    }));
    const spans = shareSpans(options.traces ?? noTraces, "registrar");
    let trace: string | undefined;
    const deliver: Deliver = (partition, record) => {
      const page = pages[partition];
      if (page === undefined || record.number <= (written[partition] ?? -1)) return;
      page.inputs.push({ bytes: encodeNoise(record), trace });
      page.stamp = record.stamp;
    };
    const turnedAway: TurnedAway[] = [];
    if (begins !== null) {
      dispatcher = dispatcherOf(begins, null);
      dispatcher.switchPolicy(begins, 0, 0, deliver);
      begins = null;
    }
    for (const record of records) {
      const read = readFactRecord(record.bytes, record.offset);
      trace = spans.under(record.trace);
      if (read.kind === "policy") {
        switchTo(read.hash, record, deliver);
        continue;
      }
      invariant(dispatcher !== null, "no policy holds yet");
      if (read.kind === "tick") dispatcher.tick(record.offset, record.stamp, deliver);
      else {
        const full: Fact[] = [];
        dispatcher.take(read.fact, record.offset, record.stamp, deliver, full);
        for (const fact of full) turnedAway.push({ fact, inOffset: record.offset });
      }
    }
    const storing = pages.map(async ({ inputs, stamp }, partition) => {
      if (inputs.length > 0) await noise[partition]?.append(inputs, stamp);
    });
    await waits.while("brokers", "the brokers are to store noise", Promise.all(storing));
    spans.end();
    if (turnedAway.length > 0) await options.turnAway(turnedAway);
    position = (records.at(-1)?.offset ?? position - 1) + 1;
    if (dispatcher !== null) tell.routed(position, dispatcher.stamp, dispatcher.tally);
  };

  /** What it saves is taken at once, between two turns. */
  const save = async (isLast: boolean): Promise<void> => {
    if (dispatcher === null || position === savedAt) return;
    const head: Head = { policy: dispatcher.policy };
    const at = position;
    const bytes = encodeSaved(head, dispatcher.snapshot());
    const saving = snapshots.save({ position: at, bytes, isLast });
    await waits.while("store", "the registrar's snapshot is being saved", saving);
    savedAt = at;
  };

  const run = async (): Promise<void> => {
    for await (const batch of facts.readBatches(position, { follow: stop.signal })) {
      for (let i = 0; i < batch.length; i += recordsPerTurn) {
        if (stop.signal.aborted) return;
        await route(batch.slice(i, i + recordsPerTurn));
        await new Promise((resolve) => setImmediate(resolve));
      }
      pace.check();
      if (pace.isTime(position - savedAt)) pace.saveBeside(() => save(false));
    }
  };

  const restored = dispatcher as Dispatcher | null;
  if (restored !== null) tell.routed(position, restored.stamp, restored.tally);
  let failed = false;
  const ticking = openTicking(options, stop.signal);
  const running = Promise.race([run(), ticking.failed]).catch((error: unknown) => {
    failed = true;
    stop.abort();
    throw error;
  });
  running.catch(() => undefined);
  return {
    position: () => position,
    stamp: () => dispatcher?.stamp ?? 0,
    tally: () => dispatcher?.tally ?? null,
    numbers: () => dispatcher?.numbers ?? [],
    waits: waits.now,
    running,
    close: async () => {
      stop.abort();
      ticking.cancel();
      await running.catch(() => undefined);
      await pace.idle();
      // After a failure the state may be ahead of what is durable.
      if (failed) return;
      pace.check();
      await save(true);
    },
  };
}

type Deliver = (partition: number, record: NoiseRecord) => void;

/** Ticks are records of the log like any other, so that whoever reads it again sees the same time. */
function openTicking(options: RegistrarOptions, stop: AbortSignal) {
  const { facts, clock, live, tickEveryMs } = options;
  let fail: (error: unknown) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => undefined);
  let timer = clock.setTimer(tickEveryMs, onTimer);
  function onTimer(): void {
    const began = clock.now();
    const ticked = live() && !stop.aborted ? facts.append([tick], began) : Promise.resolve();
    ticked.then(() => {
      // How long storing took is no reason for deadlines to pass later.
      const took = Math.max(0, clock.now() - began);
      if (!stop.aborted) timer = clock.setTimer(Math.max(0, tickEveryMs - took), onTimer);
    }, fail);
  }
  return { failed, cancel: () => timer.cancel() };
}
