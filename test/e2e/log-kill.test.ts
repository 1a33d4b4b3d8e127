import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openFileLog } from "../../packages/log/src/index.ts";
import { systemDisk } from "../../packages/runtime/src/index.ts";
import { bundle } from "../support/bundle.ts";

/** `TROTH_KILLS=10000 npx --yes pnpm@12.21.0 exec vitest run test/e2e/log-kill.test.ts` */
const kills = Number(process.env["TROTH_KILLS"] ?? 100);
/** A log is checked in full and begun anew after so many lives, to bound the disk it takes. */
const livesPerLog = 100;

const newGenesis = "7d1f2a60-54a1-4d8e-9b1c-0f9a4b7f3c21";
const root = mkdtempSync(join(tmpdir(), "troth-kill-"));
const program = join(root, "log-writer.mjs");
beforeAll(() => bundle(join(import.meta.dirname, "../support/log-writer.ts"), program));
afterAll(() => rmSync(root, { recursive: true, force: true }));

type Life = {
  readonly ready: { readonly end: number; readonly tornBytes: number };
  readonly acknowledged: readonly (readonly [number, string])[];
};

/** Lets the writer live for `ms` after its log is open, then kills it as kill -9 does. */
function live(dir: string, life: number, ms: number): Promise<Life> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, dir, `${life}`, newGenesis]);
    let out = "";
    let errors = "";
    let isReady = false;
    child.stdout.on("data", (piece: Buffer) => {
      out += piece.toString();
      if (!isReady) setTimeout(() => child.kill("SIGKILL"), ms);
      isReady = true;
    });
    child.stderr.on("data", (piece: Buffer) => {
      errors += piece.toString();
    });
    child.once("close", (_, signal) => {
      if (signal !== "SIGKILL") return reject(new Error(`life ${life} ended by itself: ${errors}`));
      // What stands behind the last line feed was cut by the kill.
      const [first = "", ...lines] = out.split("\n").slice(0, -1);
      const [, end, tornBytes] = first.split(" ");
      const acknowledged = lines.map((line) => {
        const [offset, text = ""] = line.split(" ");
        return [Number(offset), text] as const;
      });
      resolve({ ready: { end: Number(end), tornBytes: Number(tornBytes) }, acknowledged });
    });
  });
}

async function readBack(dir: string): Promise<readonly string[]> {
  const log = await openFileLog(dir, systemDisk, { newGenesis });
  const texts: string[] = [];
  for await (const { bytes } of log.read(0)) texts.push(bytes.toString().replace(/\.+$/, ""));
  await log.close();
  return texts;
}

test(`${kills} times kill -9: every acknowledged record is there, once, in its place`, {
  timeout: 60_000 + kills * 1_000,
}, async () => {
  let acknowledgedTotal = 0;
  let torn = 0;
  for (let done = 0; done < kills; ) {
    const dir = join(root, `log${done}`);
    const ledger = new Map<number, string>();
    for (let life = 0; life < livesPerLog && done < kills; life++, done++) {
      const { ready, acknowledged } = await live(dir, life, 5 + Math.random() * 45);
      expect(ready.end).toBeGreaterThanOrEqual(ledger.size);
      if (ready.tornBytes > 0) torn += 1;
      for (const [offset, text] of acknowledged) {
        expect(ledger.has(offset)).toBe(false);
        ledger.set(offset, text);
      }
    }
    const texts = await readBack(dir);
    for (const [offset, text] of ledger) expect(texts[offset]).toBe(text);
    expect(new Set(texts).size).toBe(texts.length);
    acknowledgedTotal += ledger.size;
    rmSync(dir, { recursive: true, force: true });
  }
  expect(acknowledgedTotal).toBeGreaterThan(kills);
  process.stderr.write(
    `${kills} kills, ${acknowledgedTotal} acknowledged, ${torn} torn tails cut\n`,
  );
});
