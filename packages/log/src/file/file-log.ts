import { invariant } from "@troth/events";
import type { Disk } from "@troth/runtime";
import { flatten, openFollowing } from "../following.ts";
import { LogError, logError } from "../log-error.ts";
import type { Appended, Log, LogInput } from "../port.ts";
import {
  encodeGroup,
  failed,
  lastSegment,
  roll,
  type State,
  takeGroup,
  type Waiting,
  writeDurably,
  writeMark,
} from "./commit.ts";
import { bodyBytesMax, bodyBytesOf, frameHeaderBytes } from "./frame.ts";
import { type Growing, readLogBatches } from "./reader.ts";
import { type Found, type Recovery, recover } from "./recover.ts";
import { segmentStart } from "./scan.ts";
import { createSegment } from "./segment.ts";
import { Starts } from "./starts.ts";

export type FileLogOptions = {
  /** UUID for a log that does not exist yet; an existing one keeps its own. */
  readonly newGenesis: string;
  /** A segment is completed by the first sync that reaches this size. Default 64 MiB. */
  readonly segmentBytes?: number;
  /** Appends waiting for the disk beyond this are refused as `overloaded`. Default 64 MiB. */
  readonly pendingBytesMax?: number;
};

export type FileLog = Log & {
  readonly recovery: Recovery;
  /** Bytes waiting to become durable. */
  readonly pendingBytes: () => number;
};

async function create(disk: Disk, dir: string, genesis: string): Promise<Found> {
  const header = { genesis, base: 0, leastStamp: 0 };
  const { segment, file } = await createSegment(disk, dir, header);
  const recovery = { closedInOrder: true, tornBytes: 0, records: 0 };
  const cursor = segmentStart(segment);
  return { segments: [segment], active: file, cursor, starts: new Starts(), recovery };
}

/**
 * Opens the log in a folder, or makes one. Takes a lock, so a second owner is refused as `locked`;
 * cuts off a write torn by a crash; refuses damage to what was durable as `corrupt`, naming file
 * and byte. Segments before the last are checked in full when they are read.
 */
export async function openFileLog(
  dir: string,
  disk: Disk,
  options: FileLogOptions,
): Promise<FileLog> {
  const { segmentBytes = 64 * 1024 * 1024, pendingBytesMax = 64 * 1024 * 1024 } = options;
  let unlock: (() => Promise<void>) | null = null;
  try {
    await disk.makeDir(dir);
    unlock = await disk.lock(`${dir}/lock`);
    const found = (await recover(disk, dir)) ?? (await create(disk, dir, options.newGenesis));
    return serve(disk, dir, found, unlock, segmentBytes, pendingBytesMax);
  } catch (error) {
    await unlock?.();
    throw logError(error, `open the log in ${dir}`);
  }
}

function serve(
  disk: Disk,
  dir: string,
  found: Found,
  unlock: () => Promise<void>,
  segmentBytes: number,
  pendingBytesMax: number,
): FileLog {
  const following = openFollowing();
  const state: State = {
    segments: found.segments,
    active: found.active,
    cursor: found.cursor,
    queue: [],
    pendingBytes: 0,
    committing: null,
    condition: "open",
  };

  const refusal = (): LogError | null => {
    if (state.condition === "open") return null;
    if (state.condition === "failed") return failed(state.active.path);
    return new LogError("closed", `the log in ${dir} is closed`);
  };

  const commitGroup = async (group: readonly Waiting[]): Promise<void> => {
    try {
      if (state.condition === "failed") throw failed(state.active.path);
      if (state.cursor.position >= segmentBytes) await roll(disk, dir, state);
      const { bytes, cursor, appended } = encodeGroup(group, state.cursor, lastSegment(state).seed);
      await writeDurably(state, bytes);
      state.cursor = cursor;
      found.starts.note(lastSegment(state), cursor);
      for (const [index, waiting] of group.entries()) {
        const done = appended[index];
        if (done !== undefined) waiting.resolve(done);
      }
      following.wake();
    } catch (error) {
      const why = logError(error, `append to the log in ${dir}`);
      for (const waiting of group) waiting.reject(why);
    }
    for (const waiting of group) state.pendingBytes -= waiting.bytes;
  };

  const commit = async (): Promise<void> => {
    // Appends made in the same turn of the event loop join the first group.
    await new Promise((resolve) => setImmediate(resolve));
    while (state.queue.length > 0) await commitGroup(takeGroup(state));
    state.committing = null;
  };

  const append = (records: readonly LogInput[], stamp: number): Promise<Appended> =>
    new Promise((resolve, reject) => {
      invariant(records.length > 0, "an append of no records");
      invariant(Number.isSafeInteger(stamp) && stamp >= 0, `a stamp of ${stamp}`);
      const refused = refusal();
      if (refused !== null) return reject(refused);
      const body = bodyBytesOf(records);
      const bytes = frameHeaderBytes + body;
      if (body > bodyBytesMax)
        return reject(new LogError("too-large", `${body} bytes in one append`));
      if (state.pendingBytes + bytes > pendingBytesMax && state.pendingBytes > 0)
        return reject(new LogError("overloaded", `${state.pendingBytes} bytes wait for the disk`));
      state.pendingBytes += bytes;
      state.queue.push({ records, stamp, bytes, resolve, reject });
      state.committing ??= commit();
    });

  const growing: Growing = {
    segments: () => state.segments,
    durable: () => state.cursor,
    closed: () => state.condition === "closed",
    starts: found.starts,
  };
  const readBatches: Log["readBatches"] = (from, reading = {}) =>
    readLogBatches(disk, growing, following, from, reading);

  let closing: Promise<void> | null = null;
  const close = async (): Promise<void> => {
    if (state.condition === "open") state.condition = "closing";
    await state.committing;
    try {
      if (state.condition === "closing") await writeMark(state, "closed");
    } catch (error) {
      throw logError(error, `close the log in ${dir}`);
    } finally {
      state.condition = "closed";
      following.wake();
      await state.active.close().catch(() => undefined);
      await unlock();
    }
  };

  return {
    genesis: lastSegment(state).header.genesis,
    recovery: found.recovery,
    pendingBytes: () => state.pendingBytes,
    append,
    read: (from, reading) => flatten(readBatches(from, reading)),
    readBatches,
    end: async () => state.cursor.offset,
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}
