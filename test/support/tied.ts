import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { openSync } from "node:fs";
import { createServer } from "node:net";

/** A program of somebody else's that tests start, and that cannot outlive them. */
export type Tied = {
  readonly pid: number;
  readonly signal: (signal: "SIGKILL" | "SIGTERM" | "SIGSTOP" | "SIGCONT") => void;
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
  return {
    pid,
    signal: (signal) => {
      try {
        process.kill(pid, signal);
      } catch {
        // Already gone, which is what a signal at the end of a test asks for.
      }
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
