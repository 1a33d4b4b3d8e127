import { type Filed, isBeyond, type Output } from "@troth/events";
import type { ObjectStore } from "@troth/runtime";
import {
  type Chunk,
  type Closing,
  emptyChunk,
  gatherFact,
  gatherOutput,
  isFull,
  partsLeft,
} from "./chunk.ts";
import { manifestKey, manifestPrefix, objectKey, type Period } from "./key.ts";
import { LakeError } from "./lake-error.ts";
import {
  decodeManifest,
  encodeManifest,
  type Manifest,
  type ManifestObject,
  type Place,
  sha256,
} from "./manifest.ts";
import { putSame } from "./put.ts";

export type LakeOptions = {
  readonly store: ObjectStore;
  /** UUID of the log of outputs; a lake of another log is refused. */
  readonly genesis: string;
  /** Partition of the log; each keeps a chain of its own. 0 unless given. */
  readonly partition?: number;
  /**
   * `resume` goes on behind what the lake holds. `anew` writes a whole run: over an empty store, or
   * over the same run's lake, which is then compared byte for byte; any other is refused.
   */
  readonly begin: "resume" | "anew";
  readonly closing?: Partial<Closing>;
  /** Length of a `date=` partition; months keep a year of history in hundreds of objects. */
  readonly period?: Period;
};

/**
 * A lake is given every fact of the log in order, each before its outputs; or the outputs alone, and
 * then nobody can judge its facts anew. What it already holds is dropped.
 */
export type Lake = {
  /** Takes the next fact of the log. Never waits. */
  readonly file: (record: Filed) => void;
  /** Takes the next output. Never waits. */
  readonly fold: (output: Output) => void;
  /**
   * Undefined when nothing is being written; else resolves once it is durable. Rejects with the
   * store's `WorldError` (call again to try again when it is `retryable`) or a `LakeError`.
   */
  readonly drained: () => Promise<void> | undefined;
  /** Offset of the last fact covered durably, outputs and all; -1 while there is none. */
  readonly reached: () => number;
  /** Writes what is gathered however little it is: only where the run ends for good. */
  readonly finish: () => Promise<void>;
};

const defaultClosing: Closing = {
  records: 20_000,
  chars: 32 * 1024 * 1024,
  windowMs: 3_600_000,
  windowRecords: 2_000,
  longestMs: 86_400_000,
};
/** Nobody waits for part of a run that is written in one go; years of it would be thousands of days. */
const wholeRun: Partial<Closing> = {
  windowMs: Number.POSITIVE_INFINITY,
  longestMs: Number.POSITIVE_INFINITY,
};
const putsAtOnce = 8;

