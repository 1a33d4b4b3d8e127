import { randomUUID } from "node:crypto";
import { link, mkdir, open, readdir, readFile, rm } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import type { ObjectStore } from "../ports.ts";
import { errnoOf, WorldError, worldError } from "../world-error.ts";

const temporaryPrefix = ".put-";
const keyShape = /^[A-Za-z0-9._=-]+(?:\/[A-Za-z0-9._=-]+)*$/;

/** Keys become paths, so a key that could leave the folder or hide in it is refused. */
function checkKey(key: string): void {
  const hidden = key.split("/").some((part) => part.startsWith("."));
  if (hidden || key.length > 1024 || !keyShape.test(key)) {
    throw new WorldError("io", `${JSON.stringify(key.slice(0, 80))} is not a usable object key`);
  }
}

async function syncDir(dir: string): Promise<void> {
  const handle = await open(dir, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Write aside, sync, link under the final name: link(2) refuses a name that is taken. */
async function putIfAbsent(root: string, key: string, bytes: Uint8Array) {
  const path = join(root, key);
  const dir = dirname(path);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const temporary = join(dir, `${temporaryPrefix}${randomUUID()}`);
  try {
    const handle = await open(temporary, "wx", 0o600);
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await link(temporary, path);
  } catch (error) {
    if (errnoOf(error) === "EEXIST") return "exists" as const;
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
  for (let at = dir; ; at = dirname(at)) {
    await syncDir(at);
    if (at === root || dirname(at) === at) break;
  }
  return "created" as const;
}

async function get(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path);
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "EISDIR") return null;
    throw error;
  }
}

async function list(root: string, prefix: string): Promise<readonly string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith("."))
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(root.length + 1)
        .split(sep)
        .join("/"),
    )
    .filter((key) => key.startsWith(prefix))
    .sort();
}

async function remove(root: string, key: string): Promise<void> {
  const path = join(root, key);
  try {
    await rm(path);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return;
    throw error;
  }
  await syncDir(dirname(path));
}

/** A folder used as an object store: what `start` writes its lake to when no bucket is named. */
export async function openFolderStore(dir: string): Promise<ObjectStore> {
  const root = join(dir, ".");
  await mkdir(root, { recursive: true, mode: 0o700 });
  const attempt = async <T>(doing: string, key: string, work: () => Promise<T>): Promise<T> => {
    try {
      checkKey(key);
      return await work();
    } catch (error) {
      throw worldError(error, `${doing} ${key}`);
    }
  };
  return {
    putIfAbsent: (key, bytes) => attempt("put", key, () => putIfAbsent(root, key, bytes)),
    get: (key) => attempt("get", key, () => get(join(root, key))),
    list: (prefix) => attempt("list", "objects", () => list(root, prefix)),
    remove: (key) => attempt("remove", key, () => remove(root, key)),
  };
}
