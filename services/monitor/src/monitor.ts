import { joinPieces, type Taking } from "@troth/engine";
import type { Output } from "@troth/events";
import { decodeOutput, encodeOutput, isBeyond } from "@troth/events";
import type { Log, LogInput, LogRecord, Snapshots } from "@troth/log";
import { type Clock, isRetryable, patiently } from "@troth/runtime";
import { taken } from "./taken.ts";

type Body = Output["body"];

/**
 * The deterministic machine the monitor drives: the same records give the same outputs. Everything it
 * knows follows from the log; a snapshot only saves reading it all again.
 */
export type Judge = {
  /** Applies one record of the intake log, appending what it says to `out`. */
  readonly apply: (record: LogRecord, out: Body[]) => void;
  /** Log time of the next moment that would decide something by itself. */
  readonly nextMoment: () => number;
  /** Begins to take all it knows now; more may be applied before all is taken. */
  readonly beginSnapshot: () => Taking;
};

export type MonitorOptions = {
  /** The ordered facts. */
  readonly facts: Log;
  /** Everything the judge writes, with its place. */
  readonly outputs: Log;
  readonly snapshots: Snapshots;
  /** Builds the judge: from a snapshot's bytes, or (null) from nothing. */
  readonly judge: (snapshot: Buffer | null) => Judge;
  readonly clock: Clock;
  /** A record that only moves log time, to be appended when a deadline passes on an idle log. */
  readonly tick: LogInput;
  /** False while log time follows the events (a file being replayed), not the wall clock. */
  readonly live: () => boolean;
  /** Of facts below this offset another judge has said all there was: what this one says is not written. */
  readonly silentBelow?: number;
  readonly snapshotEveryRecords: number;
  /** Long work is cut here, so that intake and desk get their turn. */
  readonly recordsPerTurn: number;
  readonly tell: {
    readonly judged: (position: number, stamp: number) => void;
    readonly failed: (error: unknown) => void;
    /** The disk is full: what could not be written is tried again in `againMs`, or left for later. */
    readonly waits: (error: unknown, againMs: number | null) => void;
  };
};

export type Monitor = {
  /** Offset of the next fact to be judged; everything below it is judged and its outputs durable. */
  readonly position: () => number;
  /** Log time of the last record judged. */
  readonly stamp: () => number;
  /** Resolves once everything below `offset` is judged; rejects if the monitor stopped first. */
  readonly caughtUp: (offset: number) => Promise<void>;
  /** Judges what is in the log, as far as a moment allows, and saves a snapshot. */
  readonly close: () => Promise<void>;
};

const tickEveryMs = 250;
/** A longer backlog than this allows is left for the next start. */
const lastTurnMs = 2_000;

const nowhere = { inOffset: -1, seq: -1 };

/** The place of the last output written, from the log itself: whatever lies before it is not repeated. */
async function lastPlace(outputs: Log): Promise<{ inOffset: number; seq: number }> {
  const end = await outputs.end();
  if (end === 0) return nowhere;
  for await (const record of outputs.read(end - 1)) return decodeOutput(record.bytes);
  return nowhere;
}

/** Log time at `offset`: that of the record before it. */
async function stampBefore(facts: Log, offset: number): Promise<number> {
  if (offset === 0) return 0;
  for await (const record of facts.read(offset - 1)) return record.stamp;
  return 0;
}

/**
 * Reads facts in order, judges them and appends what is said, exactly once: after a crash it starts
 * from the snapshot, says the same again, and leaves out what the log of outputs already holds.
 */
