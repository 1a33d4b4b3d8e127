import { constants } from "node:fs";
import { type FileHandle, mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { Disk, DiskFile, OpenMode } from "../ports.ts";
import { errnoOf, worldError } from "../world-error.ts";
import { takeLock } from "./lock.ts";

const flagsOf: Readonly<Record<OpenMode, number>> = {
  read: constants.O_RDONLY,
  update: constants.O_RDWR,
  create: constants.O_RDWR | constants.O_CREAT | constants.O_EXCL,
};

async function attempt<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw worldError(error, doing);
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}

async function readAll(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const into = Buffer.allocUnsafe(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await handle.read(into, done, length - done, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return into.subarray(0, done);
}

const fileOf = (path: string, handle: FileHandle): DiskFile => ({
  path,
  write: (bytes, position) => attempt(`write ${path}`, () => writeAll(handle, bytes, position)),
  read: (position, length) => attempt(`read ${path}`, () => readAll(handle, position, length)),
  size: () => attempt(`stat ${path}`, async () => (await handle.stat()).size),
  truncate: (size) => attempt(`truncate ${path}`, () => handle.truncate(size)),
  sync: () => attempt(`sync ${path}`, () => handle.datasync()),
  close: () => attempt(`close ${path}`, () => handle.close()),
});

async function syncDir(dir: string): Promise<void> {
  const handle = await open(dir, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A new folder is durable only once its parent is synced, and so for every folder made above. */
async function makeDir(dir: string): Promise<void> {
  const first = await mkdir(dir, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  const top = dirname(resolve(first));
  for (let at = dirname(resolve(dir)); ; at = dirname(at)) {
    await syncDir(at);
    if (at === top) return;
  }
}

async function list(dir: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(dir, { withFileTypes: true });
    return entries.flatMap((entry) => (entry.isFile() ? [entry.name] : [])).sort();
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return [];
    throw error;
  }
}

/** The machine's own file system. */
export const systemDisk: Disk = {
  open: (path, mode) =>
    attempt(`open ${path}`, async () => fileOf(path, await open(path, flagsOf[mode], 0o600))),
  list: (dir) => attempt(`list ${dir}`, () => list(dir)),
  makeDir: (dir) => attempt(`make ${dir}`, () => makeDir(dir)),
  rename: (from, to) => attempt(`rename ${from} to ${to}`, () => rename(from, to)),
  remove: (path) => attempt(`remove ${path}`, () => rm(path, { force: true })),
  syncDir: (dir) => attempt(`sync ${dir}`, () => syncDir(dir)),
  lock: (path) => attempt(`lock ${path}`, () => takeLock(path)),
};
