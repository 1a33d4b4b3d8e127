import {
  decodeOutput,
  type Flag,
  invariant,
  isBeyond,
  type NoiseRecord,
  type Output,
} from "@troth/events";
import { type Log, type LogRecord, noiseOf, OutputInput, type Snapshots } from "@troth/log";
import { type Exchange, PartitionJudge, taken } from "@troth/monitor";
import type { Policy } from "@troth/policy";
import { type Clock, noTraces, shareSpans, type Traces } from "@troth/runtime";
import { openFlagBoard } from "./flag-board.ts";
import { emptyMailbox, type Mailbox, type MailboxState, openMailbox } from "./mailbox.ts";
import { type Policies, policyNamed } from "./policies.ts";
import type { Machine } from "./registrar.ts";
import { openSavePace } from "./save-pace.ts";
import { encodeSaved, openSaved } from "./saved.ts";
import { StoppedError } from "./stopped.ts";
import { openWaits, type Wait } from "./waits.ts";

export type SiteOptions = {
  readonly partition: number;
  readonly noise: Log;
  readonly decisions: Log;
  /** The letters of all partitions to each. */
  readonly transfers: readonly Log[];
  /** Where flags are shown as they are now, the latest for each customer. */
  readonly flags: Log;
  readonly snapshots: Snapshots;
  readonly policies: Policies;
  readonly clock: Clock;
  readonly snapshotEveryRecords: number;
  readonly snapshotEveryMs: number;
  readonly tell: SiteTell;
  /** Nothing is traced if absent. */
  readonly traces?: Traces;
};

export type SiteTell = {
  readonly judged: (partition: number, position: number, stamp: number, outputs: number) => void;
};

export type Site = Machine & {
  /** Number of the next record of the partition, whatever its offset. */
  readonly number: () => number;
  readonly flags: (now: number) => readonly Flag[];
  readonly waits: () => readonly Wait[];
};

/** Shares of a whole that lie apart, however many there are. */
const goldenShare = 0.618;
/** Judging never holds up others for longer than this many records take. */
const recordsPerTurn = 200;
const nowhere = { inOffset: -1, seq: -1 };

type Head = { readonly number: number; readonly policy: string; readonly mail: MailboxState };

/** A lower bound of what was written; the last record may be a late copy of an earlier one. */
async function lastPlace(decisions: Log): Promise<{ inOffset: number; seq: number }> {
  const end = await decisions.end();
  if (end === 0) return nowhere;
  for await (const record of decisions.read(end - 1)) return decodeOutput(record.bytes);
  return nowhere;
}

/**
 * Judges one partition: noise in, decisions out, each with the number of the record that caused it and
 * its own among them. Started anywhere, by anybody, even by two at once, it writes the same.
 */
