import { invariant } from "@troth/events";
import { type Disk, type DiskFile, WorldError } from "@troth/runtime";
import { LogError } from "../log-error.ts";
import type { Appended, LogInput } from "../port.ts";
import { encodeFrame, frameHeaderBytes } from "./frame.ts";
import { type Cursor, segmentStart } from "./scan.ts";
import { createSegment, type Segment } from "./segment.ts";

export type Waiting = {
  readonly records: readonly LogInput[];
  readonly stamp: number;
  readonly bytes: number;
  readonly resolve: (appended: Appended) => void;
  readonly reject: (error: LogError) => void;
};

/** One write and sync carries at most this, so that a slow disk does not let groups grow. */
const groupBytesMax = 8 * 1024 * 1024;

/** Everything about the log that changes. Only `commit` writes, one group at a time. */
export type State = {
  segments: readonly Segment[];
  active: DiskFile;
  /** Behind the last durable frame. */
  cursor: Cursor;
  queue: Waiting[];
  pendingBytes: number;
  committing: Promise<void> | null;
  /** `closing` finishes what waits and takes nothing new. */
  condition: "open" | "closing" | "failed" | "closed";
};

export function encodeGroup(
  group: readonly Waiting[],
  start: Cursor,
  seed: number,
): { readonly bytes: Buffer; readonly cursor: Cursor; readonly appended: readonly Appended[] } {
  let size = 0;
  for (const waiting of group) size += waiting.bytes;
  const bytes = Buffer.allocUnsafe(size);
  const appended: Appended[] = [];
  let { offset, stamp } = start;
  let at = 0;
  for (const waiting of group) {
    stamp = Math.max(stamp, waiting.stamp);
    const frame = { kind: "records", first: offset, group: start.offset, stamp } as const;
    at = encodeFrame(bytes, at, frame, waiting.records, seed);
    appended.push({ first: offset, last: offset + waiting.records.length - 1, stamp });
    offset += waiting.records.length;
  }
  invariant(at === size, "an append whose bytes changed while it waited");
  return {
    bytes,
    cursor: { position: start.position + size, offset, group: start.offset, stamp },
    appended,
  };
}

export function lastSegment(state: State): Segment {
  const last = state.segments.at(-1);
  invariant(last !== undefined, "a log without a segment");
  return last;
}

/**
 * Writes and syncs at the end of the active segment. A write that failed is cut off again before
 * anything else is written there; when even that fails, or a sync does (the kernel may have
 * dropped the pages and would report the next sync as good), the log stops for good.
 */
export async function writeDurably(state: State, bytes: Buffer): Promise<void> {
  const { active, cursor } = state;
  let isUnknown = false;
  try {
    await active.write(bytes, cursor.position);
    isUnknown = true;
    await active.sync();
  } catch (error) {
    if (error instanceof WorldError && error.code === "disk-full") isUnknown = false;
    try {
      await active.truncate(cursor.position);
      await active.sync();
    } catch {
      isUnknown = true;
    }
    if (!isUnknown) throw error;
    state.condition = "failed";
    throw failed(active.path, error);
  }
}

export const failed = (path: string, cause?: unknown): LogError =>
  new LogError("failed", `${path} could not be synced; open the log again to go on`, {
    file: path,
    cause,
  });

export async function writeMark(state: State, kind: "closed" | "complete"): Promise<void> {
  const { offset, stamp } = state.cursor;
  const bytes = Buffer.alloc(frameHeaderBytes);
  encodeFrame(bytes, 0, { kind, first: offset, group: offset, stamp }, [], lastSegment(state).seed);
  await writeDurably(state, bytes);
}

/** The new segment is made first, so that a complete segment without a next one is a loss. */
export async function roll(disk: Disk, dir: string, state: State): Promise<void> {
  const { genesis } = lastSegment(state).header;
  const header = { genesis, base: state.cursor.offset, leastStamp: state.cursor.stamp };
  const { segment, file } = await createSegment(disk, dir, header);
  try {
    await writeMark(state, "complete");
  } catch (error) {
    await file.close();
    throw error;
  }
  await state.active.close();
  state.active = file;
  state.segments = [...state.segments, segment];
  state.cursor = segmentStart(segment);
}

export function takeGroup(state: State): readonly Waiting[] {
  let bytes = 0;
  let count = 0;
  for (const waiting of state.queue) {
    if (count > 0 && bytes + waiting.bytes > groupBytesMax) break;
    bytes += waiting.bytes;
    count += 1;
  }
  return state.queue.splice(0, count);
}
