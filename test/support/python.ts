import { execFile, execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { cacheDir } from "./kafka-jars.ts";

/** Where .ci/run installs what other people's tools for tables need; else whatever python3 is. */
const installed = join(cacheDir, "python", "bin", "python3");
export const python = existsSync(installed) ? installed : "python3";

/** Null when these modules can be imported, else why tests that need them are skipped. */
export function noPython(...modules: readonly string[]): string | null {
  try {
    execFileSync(python, ["-c", `import ${modules.join(", ")}`], { stdio: "ignore" });
    return null;
  } catch {
    return `no Python with ${modules.join(", ")} at ${installed} (pip install ${modules.join(" ")})`;
  }
}

/** Runs a script with arguments and gives what it printed; fails with what it complained of. */
export async function runPython(
  script: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<string> {
  const { stdout } = await promisify(execFile)(python, ["-c", script, ...args], {
    env: { ...process.env, ...env },
    timeout: 230_000,
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout;
}