export async function openSite(options: SiteOptions): Promise<Site> {
  const { partition, noise, decisions, snapshots, policies, clock, tell } = options;
  const saved = await snapshots.load();
  const stop = new AbortController();
  let position = saved?.position ?? 0;
  let number = 0;
  let judge: PartitionJudge | null = null;
  let mail: MailboxState = emptyMailbox;
  if (saved !== null) {
    const { head, pieces } = openSaved(saved.bytes);
    const { policy, ...rest } = head as Head;
    ({ number, mail } = rest);
    judge = PartitionJudge.restore(policyNamed(policies, policy, placeOf(partition)), pieces);
    judge.takeFlagged();
  }
  const mailbox = openMailbox(partition, options.transfers, mail);
  const board = openFlagBoard(options.flags);
  let written = await lastPlace(decisions);
  let savedAt = position;
  let hasFailed = false;
  /** Another policy took over: what it knows was costly to work out. */
  let isDue = false;
  const pace = openSavePace({
    clock,
    everyRecords: options.snapshotEveryRecords,
    everyMs: options.snapshotEveryMs,
    ahead: (partition * goldenShare) % 1,
  });
  let stamp = 0;
  const waits = openWaits();

  let said: OutputInput[] = [];
  let last = written;
  const say = (record: NoiseRecord, out: readonly Output["body"][], trace?: string): void => {
    for (const [seq, body] of out.entries()) {
      const output: Output = { inOffset: record.number, seq, stamp: record.stamp, body };
      if (!isBeyond(output, written)) continue;
      said.push(new OutputInput(output, trace));
      last = output;
    }
  };
  /** What was said is stored behind all before it; rejects when it is not. */
  let stored: Promise<void> = Promise.resolve();
  /** One batch is under way at a time: resolves once that is stored, and this one sent. */
  const send = async (): Promise<void> => {
    await stored;
    const sending = said;
    said = [];
    const upTo = last;
    const what = `the brokers are to store what partition ${partition} said`;
    const storing = [board.flush(stamp)];
    for (const some of appendsOf(sending))
      storing.push(decisions.append(some, stamp).then(() => undefined));
    stored = waits.while("brokers", what, Promise.all(storing)).then(() => {
      written = upTo;
    });
    stored.catch(() => undefined);
  };
  const flush = async (): Promise<void> => {
    await send();
    await stored;
  };

  const judgeRecord = async (record: NoiseRecord, trace?: string): Promise<boolean> => {
    const out: Output["body"][] = [];
    if (record.body.kind === "policy") {
      judge?.advance(record.stamp, out);
      const where = `${placeOf(partition)}, record ${record.number}`;
      const policy = policyNamed(policies, record.body.hash, where);
      const before = judge;
      if (before !== null) board.note(before, record.number, record.stamp);
      judge = await warmedUp({ noise, mailbox, signal: stop.signal }, policy, record);
      if (judge === null) return false;
      judge.takeFlagged();
      board.restate(before, judge, record.number, record.stamp);
      isDue = true;
    } else {
      if (judge === null) throw noPolicy(partition);
      const exchange = judge.apply(record, out);
      if (exchange !== null) {
        const what = `partition ${partition} is to hear from partition ${exchange.other} of customers joined across, exchange ${exchange.exchange}`;
        const exchanging = hearOther(judge, mailbox, exchange, out, flush);
        if (!(await waits.while("other-partition", what, exchanging))) return false;
      }
    }
    say(record, out, trace);
    return true;
  };

  const judgeSome = async (records: readonly LogRecord[]): Promise<boolean> => {
    const spans = shareSpans(options.traces ?? noTraces, "monitor");
    for (const logged of records) {
      const record = noiseOf(logged);
      // A copy, written by an owner that came after another, or before it and woke up late.
      if (record.number < number) continue;
      if (record.number > number) throw gap(partition, number, record.number);
      stamp = Math.max(stamp, record.stamp);
      if (!(await judgeRecord(record, spans.under(logged.trace)))) return false;
      number += 1;
    }
    if (judge !== null) {
      // Once for all of them: of a customer who is spoken of in each, a flag is made of hundreds of parts.
      board.note(judge, number - 1, stamp);
      board.repeatSome(judge, number - 1, clock.now());
    }
    const outputs = said.length;
    const upTo = (records.at(-1)?.offset ?? position - 1) + 1;
    await send();
    const reached = stamp;
    // The next records are judged while these are being stored.
    stored = stored.then(() => {
      spans.end();
      position = upTo;
      tell.judged(partition, upTo, reached, outputs);
    });
    stored.catch(() => undefined);
    return true;
  };

  /** Saves how things are when it is called: all that was said before must be stored, and more may be judged meanwhile. */
  const save = async (isLast: boolean): Promise<void> => {
    if (judge === null || position === savedAt) return;
    const at = position;
    const head: Head = { number, policy: judge.policy.hash, mail: mailbox.state() };
    isDue = false;
    const pieces = await taken(judge.beginSnapshot(), pace.othersTurn);
    if (hasFailed) return;
    const saving = snapshots.save({ position: at, bytes: encodeSaved(head, pieces), isLast });
    await waits.while("store", `the snapshot of partition ${partition} is being saved`, saving);
    savedAt = at;
  };

  if (judge !== null) stamp = judge.stamp;
  tell.judged(partition, position, stamp, 0);
  let isWhole = true;
  const run = async (): Promise<void> => {
    for await (const batch of noise.readBatches(position, { follow: stop.signal })) {
      for (let i = 0; i < batch.length; i += recordsPerTurn) {
        if (stop.signal.aborted) return;
        isWhole = false;
        // Stopped in the middle of a record: its state is thrown away, and nothing of it is saved.
        if (!(await judgeSome(batch.slice(i, i + recordsPerTurn)))) return;
        isWhole = true;
        await new Promise((resolve) => setImmediate(resolve));
      }
      await stored;
      pace.check();
      if (isDue || pace.isTime(position - savedAt)) pace.saveBeside(() => save(false));
    }
  };
  const running = run().catch((error: unknown) => {
    hasFailed = true;
    isWhole = false;
    stop.abort();
    throw error;
  });
  running.catch(() => undefined);
  return {
    position: () => position,
    number: () => number,
    stamp: () => stamp,
    flags: (now) => judge?.flags(now) ?? [],
    waits: () =>
      judge === null && position === 0
        ? [{ for: "registrar", what: `nothing was ever written to ${placeOf(partition)}` }]
        : waits.now(),
    running,
    close: async () => {
      stop.abort();
      await mailbox.close();
      await running.catch(() => undefined);
      await pace.idle();
      if (!isWhole) return;
      await stored;
      pace.check();
      if (judge === null || position === savedAt) return;
      await save(true);
      board.repeat(judge, number - 1);
      await board.flush(stamp);
    },
  };
}

