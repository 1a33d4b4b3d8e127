import type { DiskFile } from "@troth/runtime";
import { corrupt } from "../log-error.ts";
import type { LogRecord } from "../port.ts";
import {
  type FrameHeader,
  frameHeaderBytes,
  frameMagic,
  headerBytes,
  parseBody,
  parseFrameHeader,
} from "./frame.ts";
import type { Segment } from "./segment.ts";

const chunkBytes = 256 * 1024;

export type ScannedFrame = {
  readonly header: FrameHeader;
  readonly position: number;
  /** Position behind the frame. */
  readonly next: number;
};

/** The first byte that is not part of a sound frame, and why it is not. */
export type Damage = { readonly position: number; readonly what: string };

export type Batch = {
  readonly frames: readonly ScannedFrame[];
  readonly records: readonly LogRecord[];
  /** Position behind the last sound frame. */
  readonly next: number;
  readonly damage: Damage | null;
};

export type Cursor = {
  readonly position: number;
  /** Offset the frame at `position` must begin with. */
  readonly offset: number;
  /** Sync group of the frame before, or -1 at the beginning of a segment. */
  readonly group: number;
  readonly stamp: number;
};

export const segmentStart = (segment: Segment): Cursor => ({
  position: headerBytes,
  offset: segment.header.base,
  group: -1,
  stamp: segment.header.leastStamp,
});

/** Why a sound header cannot stand where it was found, or null. */
function misplaced(header: FrameHeader, cursor: Cursor): string | null {
  if (header.first !== cursor.offset)
    return `a frame of offset ${header.first} where ${cursor.offset} belongs`;
  if (header.group !== header.first && header.group !== cursor.group)
    return "a frame of a sync group that did not begin";
  if (header.stamp < cursor.stamp) return "a stamp that goes back";
  if (header.kind === "records" ? header.count === 0 : header.count + header.bodyBytes > 0)
    return "a frame whose count and kind disagree";
  return null;
}

/**
 * Reads whole frames from `cursor` up to `end`, about 256 KiB at once and always at least one.
 * Every byte is checked; records below `from` are checked but left out.
 */
export async function readFrames(
  file: DiskFile,
  segment: Segment,
  cursor: Cursor,
  end: number,
  from: number,
): Promise<{ readonly batch: Batch; readonly cursor: Cursor }> {
  const frames: ScannedFrame[] = [];
  const records: LogRecord[] = [];
  let at = cursor;
  let damage: Damage | null = null;
  const base = cursor.position;
  let chunk = await file.read(base, Math.min(chunkBytes, end - base));
  while (at.position < end) {
    const start = at.position - base;
    if (start + frameHeaderBytes > chunk.length) {
      if (frames.length > 0 && base + chunk.length < end) break;
      damage = { position: at.position, what: "a frame header that ends early" };
      break;
    }
    const header = parseFrameHeader(chunk, start, segment.seed);
    const wrong = header === null ? "a damaged frame header" : misplaced(header, at);
    if (header === null || wrong !== null) {
      damage = { position: at.position, what: wrong ?? "a damaged frame header" };
      break;
    }
    const bodyStart = start + frameHeaderBytes;
    const next = at.position + frameHeaderBytes + header.bodyBytes;
    if (next > end) {
      damage = { position: at.position, what: "a frame that ends early" };
      break;
    }
    if (bodyStart + header.bodyBytes > chunk.length) {
      if (frames.length > 0) break;
      chunk = await file.read(base, next - base);
    }
    const body = chunk.subarray(bodyStart, bodyStart + header.bodyBytes);
    if (!parseBody(body, header, segment.seed, from, records)) {
      damage = { position: at.position, what: "a frame whose records do not match their checksum" };
      break;
    }
    frames.push({ header, position: at.position, next });
    const offset = header.first + header.count;
    at = { position: next, offset, group: header.group, stamp: header.stamp };
  }
  return { batch: { frames, records, next: at.position, damage }, cursor: at };
}

/**
 * Whether a frame of a later sync group than the one that should begin with `offset` stands
 * anywhere behind `position`: then what is damaged there had been durable.
 */
export async function hasLaterGroup(
  file: DiskFile,
  segment: Segment,
  position: number,
  end: number,
  offset: number,
): Promise<boolean> {
  const overlap = frameHeaderBytes - 1;
  for (let base = position + 1; base < end; base += chunkBytes) {
    const chunk = await file.read(base, Math.min(chunkBytes + overlap, end - base));
    for (let at = chunk.indexOf(frameMagic); at !== -1; at = chunk.indexOf(frameMagic, at + 1)) {
      const header = parseFrameHeader(chunk, at, segment.seed);
      if (header !== null && header.group > offset) return true;
    }
  }
  return false;
}

export const damageError = (segment: Segment, damage: Damage): Error =>
  corrupt(segment.path, damage.position, damage.what);