export async function openMonitor(options: MonitorOptions): Promise<Monitor> {
  const { facts, outputs, snapshots, clock, recordsPerTurn, tell } = options;
  const saved = await snapshots.load();
  const judge = options.judge(saved?.bytes ?? null);
  let position = saved?.position ?? 0;
  let savedAt = position;
  let stamp = await stampBefore(facts, position);
  let written = await lastPlace(outputs);
  const saidByOthers = { inOffset: (options.silentBelow ?? 0) - 1, seq: Number.POSITIVE_INFINITY };
  if (isBeyond(saidByOthers, written)) written = saidByOthers;
  let failure: unknown = null;
  /** The judge has seen more than what is durable: such a state is never saved. */
  let isAhead = false;
  const stop = new AbortController();
  const patience = { clock, stop: stop.signal, failed: tell.waits };
  const waiters = new Set<{ offset: number; done: () => void; failed: (e: unknown) => void }>();

  const wake = (): void => {
    for (const waiter of waiters) {
      if (failure !== null) waiter.failed(failure);
      else if (waiter.offset <= position) waiter.done();
      else continue;
      waiters.delete(waiter);
    }
  };

  function fail(error: unknown): void {
    failure ??= error;
    stop.abort();
    tell.failed(error);
    wake();
  }

  const judgeSome = async (records: readonly LogRecord[]): Promise<void> => {
    const said: LogInput[] = [];
    let last = written;
    isAhead = true;
    for (const record of records) {
      const out: Body[] = [];
      judge.apply(record, out);
      for (let seq = 0; seq < out.length; seq += 1) {
        const body = out[seq];
        if (body === undefined) continue;
        const output: Output = { inOffset: record.offset, seq, stamp: record.stamp, body };
        if (!isBeyond(output, written)) continue;
        said.push({ bytes: encodeOutput(output) });
        last = output;
      }
      stamp = Math.max(stamp, record.stamp);
    }
    if (said.length > 0) {
      const appended = await patiently(() => outputs.append(said, stamp), patience);
      if (appended === null) return;
    }
    written = last;
    position = (records.at(-1)?.offset ?? position - 1) + 1;
    isAhead = false;
    tell.judged(position, stamp);
    wake();
  };

  const save = async (): Promise<void> => {
    const at = position;
    if (at === savedAt) return;
    const pieces = await taken(judge.beginSnapshot());
    if (failure !== null) return;
    await snapshots.save({ position: at, bytes: joinPieces(pieces) });
    savedAt = at;
  };

  /** Without a snapshot the next start takes longer; nothing else. */
  const saveIfRoom = async (): Promise<void> => {
    try {
      await save();
    } catch (error) {
      if (!isRetryable(error)) throw error;
      tell.waits(error, null);
    }
  };

  /** The snapshot that is being written, while judging goes on: its bytes are its own. */
  let saving: Promise<void> | null = null;
  const saveBeside = (): void => {
    saving ??= saveIfRoom()
      .catch((error: unknown) => fail(error))
      .finally(() => {
        saving = null;
      });
  };

  const run = async (): Promise<void> => {
    for await (const batch of facts.readBatches(position, { follow: stop.signal })) {
      for (let i = 0; i < batch.length; i += recordsPerTurn) {
        await judgeSome(batch.slice(i, i + recordsPerTurn));
        if (stop.signal.aborted) return;
        await new Promise((resolve) => setImmediate(resolve));
      }
      if (position - savedAt >= options.snapshotEveryRecords) saveBeside();
    }
  };

  const running = run().catch(fail);

  const tick = async (): Promise<void> => {
    const now = clock.now();
    if (failure !== null || !options.live() || judge.nextMoment() > now) return;
    // Behind the log's end, records that are already there may move time past the deadline.
    if (position < (await facts.end()) || stop.signal.aborted) return;
    await facts.append([options.tick], now);
  };
  let timer = clock.setTimer(tickEveryMs, onTimer);
  function onTimer(): void {
    tick()
      .catch((error: unknown) => {
        if (isRetryable(error)) tell.waits(error, tickEveryMs);
        else tell.failed(error);
      })
      .finally(() => {
        if (!stop.signal.aborted) timer = clock.setTimer(tickEveryMs, onTimer);
      });
  }

  const caughtUp = (offset: number): Promise<void> =>
    new Promise((resolve, reject) => {
      waiters.add({ offset, done: resolve, failed: reject });
      wake();
    });
  const lastTurn = async (): Promise<void> => {
    const end = await facts.end();
    await new Promise<void>((resolve) => {
      const enough = clock.setTimer(lastTurnMs, resolve);
      caughtUp(end)
        .catch(() => undefined)
        .finally(() => {
          enough.cancel();
          resolve();
        });
    });
  };

  return {
    position: () => position,
    stamp: () => stamp,
    caughtUp,
    close: async () => {
      timer.cancel();
      await lastTurn();
      stop.abort();
      await running;
      await saving;
      // After a failure the state may be ahead of what is durable; the log and the last snapshot are not.
      if (failure === null && !isAhead) await saveIfRoom();
    },
  };
}