/** Many large ones are more than one append may be: a topic takes 8 MiB, a character up to 3 bytes. */
const appendCharsMax = 2 << 20;

function* appendsOf(said: readonly OutputInput[]): Generator<readonly OutputInput[]> {
  let from = 0;
  let chars = 0;
  for (const [n, { text }] of said.entries()) {
    if (chars > 0 && chars + text.length > appendCharsMax) {
      yield said.slice(from, n);
      from = n;
      chars = 0;
    }
    chars += text.length;
  }
  if (from < said.length) yield said.slice(from);
}

const placeOf = (partition: number): string => `noise, partition ${partition}`;

const noPolicy = (partition: number): StoppedError =>
  new StoppedError(
    "no-policy",
    `${placeOf(partition)} begins with a record that is no policy, so nobody knows what to judge by. ` +
      "Only the registrar (troth run identity) may write here; begin anew with topics of troth's own",
  );

const gap = (partition: number, expected: number, found: number): StoppedError =>
  new StoppedError(
    "gap",
    `${placeOf(partition)} goes on at record ${found} where ${expected} should be: records were lost ` +
      "or another registrar wrote here. Restore the log, or begin anew",
  );

/** Finishes a join across partitions; false when stopped before the other side was heard. */
async function hearOther(
  judge: PartitionJudge,
  mailbox: Mailbox,
  exchange: Exchange,
  out: Output["body"][],
  beforeWaiting: () => Promise<void>,
): Promise<boolean> {
  const policy = judge.policy.hash;
  await mailbox.tell(policy, exchange);
  await beforeWaiting();
  const told = await mailbox.hear(policy, exchange);
  if (told === null) return false;
  exchange.finish(told, out);
  return true;
}

/**
 * The judge of a policy that takes over at a record: it knows all that came before as if the policy
 * had always held, and nothing of what it would have said is said.
 */
async function warmedUp(
  at: { readonly noise: Log; readonly mailbox: Mailbox; readonly signal: AbortSignal },
  policy: Policy,
  until: NoiseRecord,
): Promise<PartitionJudge | null> {
  const judge = new PartitionJudge(policy);
  let number = 0;
  for await (const batch of at.noise.readBatches(0)) {
    for (const logged of batch) {
      const record = noiseOf(logged);
      if (record.number < number) continue;
      if (at.signal.aborted) return null;
      const unsaid: Output["body"][] = [];
      if (record.number >= until.number) {
        judge.advance(until.stamp, unsaid);
        return judge;
      }
      if (record.body.kind === "policy") judge.advance(record.stamp, unsaid);
      else {
        const exchange = judge.apply(record, unsaid);
        const heard =
          exchange === null ||
          (await hearOther(judge, at.mailbox, exchange, unsaid, async () => undefined));
        if (!heard) return null;
      }
      number += 1;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  invariant(false, "the log of noise ends before the record that is being judged");
}
