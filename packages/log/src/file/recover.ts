import type { Disk, DiskFile } from "@troth/runtime";
import { corrupt, LogError } from "../log-error.ts";
import { type FrameHeader, frameHeaderBytes, parseFrameHeader } from "./frame.ts";
import { type Cursor, damageError, hasLaterGroup, readFrames, segmentStart } from "./scan.ts";
import { baseOfName, isSegmentName, readSegment, type Segment } from "./segment.ts";
import { Starts } from "./starts.ts";

/** How the log was found when it was opened. */
export type Recovery = {
  /** The last owner closed it, so not a byte may be missing or damaged. */
  readonly closedInOrder: boolean;
  /** Bytes of a write that never was acknowledged, cut off the end. */
  readonly tornBytes: number;
  readonly records: number;
};

export type Found = {
  readonly segments: readonly Segment[];
  readonly active: DiskFile;
  /** Where the next frame goes. */
  readonly cursor: Cursor;
  readonly starts: Starts;
  readonly recovery: Recovery;
};

/** The frame that ends a segment, if that is what its last bytes are. */
async function endFrame(disk: Disk, segment: Segment): Promise<FrameHeader | null> {
  const file = await disk.open(segment.path, "read");
  try {
    const position = (await file.size()) - frameHeaderBytes;
    if (position < frameHeaderBytes) return null;
    return parseFrameHeader(await file.read(position, frameHeaderBytes), 0, segment.seed);
  } finally {
    await file.close();
  }
}

/** Segments must follow each other without a gap, and all but the last must be complete. */
async function checkChain(disk: Disk, segments: readonly Segment[]): Promise<readonly Segment[]> {
  for (const [index, segment] of segments.entries()) {
    const next = segments[index + 1];
    const end = await endFrame(disk, segment);
    const complete = end?.kind === "complete";
    if (next === undefined) {
      if (!complete) return segments;
      const why = `${segment.path} is complete, so a segment from offset ${end.first} must follow`;
      throw new LogError("segment-missing", why, { file: segment.path });
    }
    if (next.header.genesis !== segment.header.genesis)
      throw corrupt(next.path, 12, "the segment belongs to another log");
    if (complete && end.first === next.header.base) continue;
    if (complete) {
      const gap = `offsets ${end.first} to ${next.header.base} are in no segment`;
      throw new LogError("segment-missing", `${segment.path}: ${gap}`, { file: segment.path });
    }
    // A crash between making a segment and completing the one before leaves the new one empty.
    if (index + 2 === segments.length && (await isEmpty(disk, next))) {
      await disk.remove(next.path);
      return segments.slice(0, index + 1);
    }
    const file = await disk.open(segment.path, "read");
    const size = await file.size().finally(() => file.close());
    throw corrupt(
      segment.path,
      Math.max(0, size - frameHeaderBytes),
      "the segment does not end as a complete one does, yet another follows",
    );
  }
  return segments;
}

async function isEmpty(disk: Disk, segment: Segment): Promise<boolean> {
  const file = await disk.open(segment.path, "read");
  try {
    return (await file.size()) === frameHeaderBytes;
  } finally {
    await file.close();
  }
}

async function readSegments(disk: Disk, dir: string): Promise<readonly Segment[]> {
  const names = (await disk.list(dir)).filter(isSegmentName);
  const first = names[0];
  if (first !== undefined && baseOfName(first) !== 0) {
    const why = `${dir}: the first segment begins with offset ${baseOfName(first)}, not 0`;
    throw new LogError("segment-missing", why, { file: `${dir}/${first}` });
  }
  const segments: Segment[] = [];
  for (const name of names)
    segments.push(await readSegment(disk, `${dir}/${name}`, baseOfName(name)));
  return checkChain(disk, segments);
}

/** Walks the last segment; cuts off a torn write and the mark of an orderly close. */
async function recoverActive(segment: Segment, file: DiskFile, starts: Starts) {
  const size = await file.size();
  let cursor = segmentStart(segment);
  let keep = cursor;
  let closedInOrder = false;
  while (cursor.position < size) {
    const read = await readFrames(file, segment, cursor, size, Number.POSITIVE_INFINITY);
    const { frames, damage } = read.batch;
    const last = frames.at(-1);
    const closed = frames.find((frame) => frame.header.kind !== "records");
    if (closed !== undefined && (closed !== last || damage !== null || read.cursor.position < size))
      throw corrupt(segment.path, closed.next, "bytes behind the mark of an orderly close");
    if (closed === undefined) {
      keep = read.cursor;
      starts.note(segment, keep);
    } else {
      closedInOrder = true;
      const { position } = closed;
      keep = { ...read.cursor, position };
    }
    if (damage !== null) {
      if (await hasLaterGroup(file, segment, damage.position, size, read.cursor.offset))
        throw damageError(segment, damage);
      break;
    }
    cursor = read.cursor;
  }
  const tornBytes = closedInOrder ? 0 : size - keep.position;
  if (size > keep.position) await file.truncate(keep.position);
  // A process killed between writing and syncing leaves records that are here now and would be gone
  // with the power, after others have acted upon them.
  await file.sync();
  return { cursor: keep, closedInOrder, tornBytes };
}

async function syncFile(disk: Disk, segment: Segment | undefined): Promise<void> {
  if (segment === undefined) return;
  const file = await disk.open(segment.path, "update");
  await file.sync().finally(() => file.close());
}

/** Finds what a folder holds; null when it holds no log yet. */
export async function recover(disk: Disk, dir: string): Promise<Found | null> {
  const segments = await readSegments(disk, dir);
  const last = segments.at(-1);
  if (last === undefined) return null;
  const active = await disk.open(last.path, "update");
  try {
    // The same holds for the mark that completes the segment before, and for the names of both.
    await syncFile(disk, segments.at(-2));
    await disk.syncDir(dir);
    const starts = new Starts();
    const { cursor, closedInOrder, tornBytes } = await recoverActive(last, active, starts);
    const recovery = { closedInOrder, tornBytes, records: cursor.offset };
    return { segments, active, cursor, starts, recovery };
  } catch (error) {
    await active.close();
    throw error;
  }
}
