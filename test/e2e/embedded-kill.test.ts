import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { joinPolicy, policyPath } from "../bench/join/noise.ts";
import { bundle } from "../support/bundle.ts";
import { countOutputs, judgedAnew } from "../support/judged-anew.ts";
import { seeded } from "../support/random-events.ts";

/** `TROTH_EMBEDDED_KILLS=10000 npx --yes pnpm@12.21.0 exec vitest run test/e2e/embedded-kill.test.ts` */
const kills = Number(process.env["TROTH_EMBEDDED_KILLS"] ?? 24);
/** A folder is looked at in full and begun anew after so many lives. */
const livesPerFolder = 12;

const policy = joinPolicy();

const root = mkdtempSync(join(tmpdir(), "troth-embedded-kill-"));
const program = join(root, "embedded-writer.mjs");
beforeAll(() => bundle(join(import.meta.dirname, "../support/embedded-writer.ts"), program));
afterAll(() => rmSync(root, { recursive: true, force: true }));

type Life = { readonly factsAtStart: number; readonly acknowledged: readonly string[] };

/** When a life ends: so many milliseconds after it is up, or after its first answer. */
type End = { readonly after: "up" | "answer"; readonly ms: number };

/** Lets it live so long, then kills it as kill -9 does. */
function live(dir: string, life: number, end: End): Promise<Life> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, dir, `${life}`, policyPath]);
    let [out, errors, isDoomed] = ["", "", false];
    child.stdout.on("data", (piece: Buffer) => {
      out += piece.toString();
      if (isDoomed || (end.after === "answer" && out.split("\n").length < 3)) return;
      isDoomed = true;
      setTimeout(() => child.kill("SIGKILL"), end.ms);
    });
    child.stderr.on("data", (piece: Buffer) => {
      errors += piece.toString();
    });
    child.once("close", (_, signal) => {
      if (signal !== "SIGKILL" || errors !== "")
        return reject(new Error(`life ${life} did not end by the kill alone: ${errors}`));
      // What stands behind the last line feed was cut by the kill.
      const [first = "", ...lines] = out.split("\n").slice(0, -1);
      const factsAtStart = Number(first.split(" ")[1]);
      resolve({ factsAtStart, acknowledged: lines.flatMap((line) => line.split(" ")) });
    });
  });
}

test(`${kills} times kill -9 lose no event answered with 202 and decide nothing twice`, {
  timeout: 120_000 + kills * 2_000,
}, async () => {
  const next = seeded(kills);
  const total = { kills: 0, acknowledged: 0, outputs: 0, restarts: 0 };
  let begun = 0;
  /** One folder from its first life to its last. */
  const folder = async (lives: number): Promise<void> => {
    const dir = mkdtempSync(join(root, "data-"));
    const ledger: string[] = [];
    for (let life = 0; life < lives; life += 1) {
      // On a busy machine few answer in 50 ms: most ends are counted from the first answer on.
      const end: End = { after: next() < 0.25 ? "up" : "answer", ms: 5 + next() * 45 };
      const { factsAtStart, acknowledged } = await live(dir, life, end);
      expect(factsAtStart).toBeGreaterThanOrEqual(ledger.length);
      if (factsAtStart > 0) total.restarts += 1;
      ledger.push(...acknowledged);
      total.kills += 1;
    }
    const { ids, anew } = await judgedAnew(dir, policy);
    const stored = new Set(ids);
    expect(ledger.filter((id) => !stored.has(id))).toEqual([]);
    expect(stored.size).toBe(ids.length);
    total.acknowledged += ledger.length;
    total.outputs += await countOutputs(dir, anew);
    rmSync(dir, { recursive: true, force: true });
    if (kills > 200) process.stderr.write(`  ${JSON.stringify(total)}\n`);
  };
  const worker = async (): Promise<void> => {
    while (begun < kills) {
      const lives = Math.min(livesPerFolder, kills - begun);
      begun += lives;
      await folder(lives);
    }
  };
  await Promise.all([worker(), worker()]);
  process.stderr.write(`${kills} kills: ${JSON.stringify(total)}, 0 lost, 0 doubled\n`);
  expect(total.acknowledged).toBeGreaterThan(kills);
  expect(total.outputs).toBeGreaterThan(kills);
  expect(total.restarts).toBeGreaterThan(kills / 2);
});
