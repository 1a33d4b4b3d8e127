import { crc32 } from "node:zlib";
import type { Disk, DiskFile } from "@troth/runtime";
import type { Entry } from "./book.ts";

export type Journal = {
  /** Entries read at opening, in order. */
  readonly entries: readonly Entry[];
  /** Bytes at the end that were no whole entry, cut off. */
  readonly tornBytes: number;
  /**
   * Resolves once the entries are durable. After a failure the same entries may be given again: they
   * are written to the same place.
   */
  readonly append: (entries: readonly Entry[]) => Promise<void>;
  /** Bytes it has grown to. */
  readonly size: () => number;
  /** Starts afresh with this one entry, which must say all that the others said. */
  readonly replace: (entry: Entry) => Promise<void>;
  readonly close: () => Promise<void>;
};

const checksum = (text: string): string => crc32(text).toString(16).padStart(8, "0");

function encode(entries: readonly Entry[]): Buffer {
  const lines = entries.map((entry) => {
    const text = JSON.stringify(entry);
    return `${checksum(text)} ${text}\n`;
  });
  return Buffer.from(lines.join(""));
}

/**
 * Entries up to the first line that is not whole. What follows it was never promised to anybody, or
 * can be made again from the log of outputs: at worst something is sent twice, with the same id.
 */
function decode(bytes: Buffer): { readonly entries: readonly Entry[]; readonly end: number } {
  const entries: Entry[] = [];
  let end = 0;
  for (;;) {
    const stop = bytes.indexOf(10, end);
    if (stop === -1) return { entries, end };
    const line = bytes.toString("utf8", end, stop);
    const text = line.slice(9);
    if (line.slice(0, 9) !== `${checksum(text)} `) return { entries, end };
    entries.push(JSON.parse(text) as Entry);
    end = stop + 1;
  }
}

const exists = async (disk: Disk, dir: string, name: string): Promise<boolean> =>
  (await disk.list(dir)).includes(name);

/** The journal of one notifier in a folder of its own, which it locks. */
export async function openJournal(dir: string, disk: Disk): Promise<Journal> {
  await disk.makeDir(dir);
  const unlock = await disk.lock(`${dir}/lock`);
  const path = `${dir}/journal`;
  const fresh = !(await exists(disk, dir, "journal"));
  let file: DiskFile = await disk.open(path, fresh ? "create" : "update");
  // Also where it was there already: a process killed between making and syncing it left it so.
  await disk.syncDir(dir);
  const bytes = await file.read(0, await file.size());
  const { entries, end } = decode(bytes);
  if (end < bytes.length) await file.truncate(end);
  await file.sync();
  let position = end;
  return {
    entries,
    tornBytes: bytes.length - end,
    append: async (added) => {
      const lines = encode(added);
      await file.write(lines, position);
      await file.sync();
      position += lines.length;
    },
    size: () => position,
    replace: async (entry) => {
      const next = `${path}.new`;
      await disk.remove(next);
      const lines = encode([entry]);
      const written = await disk.open(next, "create");
      await written.write(lines, 0);
      await written.sync();
      await disk.rename(next, path);
      await disk.syncDir(dir);
      await file.close();
      file = written;
      position = lines.length;
    },
    close: async () => {
      await file.close();
      await unlock();
    },
  };
}
