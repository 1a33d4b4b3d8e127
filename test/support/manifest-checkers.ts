import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { cacheDir } from "./kafka-jars.ts";

const run = promisify(execFile);

const has = (program: string, ...args: readonly string[]): boolean => {
  try {
    execFileSync(program, args, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
};

const composeVersion = "v2.16.2";
const composeDir = join(cacheDir, `compose-go-${composeVersion}`);
const kubernetesVersion = "1.37.0";
const kubernetesDir = join(cacheDir, `kubernetes-validate-${kubernetesVersion}`);

/** Null when compose files can be checked, else why tests that do are skipped. */
export const noCompose: string | null =
  existsSync(composeDir) || has("go", "version")
    ? null
    : "no go to build compose's own checker (apt-get install golang)";

/** Null when Kubernetes manifests can be checked, else why tests that do are skipped. */
export const noKubernetes: string | null =
  existsSync(kubernetesDir) || has("python3", "-c", "import ensurepip, venv")
    ? null
    : "no python3 with venv for kubernetes-validate (apt-get install python3-venv)";

/** Makes a folder whole or not at all; another test file may make it at the same time. */
async function once(dir: string, make: (partial: string) => Promise<unknown>): Promise<void> {
  if (existsSync(dir)) return;
  mkdirSync(cacheDir, { recursive: true });
  const partial = mkdtempSync(join(cacheDir, "partial-"));
  await make(partial);
  try {
    renameSync(partial, dir);
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    if (!existsSync(dir)) throw error;
  }
}

type Said = { readonly stdout: string; readonly stderr: string };
const said = (error: unknown): string => {
  const { stdout, stderr }: Partial<Said> = Object(error);
  return `${stdout ?? ""}${stderr ?? ""}` || String(error);
};

/** What compose's own library says against a file; null when it would start it. */
export async function composeFault(file: string): Promise<string | null> {
  const module = `github.com/compose-spec/compose-go/v2/cmd@${composeVersion}`;
  await once(composeDir, (partial) =>
    run("go", ["install", module], { env: { ...process.env, GOBIN: partial }, timeout: 300_000 }),
  );
  return run(join(composeDir, "cmd"), [file]).then(() => null, said);
}

/** What the published schemas of Kubernetes say against files of manifests; null when all are right. */
export async function kubernetesFault(files: readonly string[]): Promise<string | null> {
  await once(kubernetesDir, async (partial) => {
    await run("python3", ["-m", "venv", partial]);
    const wanted = `kubernetes-validate==${kubernetesVersion}`;
    await run(join(partial, "bin", "pip"), ["install", "-q", wanted], { timeout: 300_000 });
  });
  // A script of a venv names the folder it was made in, which was another.
  const python = join(kubernetesDir, "bin", "python");
  return run(python, ["-m", "kubernetes_validate", "--strict", ...files]).then(() => null, said);
}
