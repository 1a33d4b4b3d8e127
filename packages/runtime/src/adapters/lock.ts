import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { link, readFile, rm, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { errnoOf, WorldError } from "../world-error.ts";

/**
 * What this process wrote into locks it holds or is about to take: our own number with other words
 * is a process long gone. Noted before the lock appears, or a rival here would think it stale.
 */
const heldHere = new Set<string>();

/**
 * When the kernel started the process, so that a process number used again is not mistaken for
 * the old owner. Empty where there is no /proc; then the number alone decides.
 */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    // The command name may hold spaces and brackets; the fields after the last bracket do not.
    const start = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
    return `${boot}/${start}`;
  } catch {
    return "";
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) === "EPERM";
  }
}

function isStale(owner: string): boolean {
  const [pidText, start] = owner.split(" ");
  const pid = Number(pidText);
  if (!Number.isInteger(pid) || pid <= 0) return true;
  if (pid === process.pid) return !heldHere.has(owner);
  if (!isAlive(pid)) return true;
  const startNow = startOf(pid);
  return start !== undefined && start !== "" && startNow !== "" && start !== startNow;
}

async function readOwner(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return null;
    throw error;
  }
}

/**
 * Removes a stale lock. Only who holds the guard beside it may, and looks again first: a lock that was
 * taken meanwhile has another owner. `temporary` is our own lock, not yet in place.
 */
async function clearStale(path: string, owner: string, temporary: string): Promise<void> {
  const guard = `${path}.takeover`;
  try {
    await link(temporary, guard);
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
    const rival = await readOwner(guard);
    if (rival !== null && isStale(rival)) await rm(guard, { force: true });
    await new Promise((resolve) => setTimeout(resolve, 5));
    return;
  }
  try {
    if ((await readOwner(path)) === owner) await rm(path, { force: true });
  } finally {
    await rm(guard, { force: true });
  }
}

/**
 * A lock file made by link(2), which fails when the name exists, so a reader never sees a lock
 * without its owner inside. Content: process number, start of the process, a random word.
 */
export async function takeLock(file: string): Promise<() => Promise<void>> {
  const path = resolve(file);
  const mine = `${process.pid} ${startOf(process.pid)} ${randomUUID()}`;
  const temporary = `${path}.${randomUUID()}`;
  await writeFile(temporary, mine, { flag: "wx", mode: 0o600 });
  heldHere.add(mine);
  let taken = false;
  try {
    for (let tries = 0; tries < 100; tries++) {
      try {
        await link(temporary, path);
      } catch (error) {
        if (errnoOf(error) !== "EEXIST") throw error;
        const owner = await readOwner(path);
        if (owner === null) continue;
        if (!isStale(owner)) {
          throw new WorldError("locked", `${path} is held by process ${owner.split(" ")[0]}`);
        }
        await clearStale(path, owner, temporary);
        continue;
      }
      taken = true;
      return async () => {
        heldHere.delete(mine);
        if ((await readOwner(path)) === mine) await rm(path, { force: true });
      };
    }
    throw new WorldError("locked", `${path} changes hands faster than it can be taken`);
  } finally {
    if (!taken) heldHere.delete(mine);
    await rm(temporary, { force: true });
  }
}
