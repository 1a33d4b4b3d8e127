import type { Rng } from "../ports.ts";

/** What a drive writes at once; a torn write tears between sectors. */
const sectorBytes = 512;

/** One file's content: what a process sees, and what would be left if the power went now. */
export type Inode = {
  readonly size: () => number;
  readonly read: (position: number, length: number) => Buffer;
  readonly write: (bytes: Uint8Array, position: number) => void;
  readonly truncate: (size: number) => void;
  readonly sync: () => void;
  /** True when something written is gone. */
  readonly crash: (rng: Rng) => boolean;
};

type Content = { bytes: Buffer; size: number };

function resize(content: Content, size: number): void {
  if (size > content.bytes.length) {
    const grown = Buffer.alloc(Math.max(size, content.bytes.length * 2, sectorBytes));
    content.bytes.copy(grown, 0, 0, content.size);
    content.bytes = grown;
  }
  // What lies beyond the end reads as zeros should the file grow over it again.
  if (size < content.size) content.bytes.fill(0, size, content.size);
  content.size = size;
}

function copySector(from: Content, to: Content, sector: number): void {
  const start = sector * sectorBytes;
  const end = Math.min(start + sectorBytes, from.size, to.size);
  if (end > start) from.bytes.copy(to.bytes, start, start, end);
}

export function openInode(): Inode {
  const seen: Content = { bytes: Buffer.alloc(0), size: 0 };
  const durable: Content = { bytes: Buffer.alloc(0), size: 0 };
  const dirty = new Set<number>();

  const touch = (from: number, to: number): void => {
    for (let sector = Math.floor(from / sectorBytes); sector * sectorBytes < to; sector++)
      dirty.add(sector);
  };

  return {
    size: () => seen.size,
    read: (position, length) => {
      const end = Math.min(seen.size, position + length);
      return Buffer.from(seen.bytes.subarray(Math.min(position, end), end));
    },
    write: (bytes, position) => {
      const end = position + bytes.length;
      const from = Math.min(position, seen.size);
      if (end > seen.size) resize(seen, end);
      seen.bytes.set(bytes, position);
      touch(from, end);
    },
    truncate: (size) => {
      touch(Math.min(size, seen.size), Math.max(size, seen.size));
      resize(seen, size);
    },
    sync: () => {
      resize(durable, seen.size);
      for (const sector of dirty) copySector(seen, durable, sector);
      dirty.clear();
    },
    crash: (rng) => {
      if (dirty.size > 0) {
        const low = Math.min(durable.size, seen.size);
        const high = Math.max(durable.size, seen.size);
        const chance = rng.next();
        const size =
          chance < 0.3
            ? durable.size
            : chance < 0.6
              ? seen.size
              : low + Math.floor(rng.next() * (high - low + 1));
        resize(durable, size);
        for (const sector of dirty) if (rng.next() < 0.5) copySector(seen, durable, sector);
      }
      dirty.clear();
      const kept = durable.bytes.subarray(0, durable.size);
      const isLost = !seen.bytes.subarray(0, seen.size).equals(kept);
      resize(seen, 0);
      resize(seen, durable.size);
      durable.bytes.copy(seen.bytes, 0, 0, durable.size);
      return isLost;
    },
  };
}
