import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeOutput, type Output } from "@troth/events";
import { readLog } from "@troth/log";
import { parsePolicy } from "@troth/policy";
import { systemDisk } from "@troth/runtime";
import { afterAll, expect, test } from "vitest";
import { isDecision } from "../../services/troth/src/replay/replay.ts";
import { syntheticDay } from "../../services/troth/src/story/synthetic-day.ts";
import { root } from "../support/source.ts";
import { freePort, gone, runTroth, startTroth, up } from "../support/troth.ts";

const dir = mkdtempSync(join(tmpdir(), "troth-shadow-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const text = readFileSync(`${root}infra/policy/default.yaml`, "utf8");
const soonerText = text
  .replace("policy: default", "policy: sooner")
  .replace(/alertAt: \d+/, "alertAt: 300")
  .replace(/recoverBelow: \d+/, "recoverBelow: 200");
const sooner = join(dir, "sooner.yaml");
writeFileSync(sooner, soonerText);
const hashOf = (yaml: string): string => {
  const parsed = parsePolicy(yaml);
  if (!parsed.ok) throw new Error("the policy does not parse");
  return parsed.value.hash;
};

async function decisionsIn(path: string): Promise<readonly unknown[]> {
  const decisions: unknown[] = [];
  for await (const batch of readLog(path, systemDisk)) {
    for (const { bytes } of batch) {
      const { body }: Output = decodeOutput(bytes);
      if (isDecision(body)) decisions.push(body);
    }
  }
  return decisions;
}

async function run(data: string, more: readonly string[], end: NodeJS.Signals = "SIGTERM") {
  const child = startTroth(data, await freePort(), more);
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => (said += chunk.toString()));
  try {
    await up(child);
    await expect
      .poll(() => said, { timeout: 120_000 })
      .toContain("Everything in the log is judged");
  } finally {
    child.kill(end);
    await gone(child);
  }
}

async function outputsIn(data: string): Promise<readonly Output[]> {
  const outputs: Output[] = [];
  for await (const batch of readLog(join(data, "outputs"), systemDisk)) {
    for (const { bytes } of batch) outputs.push(decodeOutput(bytes));
  }
  return outputs;
}

test("a policy in shadow says what it says alone, tells nobody, and its difference is the real one", {
  timeout: 240_000,
}, async () => {
  const events = join(dir, "events.jsonl");
  const day = [...syntheticDay({ seed: 5, endsAt: Date.UTC(2026, 2, 3, 18), customers: 60 })];
  writeFileSync(events, day.map((event) => `${JSON.stringify(event)}\n`).join(""));
  const keys = ["--keys", join(dir, "keys")];
  const [watched, alone] = [join(dir, "watched"), join(dir, "alone")];
  await run(watched, ["--events", events, "--shadow", sooner, ...keys]);
  // Begun under it and with nothing in shadow: what would really have been said.
  await run(alone, ["--events", events, "--policy", sooner, ...keys]);
  const shadow = join(watched, "shadow", hashOf(soonerText), "outputs");
  const real = await decisionsIn(join(alone, "outputs"));
  expect(real.length).toBeGreaterThan(150);
  expect(await decisionsIn(shadow)).toEqual(real);
  const live = await decisionsIn(join(watched, "outputs"));
  expect(new Set(live.map((one) => Object(one)["policy"]))).toEqual(new Set([hashOf(text)]));

  const told = await runTroth(["shadow", "--data", watched, "--json"]);
  expect(told.code, told.err).toBe(1);
  const { alerts } = JSON.parse(told.out);
  const backtest = await runTroth([
    ...["replay", events, "--out", join(dir, "judged"), "--lake", join(dir, "lake"), ...keys],
  ]);
  expect(backtest.code, backtest.err).toBe(0);
  const tried = await runTroth(["backtest", "--policy", sooner, join(dir, "lake"), "--json"]);
  const { gained, lost, same, gainedByRule, lostByRule } = JSON.parse(tried.out).alerts;
  expect(alerts).toMatchObject({ gained, lost, same, gainedByRule, lostByRule });
  expect(gained).toBeGreaterThan(0);
  const words = await runTroth(["shadow", "--data", watched]);
  expect(words.out).toContain(`new\t${gained}`);
  expect((await runTroth(["shadow", "--data", alone])).code).toBe(3);
});

test("a policy that takes over speaks of what comes from there on, as if it had always held", {
  timeout: 240_000,
}, async () => {
  const day = [...syntheticDay({ seed: 6, endsAt: Date.UTC(2026, 2, 3, 18), customers: 40 })];
  const lines = day.map((event) => `${JSON.stringify(event)}\n`);
  const half = Math.floor(lines.length / 2);
  const [before, after, all] = ["before", "after", "all"].map((name) => join(dir, `${name}.jsonl`));
  writeFileSync(before ?? "", lines.slice(0, half).join(""));
  writeFileSync(after ?? "", lines.slice(half).join(""));
  writeFileSync(all ?? "", lines.join(""));
  const keys = ["--keys", join(dir, "keys")];
  const [data, alone] = [join(dir, "switched"), join(dir, "always")];
  await run(data, ["--events", before ?? "", ...keys]);
  const old = await outputsIn(data);
  expect((await runTroth(["policy", "activate", sooner])).code).toBe(3);
  const activated = await runTroth(["policy", "activate", sooner, "--data", data]);
  expect(activated.code, activated.err).toBe(0);
  const from = Number(/offset (\d+)/.exec(activated.out)?.[1]);
  expect(from).toBeGreaterThanOrEqual(half);
  expect((await runTroth(["policy", "activate", sooner, "--data", data])).code).toBe(3);
  expect((await runTroth(["start", "--no-demo", "--data", data])).code).toBe(3);
  // Killed once on the way: what it says is the same.
  await run(data, ["--policy", sooner, ...keys], "SIGKILL");
  await run(data, ["--events", after ?? "", "--policy", sooner, ...keys]);
  await run(alone, ["--events", all ?? "", "--policy", sooner, ...keys]);
  const said = await outputsIn(data);
  expect(said.slice(0, old.length)).toEqual(old);
  const always = (await outputsIn(alone)).filter(({ inOffset }) => inOffset >= from);
  expect(always.length).toBeGreaterThan(150);
  expect(said.slice(old.length)).toEqual(always);
  // Not all is judged after a kill, and then nothing takes over.
  rmSync(join(data, "snapshots"), { recursive: true });
  const early = await runTroth(["policy", "activate", "infra/policy/default.yaml", "--data", data]);
  expect(early).toMatchObject({
    code: 3,
    err: expect.stringContaining("not every fact is judged"),
  });
});
