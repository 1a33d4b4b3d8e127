import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeOutput, isDecision, type Output } from "@troth/events";
import { readLog } from "@troth/log";
import { parsePolicy } from "@troth/policy";
import { systemDisk } from "@troth/runtime";
import { afterAll, expect, test } from "vitest";
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

type Ended = {
  readonly end?: NodeJS.Signals;
  /** Called once everything in the log is judged. */
  readonly look?: (port: number) => Promise<void>;
};

async function run(data: string, more: readonly string[], { end = "SIGTERM", look }: Ended = {}) {
  const port = await freePort();
  const child = startTroth(data, port, more);
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => (said += chunk.toString()));
  try {
    await up(child);
    await expect
      .poll(() => said, { timeout: 120_000 })
      .toContain("Everything in the log is judged");
    await look?.(port);
  } finally {
    child.kill(end);
    await gone(child);
  }
}

/** Customers with an alert that is not over, from all that was ever said. */
function onAlert(outputs: readonly Output[]): ReadonlySet<string> {
  const open = new Map<string, string>();
  for (const { body } of outputs) {
    if (body.kind !== "alert") continue;
    if (["recovered", "withdrawn"].includes(body.state)) open.delete(body.alertId);
    else open.set(body.alertId, body.customer);
  }
  return new Set(open.values());
}

const standingOf = (live: ReadonlySet<string>, shadow: ReadonlySet<string>) => {
  const both = [...live].filter((customer) => shadow.has(customer)).length;
  return { both, live: live.size - both, shadow: shadow.size - both };
};

/** What the process tells of its shadow: `position`, and customers by whose alert it is. */
async function shadowMetrics(port: number): Promise<Readonly<Record<string, number>>> {
  const text = await (await fetch(`http://127.0.0.1:${port + 2}/metrics`)).text();
  const lines = text.matchAll(
    /^troth_shadow_(?:position|customers_on_alert\{under="(\w+)"\}) (\d+)$/gm,
  );
  return Object.fromEntries(
    [...lines].map(([, side = "position", value]) => [side, Number(value)]),
  );
}

async function outputsIn(path: string): Promise<readonly Output[]> {
  const outputs: Output[] = [];
  for await (const batch of readLog(path, systemDisk)) {
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
  const shadow = join(watched, "shadow", hashOf(soonerText), "outputs");
  let standing = { both: 0, live: 0, shadow: 0 };
  await run(watched, ["--events", events, "--shadow", sooner, ...keys], {
    look: async (port) => {
      const position = async () => (await shadowMetrics(port))["position"];
      await expect.poll(position, { timeout: 60_000 }).toBeGreaterThanOrEqual(day.length);
      standing = standingOf(
        onAlert(await outputsIn(join(watched, "outputs"))),
        onAlert(await outputsIn(shadow)),
      );
      const told = () => shadowMetrics(port);
      await expect.poll(told, { timeout: 60_000 }).toMatchObject(standing);
    },
  });
  expect(standing.both * standing.shadow).toBeGreaterThan(0);
  // Begun under it and with nothing in shadow: what would really have been said.
  await run(alone, ["--events", events, "--policy", sooner, ...keys]);
  const real = await decisionsIn(join(alone, "outputs"));
  expect(real.length).toBeGreaterThan(150);
  expect(await decisionsIn(shadow)).toEqual(real);
  const live = await decisionsIn(join(watched, "outputs"));
  expect(new Set(live.map((one) => Object(one)["policy"]))).toEqual(new Set([hashOf(text)]));

  const compared = await runTroth(["shadow", "--data", watched, "--json"]);
  expect(compared.code, compared.err).toBe(1);
  const { alerts } = JSON.parse(compared.out);
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
  const old = await outputsIn(join(data, "outputs"));
  expect((await runTroth(["policy", "activate", sooner])).code).toBe(3);
  const activated = await runTroth(["policy", "activate", sooner, "--data", data]);
  expect(activated.code, activated.err).toBe(0);
  const from = Number(/offset (\d+)/.exec(activated.out)?.[1]);
  expect(from).toBeGreaterThanOrEqual(half);
  expect((await runTroth(["policy", "activate", sooner, "--data", data])).code).toBe(3);
  expect((await runTroth(["start", "--no-demo", "--data", data])).code).toBe(3);
  // Killed once on the way: what it says is the same.
  await run(data, ["--policy", sooner, ...keys], { end: "SIGKILL" });
  await run(data, ["--events", after ?? "", "--policy", sooner, ...keys]);
  await run(alone, ["--events", all ?? "", "--policy", sooner, ...keys]);
  const said = await outputsIn(join(data, "outputs"));
  expect(said.slice(0, old.length)).toEqual(old);
  const always = (await outputsIn(join(alone, "outputs"))).filter(
    ({ inOffset }) => inOffset >= from,
  );
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
