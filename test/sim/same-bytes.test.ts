import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundleOf } from "./mutate.ts";

const run = promisify(execFile);
/** Stories told, and events judged in bites: `pnpm test:same` has a thousand and twenty thousand. */
const stories = Number(process.env["TROTH_SAME_STORIES"] ?? 4);
const events = stories * 20 + 520;
const timeoutMs = 320_000 + stories * 1_500;
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
  const { stdout } = await run(node, [program, policy, `${stories}`, `${events}`], {
    timeout: timeoutMs,
    maxBuffer: 1 << 24,
  });
  return JSON.parse(stdout);
}

let first: Said = { bites: {}, shas: [] };

test("what is judged does not depend on how many records are judged at once", {
  timeout: timeoutMs,
}, async () => {
  first = await ask(process.execPath);
  const { bites, shas } = first;
  expect(Object.keys(bites)).toEqual(["1", "7", "1000"]);
  expect(new Set(Object.values(bites)).size).toBe(1);
  expect(new Set(shas).size).toBe(stories);
});

test(`${stories} stories told again are the same, byte for byte`, {
  timeout: timeoutMs,
}, async () => {
  expect(await ask(process.execPath)).toEqual(first);
  process.stderr.write(
    `${stories} stories twice, ${events} events in bites of 1, 7 and 1000: the same bytes on ${process.version}\n`,
  );
});

test("Node 24 tells the same stories and writes the same bytes", {
  timeout: 600_000 + timeoutMs,
}, async ({ skip }) => {
  const node = await fetchNode(24);
  if (node === null) {
    process.stderr.write("skipped: Node 24 could not be fetched from the package registry\n");
    skip();
    return;
  }
  const { stdout } = await run(node, ["--version"]);
  expect(stdout).toMatch(/^v24\./);
  expect(await ask(node)).toEqual(first);
  process.stderr.write(`and on ${stdout}`);
});
