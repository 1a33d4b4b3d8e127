import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaultPolicyPath } from "@troth/troth";
import { expect, onTestFinished, test } from "vitest";
import { bundle } from "../support/bundle.ts";

/** 180 in `pnpm test:memory`: three minutes of one core, so it is run by itself. */
const asked = process.env["TROTH_MEMORY_SECONDS"];
const seconds = Number(asked ?? 0);
const wanted = Number(process.env["TROTH_MEMORY_EVENTS"] ?? 3_000_000);
const heapMegabytes = 256;
const growthMax = 2 * 1024 * 1024;

type Sample = {
  readonly ms: number;
  readonly events: number;
  readonly held: number;
  readonly rss: number;
  readonly applied: number;
  readonly duplicate: number;
  readonly setAside: number;
  readonly outputs: number;
};

const mean = (all: readonly Sample[]): number =>
  all.reduce((sum, { held }) => sum + held, 0) / all.length;
const inMegabytes = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(2)} MB`;

test.skipIf(asked === undefined)(
  `${seconds} s at full speed about always the same customers hold no more at the end than before`,
  { timeout: 60_000 + seconds * 40_000 },
  async () => {
    const dir = mkdtempSync(join(tmpdir(), "troth-memory-"));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    const program = join(dir, "memory-writer.mjs");
    bundle(join(import.meta.dirname, "../support/memory-writer.ts"), program);
    const args = [program, join(dir, "data"), defaultPolicyPath, `${seconds}`, `${wanted}`];
    const child = spawn(process.execPath, [
      ...["--expose-gc", `--max-old-space-size=${heapMegabytes}`],
      ...args,
    ]);
    onTestFinished(() => void child.kill("SIGKILL"));
    let [out, errors] = ["", ""];
    child.stdout.on("data", (piece: Buffer) => {
      out += piece.toString();
      process.stderr.write(piece);
    });
    child.stderr.on("data", (piece: Buffer) => {
      errors += piece.toString();
    });
    const code = await new Promise((resolve) => child.once("close", resolve));
    expect(code, errors).toBe(0);
    const samples = out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Sample);
    const third = Math.floor(samples.length / 3);
    const middle = samples.slice(third, 2 * third);
    const last = samples.slice(2 * third);
    const end = samples.at(-1);
    if (end === undefined) throw new Error("it said nothing");
    const growth = mean(last) - mean(middle);
    process.stderr.write(
      `memory: ${end.events} events in ${Math.round(end.ms / 1_000)} s (${Math.round((end.events / end.ms) * 1_000)}/s), heap of ` +
        `${heapMegabytes} MB: ${inMegabytes(mean(middle))} held in the middle third, ${inMegabytes(mean(last))} in the last: ` +
        `${inMegabytes(growth)} more; resident ${inMegabytes(end.rss)}\n`,
    );
    expect(end.events).toBeGreaterThanOrEqual(wanted);
    expect(end.applied + end.duplicate + end.setAside).toBe(end.events);
    expect(growth).toBeLessThanOrEqual(growthMax);
  },
);
