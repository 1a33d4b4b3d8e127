import { crc32 } from "node:zlib";
import { invariant } from "@troth/events";
import type { LogInput, LogRecord } from "../port.ts";

/**
 * A segment file is one 48-byte segment header, then frames, each the records of one `append`.
 * All numbers are little-endian.
 *
 * | segment header | | frame | |
 * |---|---|---|---|
 * | 0  | "TROTHLOG"             | 0  | "TRF1"                                  |
 * | 8  | format version, 2      | 4  | body bytes, 4                           |
 * | 10 | zero, 2                | 8  | count of records, 4                     |
 * | 12 | genesis, 16            | 12 | kind, 4                                 |
 * | 28 | first offset, 8        | 16 | offset of its first record, 8           |
 * | 36 | least stamp, 8         | 24 | offset that begins its sync group, 8    |
 * | 44 | CRC-32 of the above, 4 | 32 | stamp, 8                                |
 * |    |                        | 40 | CRC-32 of the body, 4                   |
 * |    |                        | 44 | CRC-32 of the header above, 4           |
 * |    |                        | 48 | body: per record its length, 4, and bytes |
 *
 * Frames written by one sync carry the same group. A group is written only after the one before it
 * is durable, so a damaged frame followed by a frame of a later group was durable once: corruption.
 * A damaged frame with nothing of a later group behind it may be a torn write: cut off.
 * The frame checksums begin from one over the segment header, so bytes of another log, or a record
 * that happens to hold a copy of a frame, never pass for one.
 */
export const headerBytes = 48;
export const frameHeaderBytes = 48;
export const formatVersion = 1;
/** Larger bodies would have to be held in memory whole, twice, to be read. */
export const bodyBytesMax = 32 * 1024 * 1024;

const logMagic = Buffer.from("TROTHLOG", "latin1");
export const frameMagic = Buffer.from("TRF1", "latin1");
const frameMagicNumber = frameMagic.readUInt32LE(0);

/** Records; the log was closed in order; the segment is complete and another follows. */
export type FrameKind = "records" | "closed" | "complete";
const kindCodes: Readonly<Record<FrameKind, number>> = { records: 0, closed: 1, complete: 2 };
const kindOfCode: readonly FrameKind[] = ["records", "closed", "complete"];

/** Whole numbers up to 2^53 as 64 bits, without the cost of BigInt. */
function writeWhole(into: Buffer, value: number, position: number): void {
  into.writeUInt32LE(value % 0x1_0000_0000, position);
  into.writeUInt32LE(Math.floor(value / 0x1_0000_0000), position + 4);
}
const readWhole = (from: Buffer, position: number): number =>
  from.readUInt32LE(position + 4) * 0x1_0000_0000 + from.readUInt32LE(position);

export type SegmentHeader = {
  readonly genesis: string;
  readonly base: number;
  /** Stamp of the last record before this segment. */
  readonly leastStamp: number;
};

const hexOfUuid = (uuid: string): string => uuid.replaceAll("-", "");
const uuidOfHex = (hex: string): string =>
  [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    "-",
  );

export function encodeSegmentHeader(header: SegmentHeader): Buffer {
  const bytes = Buffer.alloc(headerBytes);
  logMagic.copy(bytes, 0);
  bytes.writeUInt16LE(formatVersion, 8);
  bytes.write(hexOfUuid(header.genesis), 12, 16, "hex");
  writeWhole(bytes, header.base, 28);
  writeWhole(bytes, header.leastStamp, 36);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 44)), 44);
  return bytes;
}

/** Null when the bytes are no sound header; the version is told so that it can be named. */
export function parseSegmentHeader(
  bytes: Buffer,
): { readonly version: number; readonly header: SegmentHeader } | null {
  if (bytes.length < headerBytes || !bytes.subarray(0, 8).equals(logMagic)) return null;
  if (crc32(bytes.subarray(0, 44)) !== bytes.readUInt32LE(44)) return null;
  return {
    version: bytes.readUInt16LE(8),
    header: {
      genesis: uuidOfHex(bytes.toString("hex", 12, 28)),
      base: readWhole(bytes, 28),
      leastStamp: readWhole(bytes, 36),
    },
  };
}

/**
 * What the frame checksums of a segment begin from: the checksum of its header. (A checksum over
 * the header and its checksum would be the same number for every header.)
 */
export const frameSeed = (header: SegmentHeader): number =>
  encodeSegmentHeader(header).readUInt32LE(44);

export type FrameHeader = {
  readonly kind: FrameKind;
  readonly bodyBytes: number;
  readonly count: number;
  readonly first: number;
  readonly group: number;
  readonly stamp: number;
  readonly bodyCrc: number;
};

export function bodyBytesOf(records: readonly LogInput[]): number {
  let size = 0;
  for (const record of records) size += 4 + record.bytes.length;
  return size;
}

export type FrameInput = Pick<FrameHeader, "kind" | "first" | "group" | "stamp">;

/** Writes one frame at `position` and returns the position behind it. */
export function encodeFrame(
  into: Buffer,
  position: number,
  frame: FrameInput,
  records: readonly LogInput[],
  seed: number,
): number {
  const start = position + frameHeaderBytes;
  let at = start;
  for (const { bytes } of records) {
    into.writeUInt32LE(bytes.length, at);
    into.set(bytes, at + 4);
    at += 4 + bytes.length;
  }
  invariant(at - start <= bodyBytesMax, "a frame larger than readers accept");
  into.writeUInt32LE(frameMagicNumber, position);
  into.writeUInt32LE(at - start, position + 4);
  into.writeUInt32LE(records.length, position + 8);
  into.writeUInt32LE(kindCodes[frame.kind], position + 12);
  writeWhole(into, frame.first, position + 16);
  writeWhole(into, frame.group, position + 24);
  writeWhole(into, frame.stamp, position + 32);
  into.writeUInt32LE(crc32(into.subarray(start, at), seed), position + 40);
  into.writeUInt32LE(crc32(into.subarray(position, position + 44), seed), position + 44);
  return at;
}

/** Null when there is no sound frame header at `position`. */
export function parseFrameHeader(from: Buffer, position: number, seed: number): FrameHeader | null {
  if (position + frameHeaderBytes > from.length) return null;
  if (from.readUInt32LE(position) !== frameMagicNumber) return null;
  const sum = from.readUInt32LE(position + 44);
  if (crc32(from.subarray(position, position + 44), seed) !== sum) return null;
  const kind = kindOfCode[from.readUInt32LE(position + 12)];
  const bodyBytes = from.readUInt32LE(position + 4);
  if (kind === undefined || bodyBytes > bodyBytesMax) return null;
  return {
    kind,
    bodyBytes,
    count: from.readUInt32LE(position + 8),
    first: readWhole(from, position + 16),
    group: readWhole(from, position + 24),
    stamp: readWhole(from, position + 32),
    bodyCrc: from.readUInt32LE(position + 40),
  };
}

/** Adds the records of a body to `into`, from offset `from` on; false when the body is not sound. */
export function parseBody(
  body: Buffer,
  header: FrameHeader,
  seed: number,
  from: number,
  into: LogRecord[],
): boolean {
  if (crc32(body, seed) !== header.bodyCrc) return false;
  let at = 0;
  for (let index = 0; index < header.count; index++) {
    if (at + 4 > body.length) return false;
    const next = at + 4 + body.readUInt32LE(at);
    if (next > body.length) return false;
    const offset = header.first + index;
    if (offset >= from)
      into.push({ offset, stamp: header.stamp, bytes: body.subarray(at + 4, next) });
    at = next;
  }
  return at === body.length;
}
