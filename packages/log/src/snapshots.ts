import { crc32 } from "node:zlib";
import { invariant } from "@troth/events";
import { type Disk, type DiskFile, WorldError } from "@troth/runtime";
import { logError } from "./log-error.ts";

export type Snapshot = {
  /** Offset of the first record the state has not seen. */
  readonly position: number;
  readonly bytes: Buffer;
};

export type Snapshots = {
  /** Resolves once the snapshot is durable; then all but this one and the one before are removed. */
  readonly save: (snapshot: {
    readonly position: number;
    readonly bytes: Uint8Array;
    /** Whoever saves it is about to go: nobody saves one soon after. */
    readonly isLast?: boolean;
  }) => Promise<void>;
  /** The newest sound snapshot, or null. Never fails for a damaged one: the log is the truth. */
  readonly load: () => Promise<Snapshot | null>;
};

export type SnapshotOptions = {
  /** UUID of the log the state comes from; snapshots of another log are not loaded. */
  readonly genesis: string;
  /** Told of every snapshot that could not be used, with the reason. */
  readonly skipped?: (file: string, why: string) => void;
};

/**
 * | 0 "TROTHSNP" | 8 format version, 4 | 12 genesis, 16 | 28 position, 8 | 36 body bytes, 8 |
 * | 44 CRC-32 of the body, 4 | 48 CRC-32 of the header, 4 | 52 body |
 */
const headerBytes = 52;
const formatVersion = 3;
const magic = Buffer.from("TROTHSNP", "latin1");
const kept = 2;
const nameShape = /^\d{16}\.snapshot$/;
const nameOf = (position: number): string => `${String(position).padStart(16, "0")}.snapshot`;

function encodeHeader(genesis: string, position: number, body: Uint8Array): Buffer {
  const header = Buffer.alloc(headerBytes);
  magic.copy(header, 0);
  header.writeUInt32LE(formatVersion, 8);
  header.write(genesis.replaceAll("-", ""), 12, 16, "hex");
  header.writeBigUInt64LE(BigInt(position), 28);
  header.writeBigUInt64LE(BigInt(body.length), 36);
  header.writeUInt32LE(crc32(body), 44);
  header.writeUInt32LE(crc32(header.subarray(0, 48)), 48);
  return header;
}

/** The snapshot in a file, or why it cannot be used. */
async function readSnapshot(
  file: DiskFile,
  genesis: string,
  position: number,
): Promise<Snapshot | string> {
  const size = await file.size();
  const header = await file.read(0, headerBytes);
  if (header.length < headerBytes || !header.subarray(0, 8).equals(magic))
    return "it is no snapshot";
  if (crc32(header.subarray(0, 48)) !== header.readUInt32LE(48)) return "its header is damaged";
  if (header.readUInt32LE(8) !== formatVersion)
    return `it has format ${header.readUInt32LE(8)}, known is ${formatVersion}`;
  if (header.toString("hex", 12, 28) !== genesis.replaceAll("-", "")) return "it is of another log";
  if (Number(header.readBigUInt64LE(28)) !== position) return "its name and position disagree";
  const bodyBytes = Number(header.readBigUInt64LE(36));
  if (size !== headerBytes + bodyBytes)
    return `it has ${size} bytes, not ${headerBytes + bodyBytes}`;
  const bytes = await file.read(headerBytes, bodyBytes);
  if (crc32(bytes) !== header.readUInt32LE(44)) return "its content is damaged";
  return { position, bytes };
}

/** Snapshots of one machine's state in a folder of its own: written aside, synced, renamed. */
export async function openSnapshots(
  dir: string,
  disk: Disk,
  options: SnapshotOptions,
): Promise<Snapshots> {
  const { genesis, skipped = () => undefined } = options;
  const names = async (): Promise<string[]> =>
    (await disk.list(dir)).filter((name) => nameShape.test(name)).reverse();

  const write = async (position: number, bytes: Uint8Array): Promise<void> => {
    const path = `${dir}/${nameOf(position)}`;
    const temporary = `${path}.new`;
    await disk.remove(temporary);
    const file = await disk.open(temporary, "create");
    try {
      await file.write(encodeHeader(genesis, position, bytes), 0);
      await file.write(bytes, headerBytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await disk.rename(temporary, path);
    await disk.syncDir(dir);
  };

  const load = async (): Promise<Snapshot | null> => {
    for (const name of await names()) {
      let file: DiskFile | null = null;
      try {
        file = await disk.open(`${dir}/${name}`, "read");
        const found = await readSnapshot(file, genesis, Number(name.slice(0, 16)));
        if (typeof found !== "string") return found;
        skipped(name, found);
      } catch (error) {
        if (error instanceof WorldError && error.code === "crashed") throw error;
        skipped(name, error instanceof Error ? error.message : String(error));
      } finally {
        await file?.close();
      }
    }
    return null;
  };

  try {
    await disk.makeDir(dir);
  } catch (error) {
    throw logError(error, `open the snapshots in ${dir}`);
  }
  return {
    load,
    save: async ({ position, bytes }) => {
      invariant(Number.isSafeInteger(position) && position >= 0, `a position of ${position}`);
      try {
        await write(position, bytes);
        // State only moves forward: what claims to be later is damaged or of another log, and would
        // push good ones out.
        const usable = (await names()).filter((name) => name <= nameOf(position)).slice(0, kept);
        for (const name of await names())
          if (!usable.includes(name)) await disk.remove(`${dir}/${name}`);
      } catch (error) {
        throw logError(error, `save a snapshot in ${dir}`);
      }
    },
  };
}
