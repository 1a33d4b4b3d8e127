import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:net";
import { join } from "node:path";
import { root } from "./source.ts";

const main = join(root, "services/troth/src/main.ts");
const live = ["--conditions=@troth/source", "--import", "tsx", main];

export type Ran = { readonly code: number | null; readonly out: string; readonly err: string };

/** Runs a command of troth to its end, as a person at a terminal would. */
export function runTroth(args: readonly string[], input = ""): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...live, ...args], { cwd: root });
    let [out, err] = ["", ""];
    child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, out, err }));
    child.stdin.end(input);
  });
}

/** The port when nobody listens on it, else null; 0 takes any. */
const tryPort = (wanted: number): Promise<number | null> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(null));
    server.listen(wanted, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : null;
      server.close(() => resolve(port));
    });
  });

/** A free port whose next two are free too, as `start` takes three. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = await tryPort(0);
    if (port === null || port > 65_533) continue;
    const next = [await tryPort(port + 1), await tryPort(port + 2)];
    if (!next.includes(null)) return port;
  }
}

export const startTroth = (dir: string, port: number, more: readonly string[] = []): ChildProcess =>
  spawn(
    process.execPath,
    [...live, "start", "--no-demo", "--data", dir, "--port", String(port), ...more],
    { cwd: root, stdio: ["ignore", "ignore", "pipe"] },
  );

export const gone = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    else child.once("exit", () => resolve());
  });

/** Resolves once the process says it is up; rejects with what it said if it ends before. */
export const up = (child: ChildProcess): Promise<void> =>
  new Promise((resolve, reject) => {
    let said = "";
    child.stderr?.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes("troth is up")) resolve();
    });
    child.once("exit", () => reject(new Error(`start ended: ${said}`)));
  });
