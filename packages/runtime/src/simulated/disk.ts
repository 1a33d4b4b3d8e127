import { posix } from "node:path";
import type { Disk, DiskFile, OpenMode, Rng } from "../ports.ts";
import { WorldError } from "../world-error.ts";
import { type Inode, openInode } from "./inode.ts";

export type DiskOperation =
  | "open"
  | "write"
  | "read"
  | "size"
  | "truncate"
  | "sync"
  | "close"
  | "list"
  | "makeDir"
  | "rename"
  | "remove"
  | "syncDir"
  | "lock";

/** `count` numbers the calls of this disk from 1, so a test can strike exactly the k-th one. */
export type DiskCall = {
  readonly operation: DiskOperation;
  readonly path: string;
  readonly count: number;
};
export type DiskFault = "none" | "io" | "disk-full" | "crash-before" | "crash-after";

/** What a loss of power took away. */
export type CrashLoss = {
  /** Files whose content or size is not what was last written. */
  readonly files: number;
  /** Names made, moved or removed that are back to what they were. */
  readonly names: number;
};

export type SimulatedDisk = {
  /** The disk as a process started now sees it; dead for good after the next crash. */
  readonly attach: () => Disk;
  /**
   * Power goes: each unsynced sector survives or not by chance, unsynced sizes and names likewise
   * (names in the order they were made), locks are gone.
   */
  readonly crash: () => CrashLoss;
  /** The process is gone and its locks with it; what it wrote is still in the machine's memory. */
  readonly kill: () => void;
  /** Names of the files in a folder, in code-unit order. */
  readonly names: (dir: string) => readonly string[];
  /** Content as a process would read it now; null when there is no such file. */
  readonly peek: (path: string) => Buffer | null;
  /** Replaces a file's durable content, as rot or a careless hand does. */
  readonly poke: (path: string, bytes: Uint8Array) => void;
  readonly setCapacity: (bytes: number) => void;
  /** Bytes all files hold. */
  readonly used: () => number;
};

/**
 * Has `work` done at a moment of its own choosing, or never; a `share` below 1 of a write stops in the
 * middle of it. For schedulers that decide in which order things happen.
 */
export type Perform<Call> = <T>(call: Call, work: (share?: number) => T) => Promise<T>;

type Naming =
  | { readonly kind: "bind"; readonly path: string; readonly inode: Inode }
  | { readonly kind: "unbind"; readonly path: string }
  | { readonly kind: "move"; readonly from: string; readonly to: string; readonly inode: Inode };

function applyNaming(names: Map<string, Inode>, change: Naming): void {
  if (change.kind === "bind") names.set(change.path, change.inode);
  if (change.kind === "unbind") names.delete(change.path);
  if (change.kind === "move") {
    names.delete(change.from);
    names.set(change.to, change.inode);
  }
}

const dirOf = (change: Naming): string =>
  posix.dirname(change.kind === "move" ? change.to : change.path);

export type SimulatedDiskOptions = {
  readonly rng: Rng;
  readonly capacity?: number;
  /** Asked before every call; decides what goes wrong. */
  readonly fault?: (call: DiskCall) => DiskFault;
  /** Instead of `fault`: every call is handed over, and a call that is never done never returns. */
  readonly perform?: Perform<DiskCall>;
};

