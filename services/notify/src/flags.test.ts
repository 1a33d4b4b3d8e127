import type { Output } from "@troth/events";
import {
  type Http,
  openSimulatedClock,
  openSimulatedDisk,
  openSimulatedHttp,
  openSimulatedRng,
} from "@troth/runtime";
import { describe, expect, test } from "vitest";
import { alertAt, open, openCollector, openHalfDeadReceiver, secret, start } from "./fixture.ts";
import { openWebhookChannel } from "./webhook.ts";

const levels = ["none", "low", "medium", "high", "critical"] as const;
type Level = (typeof levels)[number];

const flagAt = (inOffset: number, customer: string, level: Level, seq = 0): Output => ({
  inOffset,
  seq,
  stamp: start + inOffset,
  body: {
    kind: "flag",
    at: start + inOffset,
    customer,
    level,
    was: "none",
    score: 10 * levels.indexOf(level),
    topLink: level === "none" ? null : "delivery",
    policy: "85974d7d96c8431f",
  },
});
const newDisk = () => openSimulatedDisk({ rng: openSimulatedRng(1) });
const ok = { status: 204, headers: {}, body: Buffer.alloc(0) };
const clock = openSimulatedClock(start);

function flagsTo(http: Http) {
  const channel = openWebhookChannel({
    url: "http://127.0.0.1:9999/flags",
    allowedHosts: [],
    secrets: [secret],
    flagsOf: "default",
    http,
    clock,
  });
  if (!channel.ok) throw new Error(channel.error);
  return channel.value;
}
const tenantOf = (customer: string): string | null =>
  customer === "customer:both" ? null : customer.startsWith("customer:north") ? "north" : "default";

describe("a customer's flag that changes", () => {
  test("is told to the channel that asked for it, signed, and to nobody else", async () => {
    const http = openSimulatedHttp(() => ok);
    const { channel: alerts, got } = openCollector();
    const { notify } = await open(newDisk().attach(), [flagsTo(http), alerts], { tenantOf });
    notify.caughtUp();
    notify.fold(flagAt(1, "customer:a", "high"));
    notify.fold(alertAt(2, { id: "a1" }));
    await notify.idle();
    expect(http.sent.length).toBe(1);
    expect(http.sent[0]?.headers?.["webhook-signature"]).toMatch(/^v1,/);
    expect(JSON.parse(String(http.sent[0]?.body))).toMatchObject({
      type: "troth.flag",
      data: { customer: "customer:a", level: "high", was: "none", link: "delivery" },
    });
    expect(got.map(({ message }) => message.kind)).toEqual(["alert"]);
    expect(JSON.stringify(got)).not.toContain("customer:a");
    await notify.close();
  });

  test("is told of one house's customers only, and of none that two houses claim", async () => {
    const http = openSimulatedHttp(() => ok);
    const { notify } = await open(newDisk().attach(), [flagsTo(http)], { tenantOf });
    notify.caughtUp();
    for (const [at, name] of ["a", "north-1", "both", "b"].entries()) {
      notify.fold(flagAt(at + 1, `customer:${name}`, "high"));
    }
    await notify.idle();
    const told = http.sent.map(({ body }) => JSON.parse(String(body)).data.customer);
    expect(told).toEqual(["customer:a", "customer:b"]);
    await notify.close();
  });

  test("comes at least once under one id, and never as it was before, whatever the receiver does", async () => {
    for (const seed of [1, 2, 3]) {
      const rng = openSimulatedRng(seed);
      const disk = openSimulatedDisk({ rng });
      const { http, effects } = openHalfDeadReceiver(() => rng.next());
      const last = new Map<string, number>();
      const log = Array.from({ length: 400 }, (_, n) => {
        const customer = `customer:${Math.floor(rng.next() * 40)}`;
        last.set(customer, n + 1);
        return flagAt(n + 1, customer, levels[Math.floor(rng.next() * 5)] ?? "none");
      });
      for (let life = 1; life <= 8; life += 1) {
        const known = Math.floor((log.length * life) / 8);
        const { notify, clock: time } = await open(disk.attach(), [flagsTo(http)], { tenantOf });
        for (const output of log.slice(0, Math.floor(known / 2))) notify.fold(output);
        notify.caughtUp();
        for (const output of log.slice(Math.floor(known / 2), known)) notify.fold(output);
        if (life < 8) {
          const turns = Math.floor(rng.next() * 1_000);
          for (let turn = 0; turn < turns; turn += 1) {
            if (turn % 100 === 0) time.advance(1_000);
            await Promise.resolve();
          }
          disk.crash();
          continue;
        }
        for (let turn = 0; turn < 5_000 && notify.waiting() > 0; turn += 1) {
          await notify.idle();
          time.advance(60_000);
        }
        expect(notify.waiting()).toBe(0);
        await notify.close();
      }
      expect(effects.length).toBeGreaterThan(last.size);
      const seen = new Map<string, number>();
      for (const { alert, revision } of effects) {
        expect(revision).toBeGreaterThanOrEqual(seen.get(alert) ?? 0);
        seen.set(alert, revision);
      }
      expect([...seen.values()].sort((a, b) => a - b)).toEqual(
        [...last.values()].map((at) => at * 2 ** 20).sort((a, b) => a - b),
      );
      const ids = new Set(effects.map(({ id }) => id));
      expect(ids.size).toBe(new Set(effects.map((one) => `${one.alert} ${one.revision}`)).size);
    }
  });
});
