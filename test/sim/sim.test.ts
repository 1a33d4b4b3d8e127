import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

/** `TROTH_SIM_SEEDS=10000 npx --yes pnpm@12.21.0 exec vitest run test/sim/sim.test.ts` */
const seeds = Number(process.env["TROTH_SIM_SEEDS"] ?? 150);
const root = join(import.meta.dirname, "../..");
const main = join(root, "services/troth/src/main.ts");
const run = promisify(execFile);

/** What a command writes and its exit code, whatever it is. */
async function troth(
  ...args: readonly string[]
): Promise<{ code: number; stdout: string; stderr: string }> {
  const node = ["--conditions=@troth/source", "--import", "tsx", main, ...args];
  try {
    const said = await run(process.execPath, node, { cwd: root, maxBuffer: 1 << 28 });
    return { code: 0, ...said };
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error) || !("stdout" in error)) throw error;
    const { code, stdout } = error;
    const stderr = "stderr" in error ? String(error.stderr) : "";
    return { code: Number(code), stdout: String(stdout), stderr };
  }
}

test(`${seeds} stories where everything goes wrong lose nothing, double nothing and get stuck nowhere`, {
  timeout: 60_000 + seeds * 1_000,
}, async () => {
  const { stdout, stderr } = await troth("sim", "--seed", "1", "--count", `${seeds}`);
  const told = JSON.parse(stdout);
  expect(told.failed, stderr).toEqual([]);
  expect(told.seeds).toBe(seeds);
  expect(told.facts).toBeGreaterThan(seeds * 8);
  expect(told.messages).toBeGreaterThan(seeds / 2);
  const silent = Object.entries(told.faults).filter(([, count]) => count === 0);
  expect(silent).toEqual([]);
  process.stderr.write(`${stderr}\n`);
});

test("the same seed tells the same story, byte for byte", { timeout: 120_000 }, async () => {
  const tell = () => troth("sim", "--seed", "77", "--count", "3", "--trace");
  const [once, again] = [await tell(), await tell()];
  expect(once.stdout).toBe(again.stdout);
  expect(once.stdout.match(/^seed \d+ sha256 [0-9a-f]{64}$/gm)).toHaveLength(3);
  expect(once.stdout.split("\n").length).toBeGreaterThan(500);
});
