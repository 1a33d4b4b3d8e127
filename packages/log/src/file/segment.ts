import type { Disk, DiskFile } from "@troth/runtime";
import { corrupt, LogError } from "../log-error.ts";
import {
  encodeSegmentHeader,
  formatVersion,
  frameSeed,
  headerBytes,
  parseSegmentHeader,
  type SegmentHeader,
} from "./frame.ts";

/** What the log knows of one of its files. */
export type Segment = {
  readonly path: string;
  readonly header: SegmentHeader;
  readonly seed: number;
};

const suffix = ".log";
const nameShape = /^\d{16}\.log$/;

export const segmentName = (base: number): string => `${String(base).padStart(16, "0")}${suffix}`;
export const isSegmentName = (name: string): boolean => nameShape.test(name);
export const baseOfName = (name: string): number => Number(name.slice(0, 16));

export async function readSegment(disk: Disk, path: string, base: number): Promise<Segment> {
  const file = await disk.open(path, "read");
  try {
    const found = parseSegmentHeader(await file.read(0, headerBytes));
    if (found === null) throw corrupt(path, 0, "the segment header is damaged");
    if (found.version !== formatVersion) {
      const why = `${path} has format ${found.version}; this program knows ${formatVersion}`;
      throw new LogError("unknown-format", why, { file: path, position: 8 });
    }
    const { header } = found;
    if (header.base !== base)
      throw corrupt(path, 28, `the header says offset ${header.base}, the name says ${base}`);
    return { path, header, seed: frameSeed(header) };
  } finally {
    await file.close();
  }
}

/**
 * Makes a segment file that appears under its name only when its header is durable, so a crash
 * leaves either a whole header or no segment.
 */
export async function createSegment(
  disk: Disk,
  dir: string,
  header: SegmentHeader,
): Promise<{ readonly segment: Segment; readonly file: DiskFile }> {
  const path = `${dir}/${segmentName(header.base)}`;
  const temporary = `${path}.new`;
  await disk.remove(temporary);
  const made = await disk.open(temporary, "create");
  try {
    await made.write(encodeSegmentHeader(header), 0);
    await made.sync();
  } finally {
    await made.close();
  }
  await disk.rename(temporary, path);
  await disk.syncDir(dir);
  const file = await disk.open(path, "update");
  return { segment: { path, header, seed: frameSeed(header) }, file };
}
