import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeFact, decodeOutput, encodeOutput, isBeyond, type Output } from "@troth/events";
import { readLog } from "@troth/log";
import { parsePolicy } from "@troth/policy";
import { systemDisk } from "@troth/runtime";
import { openJudge } from "@troth/troth";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundle } from "../support/bundle.ts";
import { seeded } from "../support/random-events.ts";

/** `TROTH_EMBEDDED_KILLS=10000 npx --yes pnpm@12.21.0 exec vitest run test/e2e/embedded-kill.test.ts` */
const kills = Number(process.env["TROTH_EMBEDDED_KILLS"] ?? 24);
/** A folder is looked at in full and begun anew after so many lives. */
const livesPerFolder = 12;

const policyPath = join(import.meta.dirname, "../bench/join/policy.yaml");
const parsed = parsePolicy(readFileSync(policyPath, "utf8"));
if (!parsed.ok) throw new Error("the policy of the join bench does not compile");
const policy = parsed.value;

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

type Left = { readonly ids: readonly string[]; readonly anew: readonly Output[] };

/** What is in the log of facts, and what a judge that begins from nothing says of it. */
async function readFacts(dir: string): Promise<Left> {
  const judge = openJudge(policy, null, () => undefined);
  const ids: string[] = [];
  const anew: Output[] = [];
  for await (const batch of readLog(join(dir, "facts"), systemDisk)) {
    for (const record of batch) {
      const bodies: Output["body"][] = [];
      judge.apply(record, bodies);
      for (const [seq, body] of bodies.entries())
        anew.push({ inOffset: record.offset, seq, stamp: record.stamp, body });
      const fact = decodeFact(record.bytes);
      if (fact.ok) ids.push(fact.value.id);
    }
  }
  return { ids, anew };
}

/** Outputs that are not those of a judge begun from nothing, or that stand twice or out of order. */
async function checkOutputs(dir: string, anew: readonly Output[]): Promise<number> {
  let count = 0;
  let before = { inOffset: -1, seq: -1 };
  for await (const batch of readLog(join(dir, "outputs"), systemDisk)) {
    for (const { bytes } of batch) {
      const output = decodeOutput(bytes);
      const due = anew[count];
      if (!isBeyond(output, before) || due === undefined || !encodeOutput(due).equals(bytes))
        throw new Error(`${dir}: output ${count} (${output.inOffset}.${output.seq}) is not due`);
      before = output;
      count += 1;
    }
  }
  return count;
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
    const { ids, anew } = await readFacts(dir);
    const stored = new Set(ids);
    expect(ledger.filter((id) => !stored.has(id))).toEqual([]);
    expect(stored.size).toBe(ids.length);
    total.acknowledged += ledger.length;
    total.outputs += await checkOutputs(dir, anew);
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
