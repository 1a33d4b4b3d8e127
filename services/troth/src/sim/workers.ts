import { type ChildProcess, fork } from "node:child_process";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { readPolicy } from "../policy-file.ts";
import { type RunResult, runSeed } from "./run.ts";
import { Tallies, type Tally } from "./tally.ts";

/** A share of the seeds, for one worker. */
export type Share = {
  readonly policy: string;
  readonly seed: number;
  readonly count: number;
  /** Every how manieth seed is this worker's. */
  readonly stride: number;
};

export type Found = Pick<RunResult, "seed" | "violations" | "sha256">;

export type Heard =
  | { readonly kind: "seed"; readonly found: Found }
  | { readonly kind: "end"; readonly tally: Tally };

/** Runs a share of the seeds in this process. */
export async function runShare(share: Share, hear: (heard: Heard) => void): Promise<void> {
  const policy = await readPolicy(share.policy);
  const tallies = new Tallies();
  for (let n = 0; n < share.count; n += share.stride) {
    const result = await runSeed({ seed: share.seed + n, policy });
    tallies.add(result);
    const { seed, violations, sha256 } = result;
    hear({ kind: "seed", found: { seed, violations, sha256 } });
  }
  hear({ kind: "end", tally: tallies.total() });
}

/** Beside this file, with the ending it has: source in development, JavaScript once built. */
const entry = fileURLToPath(new URL(`./worker${extname(import.meta.url)}`, import.meta.url));

/** Runs seeds on several processes of their own; resolves when all have ended. */
export async function runWorkers(
  share: Omit<Share, "stride">,
  workers: number,
  hear: (heard: Heard) => void,
): Promise<void> {
  const one = (n: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const child: ChildProcess = fork(entry, {
        // A story leaves much behind that is soon forgotten.
        execArgv: [...process.execArgv, "--max-semi-space-size=16"],
        stdio: ["ignore", "inherit", "inherit", "ipc"],
      });
      child.on("message", (message) => hear(message as Heard));
      child.once("error", reject);
      child.once("exit", (code) => {
        if (code === 0) resolve();
        else reject(new Error(`a worker of the simulation ended with code ${code}`));
      });
      child.send({
        ...share,
        seed: share.seed + n,
        count: share.count - n,
        stride: workers,
      } satisfies Share);
    });
  await Promise.all(Array.from({ length: Math.min(workers, share.count) }, (_, n) => one(n)));
}