/** Encodes and stores what of a chunk is not stored yet; gives all its objects for the manifest. */
async function writeObjects(
  store: ObjectStore,
  partition: number,
  chunk: Chunk,
): Promise<readonly ManifestObject[]> {
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];
  const { from, to, stored } = chunk;
  for (const [name, { table, date, kind, rows, encode }] of partsLeft(chunk)) {
    const bytes = await encode();
    const hash = sha256(bytes);
    const key = objectKey({ table, date, kind, partition, from, to, sha256: hash });
    const object = { key, rows, bytes: bytes.length, sha256: hash };
    const put = putSame(store, key, bytes)
      .then(
        () => void stored.set(name, object),
        (error: unknown) => void failures.push(error),
      )
      .finally(() => running.delete(put));
    running.add(put);
    if (running.size >= putsAtOnce) await Promise.race(running);
    if (failures.length > 0) break;
  }
  await Promise.all(running);
  if (failures.length > 0) throw failures[0];
  return [...stored.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** The chain of manifests as far as it is written. */
type Tail = {
  readonly number: number;
  readonly to: number;
  readonly outputs: number;
  readonly hash: string | null;
};

const noTail: Tail = { number: 0, to: -1, outputs: 0, hash: null };

async function readTail(
  store: ObjectStore,
  keys: readonly string[],
  genesis: string,
  period: Period,
): Promise<Tail> {
  const key = keys.at(-1);
  if (key === undefined) return noTail;
  const bytes = (await store.get(key)) ?? Buffer.alloc(0);
  const manifest = decodeManifest(bytes);
  if (typeof manifest === "string") {
    throw new LakeError("damaged-manifest", `${key}: ${manifest}; put it back from a copy`);
  }
  if (manifest.genesis !== genesis) {
    throw new LakeError(
      "another-genesis",
      `this lake holds log ${manifest.genesis}, not ${genesis}: give every log a lake of its own`,
    );
  }
  if (manifest.period !== period) {
    throw new LakeError(
      "another-run",
      `this lake is kept by the ${manifest.period}, not by the ${period}`,
    );
  }
  const { number, to, before, outputs } = manifest;
  return { number, to, outputs: before + outputs, hash: sha256(bytes) };
}

const isRetryable = (error: unknown): boolean =>
  error instanceof Error && "retryable" in error && error.retryable === true;

/**
 * Keeps every output as rows of Parquet tables. Objects are created once and never changed; the chunk
 * under way lives in memory and is read from the log again after a stop.
 */
export async function openLake(options: LakeOptions): Promise<Lake> {
  const { store, genesis, begin, partition = 0, period = "month" } = options;
  const closing: Closing = {
    ...defaultClosing,
    ...(begin === "anew" ? wholeRun : {}),
    ...options.closing,
  };
  const known = new Set(await store.list(manifestPrefix(partition)));
  let tail = begin === "anew" ? noTail : await readTail(store, [...known], genesis, period);
  let seen: Place = { inOffset: tail.to, seq: Number.POSITIVE_INFINITY };
  let filed = tail.to;
  let next = tail.to + 1;
  let current: Chunk | null = null;
  const waiting: Chunk[] = [];
  let working: Promise<void> | null = null;
  let failure: { readonly error: unknown } | null = null;

  const another = (): LakeError =>
    new LakeError(
      "another-run",
      "the folder holds the lake of another run: give an empty one, or the events it was made of",
    );

  const write = async (chunk: Chunk): Promise<void> => {
    const { from, to, facts, first, last, outputs } = chunk;
    const key = manifestKey(partition, from, to);
    if (facts > 0 && facts !== to - from + 1) {
      throw new LakeError(
        "facts-missing",
        `of the facts ${from} to ${to} only ${facts} were given: give all of the log's, or none`,
      );
    }
    // Looked at before anything is written, so that a lake of another run stays as it is.
    if (begin === "anew" && known.size > 0 && !known.has(key)) throw another();
    const objects = await writeObjects(store, partition, chunk);
    const manifest: Manifest = {
      format: 2,
      genesis,
      partition,
      period,
      number: tail.number + 1,
      from,
      to,
      facts,
      first,
      last,
      before: tail.outputs,
      outputs,
      previous: tail.hash,
      objects,
    };
    const bytes = encodeManifest(manifest);
    await putSame(store, key, bytes);
    tail = {
      number: manifest.number,
      to,
      outputs: manifest.before + outputs,
      hash: sha256(bytes),
    };
  };

  const work = async (): Promise<void> => {
    for (let chunk = waiting[0]; chunk !== undefined; chunk = waiting[0]) {
      await write(chunk);
      waiting.shift();
    }
  };

  const start = (): void => {
    if (failure !== null) return;
    working ??= work()
      .catch((error: unknown) => {
        failure = { error };
      })
      .finally(() => {
        working = null;
      });
  };

  const close = (): void => {
    if (current === null) return;
    waiting.push(current);
    next = current.to + 1;
    current = null;
    start();
  };

  const settle = async (): Promise<void> => {
    if (failure !== null && isRetryable(failure.error)) failure = null;
    if (waiting.length > 0) start();
    await working;
    if (failure !== null) throw failure.error;
  };

  /** The chunk that takes a record at this offset; a full one is closed first. */
  const chunkAt = (offset: number, stamp: number): Chunk => {
    if (failure !== null && !isRetryable(failure.error)) throw failure.error;
    if (current !== null && offset > current.to && isFull(current, closing, stamp)) close();
    current ??= emptyChunk(next, offset, stamp);
    return current;
  };

  return {
    file: (record) => {
      if (record.offset <= filed) return;
      filed = record.offset;
      gatherFact(chunkAt(record.offset, record.stamp), record, period);
    },
    fold: (output) => {
      if (!isBeyond(output, seen)) return;
      seen = { inOffset: output.inOffset, seq: output.seq };
      gatherOutput(chunkAt(output.inOffset, output.stamp), output, period);
    },
    drained: () =>
      working === null && failure === null && waiting.length === 0 ? undefined : settle(),
    reached: () => tail.to,
    finish: async () => {
      close();
      await settle();
      if (begin === "anew" && known.size > tail.number) throw another();
    },
  };
}
