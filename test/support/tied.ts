import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, openSync, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

/** A program of somebody else's that tests start, and that cannot outlive them. */
export type Tied = {
  readonly pid: number;
  readonly signal: (signal: "SIGKILL" | "SIGTERM" | "SIGSTOP" | "SIGCONT") => void;
  /** SIGSTOP, and resolves once none of its threads runs any more: the signal alone may take its time. */
  readonly freeze: () => Promise<void>;
  /** Resolves when the process is gone; kills it first. */
  readonly close: () => Promise<void>;
};

/**
 * The shell waits for its own standard input to end and then kills the program, so that a test run
 * that is killed itself leaves nothing behind.
 */
const leash = '"$@" </dev/null & p=$!; echo $p; cat >/dev/null; kill -9 $p 2>/dev/null; wait';

export async function startTied(
  command: readonly string[],
  options: { readonly log: string; readonly env?: NodeJS.ProcessEnv; readonly cwd?: string },
): Promise<Tied> {
  const log = openSync(options.log, "a");
  const shell: ChildProcess = spawn("sh", ["-c", leash, "tied", ...command], {
    stdio: ["pipe", "pipe", log],
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
  });
  if (shell.stdout === null) throw new Error("the shell has no output");
  const [first] = await once(shell.stdout, "data");
  shell.stdout.resume();
  const pid = Number.parseInt(String(first), 10);
  const gone = once(shell, "exit");
  const signal: Tied["signal"] = (signal) => {
    try {
      process.kill(pid, signal);
    } catch {
      // Already gone, which is what a signal at the end of a test asks for.
    }
  };
  return {
    pid,
    signal,
    freeze: async () => {
      signal("SIGSTOP");
      while (runs(pid)) await pause(5);
    },
    close: async () => {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // Already gone.
      }
      shell.stdin?.end();
      await gone;
    },
  };
}

/** Whether any thread of a process is not stopped (T); where the machine has no /proc, nobody can tell. */
function runs(pid: number): boolean {
  const tasks = `/proc/${pid}/task`;
  if (!existsSync(tasks)) return false;
  return readdirSync(tasks).some((task) => {
    try {
      const stat = readFileSync(`${tasks}/${task}/stat`, "utf8");
      // The program's name, in brackets, may hold anything: the state comes after the last one.
      return !["T", "t", "Z", "X"].includes(stat.charAt(stat.lastIndexOf(")") + 2));
    } catch {
      return false; // This thread ended in the meantime.
    }
  });
}

/** A port nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** Resolves once `url` answers well; closes the program and fails after fifteen seconds. */
export async function untilReady(
  url: string,
  program: string,
  close: () => Promise<void>,
): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    const ready = await fetch(url).catch(() => null);
    if (ready?.ok) return;
    if (tries === 150) {
      await close();
      throw new Error(`no ${program} after 15 s`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
