import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Output } from "@troth/events";
import { parsePolicy } from "@troth/policy";
import {
  type Clock,
  type Disk,
  openSimulatedClock,
  openSimulatedDisk,
  openSimulatedRng,
  openStop,
  systemClock,
  systemDisk,
  systemRng,
} from "@troth/runtime";
import { expect, onTestFinished, test } from "vitest";
import { openEmbedded } from "../../services/troth/src/embedded/embedded.ts";

const text = readFileSync(new URL("../bench/join/policy.yaml", import.meta.url), "utf8");
const parsed = parsePolicy(text);
if (!parsed.ok) throw new Error("the policy of the join bench does not compile");
const policy = parsed.value;

const silent = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
const host = { on: () => undefined, off: () => undefined, exit: () => undefined };

type Broken = { readonly customer: string; readonly at: number; readonly heardAt: number };

/** The embedded troth without a socket, and every promise it says was broken, as it says so. */
async function openJudging(dir: string, clock: Clock, disk: Disk) {
  const stop = openStop({ host, clock });
  const broken: Broken[] = [];
  const embedded = await openEmbedded({
    dir,
    world: {
      clock,
      disk,
      rng: systemRng,
      openDoor: async () => ({ port: 0, close: async () => undefined }),
    },
    policy,
    keys: null,
    stop,
    log: silent,
    intakePort: 0,
    host: "nowhere",
    clock: () => "live",
    tell: { admitted: () => undefined, fate: () => undefined, judged: () => undefined },
  });
  const fold = ({ body }: Output): void => {
    if (body.kind === "pledge" && body.verdict === "broken")
      broken.push({ customer: body.customer, at: body.at, heardAt: clock.now() });
  };
  embedded.feed([{ name: "ear", fold }]);
  return { embedded, broken, stop };
}

const iso = (at: number): string => new Date(at).toISOString();

const order = (n: number, now: number, due: number): object => ({
  specversion: "1.0",
  type: "org.troth.order.placed.v1",
  id: `order-${n}`,
  source: "urn:shop",
  time: iso(now),
  subject: `customer:c${n}`,
  data: { orderNumber: `A-${n}`, expectedArrivalUntil: iso(due) },
});

const deadlines = 1_000;

test("a thousand deadlines pass on a silent log: each is noticed, none before its time", async () => {
  const dir = mkdtempSync(join(tmpdir(), "troth-idle-"));
  const { embedded, broken, stop } = await openJudging(dir, systemClock, systemDisk);
  onTestFinished(async () => {
    stop.request("the test is over");
    await stop.finish();
    rmSync(dir, { recursive: true, force: true });
  });
  const begun = systemClock.now();
  const orders = Array.from({ length: deadlines }, (_, n) =>
    order(n, begun, begun + 4_000 + 8 * n),
  );
  expect(await embedded.hand(orders, "ear")).toBe(true);
  await expect.poll(() => broken.length, { timeout: 50_000 }).toBe(deadlines);
  expect(broken.filter(({ at, heardAt }) => heardAt <= at)).toEqual([]);
  expect(new Set(broken.map(({ customer }) => customer)).size).toBe(deadlines);
  const late = broken.map(({ at, heardAt }) => heardAt - at).sort((a, b) => a - b);
  const share = (part: number): number => late[Math.floor(late.length * part)] ?? 0;
  process.stderr.write(
    `deadlines on a silent log, late by: p50 ${share(0.5)} ms, p99 ${share(0.99)} ms, most ${late.at(-1)} ms\n`,
  );
});

const start = Date.UTC(2026, 2, 27);
const dayMs = 86_400_000;

/** A simulated hour of nothing but the clock, in steps as short as the judge looks at it. */
async function silence(clock: ReturnType<typeof openSimulatedClock>, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 250) {
    clock.advance(250);
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }
}

async function withPromisesOfADay() {
  const clock = openSimulatedClock(start);
  const disk = openSimulatedDisk({ rng: openSimulatedRng(1) });
  const opened = await openJudging("/data", clock, disk.attach());
  // Due in the next day, and one in the next minute.
  const dues = [60_000, ...Array.from({ length: 50 }, (_, n) => (n + 1) * 1_500_000)];
  const orders = dues.map((ms, n) => order(n, start, start + ms));
  expect(await opened.embedded.hand(orders, "ear")).toBe(true);
  return { clock, disk, dues, ...opened };
}

test("a clock set a day ahead breaks no promise before half a minute has confirmed it", async () => {
  const { clock, broken, embedded } = await withPromisesOfADay();
  clock.set(clock.now() + dayMs);
  await silence(clock, 29_000);
  expect(broken).toEqual([]);
  expect(embedded.logTime()).toBeLessThan(start + 60_000);
  await silence(clock, 3_000);
  expect(broken.map(({ at }) => at)).toHaveLength(51);
});

test("a clock set a day ahead and right again breaks only what time has broken", async () => {
  const { clock, broken } = await withPromisesOfADay();
  clock.set(clock.now() + dayMs);
  await silence(clock, 20_000);
  clock.set(start + 20_000);
  await silence(clock, 50_000);
  expect(broken.map(({ at }) => at - start)).toEqual([60_000]);
});

test("a process that begins with a clock a day ahead of its log waits as well", async () => {
  const { clock, disk, stop } = await withPromisesOfADay();
  stop.request("for the night");
  const finishing = stop.finish();
  await silence(clock, 3_000);
  await finishing;
  clock.set(clock.now() + dayMs);
  const { broken, embedded } = await openJudging("/data", clock, disk.attach());
  // Nobody who sends in the meantime is turned away for a clock that is right.
  const now = clock.now();
  const sent = { ...order(99, now, now + 60_000), recordedtime: iso(now) };
  expect(await embedded.hand([sent], "ear")).toBe(true);
  await silence(clock, 29_000);
  expect(broken).toEqual([]);
  await silence(clock, 3_000);
  expect(broken).toHaveLength(51);
});
