import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Mutant } from "./mutants.ts";
import { bundleOf } from "./mutate.ts";

const run = promisify(execFile);
const policy = join(import.meta.dirname, "../../infra/policy/default.yaml");
/** A story has a last step, so a process that takes this long is on a slow machine: that is no verdict. */
const slowAfterMs = 900_000;

export type Verdict = {
  readonly mutant: Mutant;
  /** Null when it survived. */
  readonly killed: { readonly seed: number; readonly violation: string } | null;
  /** The machine was too slow to say. */
  readonly isUnknown: boolean;
};

/** A process that ends by itself is no verdict unless the sources as they are do not do so. */
async function checkSound(dir: string): Promise<void> {
  const program = join(dir, "sound.mjs");
  await bundleOf("mutant-program.ts", program, null);
  const { stdout } = await run(process.execPath, [program, policy, "1", "5"]);
  if (stdout !== "null") throw new Error(`without any mutant a story goes wrong: ${stdout}`);
}

async function tryOne(mutant: Mutant, dir: string, n: number, seeds: number): Promise<Verdict> {
  const program = join(dir, `mutant${n}.mjs`);
  await bundleOf("mutant-program.ts", program, mutant);
  try {
    const { stdout } = await run(
      process.execPath,
      [program, policy, `${mutant.seed}`, `${seeds}`],
      {
        timeout: slowAfterMs,
      },
    );
    return { mutant, killed: JSON.parse(stdout), isUnknown: false };
  } catch (error) {
    if (error instanceof Error && "killed" in error && error.killed === true)
      return { mutant, killed: null, isUnknown: true };
    const said = error instanceof Error && "stderr" in error ? String(error.stderr) : String(error);
    const violation = `the process ended: ${said.slice(-300)}`;
    return { mutant, killed: { seed: 0, violation }, isUnknown: false };
  }
}

/** Tries mutants, some at once; `tell` hears each verdict as it falls. */
export async function tryMutants(
  mutants: readonly Mutant[],
  seeds: number,
  tell: (verdict: Verdict) => void,
): Promise<readonly Verdict[]> {
  const dir = await mkdtemp(join(tmpdir(), "troth-mutants-"));
  const verdicts: Verdict[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let n = next++; n < mutants.length; n = next++) {
      const mutant = mutants[n];
      if (mutant === undefined) return;
      const verdict = await tryOne(mutant, dir, n, seeds);
      verdicts.push(verdict);
      tell(verdict);
    }
  };
  try {
    await checkSound(dir);
    await Promise.all([worker(), worker()]);
    return verdicts;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