export function openSimulatedDisk(options: SimulatedDiskOptions): SimulatedDisk {
  const { rng, perform, fault = (): DiskFault => "none" } = options;
  const names = new Map<string, Inode>();
  const durableNames = new Map<string, Inode>();
  const locks = new Set<string>();
  let pending: Naming[] = [];
  let life = 0;
  let count = 0;
  let capacity = options.capacity ?? Number.POSITIVE_INFINITY;

  const change = (naming: Naming): void => {
    applyNaming(names, naming);
    pending.push(naming);
  };

  const kill = (): void => {
    life += 1;
    locks.clear();
  };

  const crash = (): CrashLoss => {
    kill();
    const survive = Math.floor(rng.next() * (pending.length + 1));
    const lostNames = pending.length - survive;
    for (const naming of pending.slice(0, survive)) applyNaming(durableNames, naming);
    pending = [];
    names.clear();
    for (const [path, inode] of durableNames) names.set(path, inode);
    let files = 0;
    for (const inode of new Set(names.values())) if (inode.crash(rng)) files += 1;
    return { files, names: lostNames };
  };

  const used = (): number => {
    let bytes = 0;
    for (const inode of new Set(names.values())) bytes += inode.size();
    return bytes;
  };
  const room = (): number =>
    capacity === Number.POSITIVE_INFINITY ? capacity : Math.max(0, capacity - used());

  const namesIn = (dir: string): readonly string[] =>
    [...names.keys()]
      .filter((path) => posix.dirname(path) === posix.normalize(dir))
      .map((path) => posix.basename(path))
      .sort();

  const attach = (): Disk => {
    const born = life;
    const call = async <T>(
      operation: DiskOperation,
      path: string,
      work: (share?: number) => T,
    ): Promise<T> => {
      if (perform !== undefined) {
        count += 1;
        return perform({ operation, path, count }, work);
      }
      await Promise.resolve();
      const dead = () => new WorldError("crashed", `${operation} ${path}: the machine went down`);
      if (born !== life) throw dead();
      count += 1;
      const struck = fault({ operation, path, count });
      if (struck === "io") throw new WorldError("io", `${operation} ${path}: simulated failure`);
      if (struck === "disk-full") throw new WorldError("disk-full", `${operation} ${path}: full`);
      if (struck === "crash-before") {
        crash();
        throw dead();
      }
      const result = work();
      if (struck === "crash-after") {
        crash();
        throw dead();
      }
      return result;
    };

    const fileOf = (path: string, inode: Inode): DiskFile => ({
      path,
      write: (bytes, position) =>
        call("write", path, (share = 1) => {
          const grow = Math.max(0, position + bytes.length - inode.size());
          const fits = Math.floor((bytes.length - Math.max(0, grow - room())) * share);
          const part = bytes.subarray(0, Math.max(0, fits));
          inode.write(part, position);
          if (part.length < bytes.length) throw new WorldError("disk-full", `write ${path}: full`);
        }),
      read: (position, length) => call("read", path, () => inode.read(position, length)),
      size: () => call("size", path, () => inode.size()),
      truncate: (size) => call("truncate", path, () => inode.truncate(size)),
      sync: () => call("sync", path, () => inode.sync()),
      close: () => call("close", path, () => undefined),
    });

    const found = (path: string): Inode => {
      const inode = names.get(path);
      if (inode === undefined) throw new WorldError("no-such-file", `${path} does not exist`);
      return inode;
    };

    const open = (path: string, mode: OpenMode): DiskFile => {
      if (mode !== "create") return fileOf(path, found(path));
      if (names.has(path)) throw new WorldError("exists", `${path} exists`);
      const inode = openInode();
      change({ kind: "bind", path, inode });
      return fileOf(path, inode);
    };

    return {
      open: (path, mode) => call("open", path, () => open(path, mode)),
      list: (dir) => call("list", dir, () => namesIn(dir)),
      makeDir: (dir) => call("makeDir", dir, () => undefined),
      rename: (from, to) =>
        call("rename", from, () => change({ kind: "move", from, to, inode: found(from) })),
      remove: (path) =>
        call("remove", path, () => {
          if (names.has(path)) change({ kind: "unbind", path });
        }),
      syncDir: (dir) =>
        call("syncDir", dir, () => {
          const here = (naming: Naming): boolean => dirOf(naming) === posix.normalize(dir);
          for (const naming of pending) if (here(naming)) applyNaming(durableNames, naming);
          pending = pending.filter((naming) => !here(naming));
        }),
      lock: (path) =>
        call("lock", path, () => {
          if (locks.has(path)) throw new WorldError("locked", `${path} is held`);
          locks.add(path);
          return async () => {
            if (born === life) locks.delete(path);
          };
        }),
    };
  };

  return {
    attach,
    crash,
    kill,
    names: namesIn,
    peek: (path) => names.get(path)?.read(0, Number.MAX_SAFE_INTEGER) ?? null,
    poke: (path, bytes) => {
      const inode = openInode();
      inode.write(bytes, 0);
      inode.sync();
      applyNaming(names, { kind: "bind", path, inode });
      applyNaming(durableNames, { kind: "bind", path, inode });
    },
    setCapacity: (bytes) => {
      capacity = bytes;
    },
    used,
  };
}
