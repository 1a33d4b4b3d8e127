import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundleOf } from "./mutate.ts";

const run = promisify(execFile);
const policy = join(import.meta.dirname, "../../infra/policy/default.yaml");
const dir = mkdtempSync(join(tmpdir(), "troth-bytes-"));
const program = join(dir, "story.mjs");
beforeAll(() => bundleOf("story-program.ts", program, null));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Another Node out of the package registry; null where there is none. */
async function fetchNode(major: number): Promise<string | null> {
  const given = process.env[`TROTH_NODE_${major}`];
  if (given !== undefined) return given;
  const prefix = join(dir, `node${major}`);
  const name = `node-${process.platform}-${process.arch}`;
  const args = ["install", "--prefix", prefix, "--no-audit", "--no-fund", "--ignore-scripts"];
  try {
    await run("npm", [...args, `${name}@${major}`], { timeout: 180_000 });
  } catch {
    return null;
  }
  const path = join(prefix, "node_modules", name, "bin/node");
  return existsSync(path) ? path : null;
}

type Said = {
  readonly bites: Readonly<Record<string, string>>;
  readonly shas: readonly string[];
};

async function ask(node: string): Promise<Said> {
  const { stdout } = await run(node, [program, policy, "4", "600"], { timeout: 300_000 });
  return JSON.parse(stdout);
}

test("what is judged does not depend on how many records are judged at once", {
  timeout: 320_000,
}, async () => {
  const { bites } = await ask(process.execPath);
  expect(Object.keys(bites)).toEqual(["1", "7", "1000"]);
  expect(new Set(Object.values(bites)).size).toBe(1);
});

test("Node 24 tells the same stories and writes the same bytes", { timeout: 900_000 }, async ({
  skip,
}) => {
  const node = await fetchNode(24);
  if (node === null) {
    process.stderr.write("skipped: Node 24 could not be fetched from the package registry\n");
    skip();
    return;
  }
  const { stdout } = await run(node, ["--version"]);
  expect(stdout).toMatch(/^v24\./);
  expect(await ask(node)).toEqual(await ask(process.execPath));
});
