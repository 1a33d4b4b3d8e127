import { createHmac } from "node:crypto";
import {
  openLogger,
  openSimulatedClock,
  openSimulatedDisk,
  openSimulatedHttp,
  openSimulatedRng,
} from "@troth/runtime";
import { describe, expect, test } from "vitest";
import { openLogChannel } from "./channel.ts";
import { alertAt, open, secret, start, webhookTo } from "./fixture.ts";
import { alertMessage, type Message, stormMessage } from "./message.ts";
import { idOf } from "./sender.ts";
import { checkTarget, openWebhookChannel, signatureOf } from "./webhook.ts";

const clock = openSimulatedClock(start);
const ok = { status: 204, headers: {}, body: Buffer.alloc(0) };

const messageOf = (given: Parameters<typeof alertAt>[1]): Message => {
  const { body } = alertAt(1, given);
  if (body.kind !== "alert") throw new Error("no alert");
  return alertMessage(body);
};

describe("a webhook", () => {
  test("is signed as Standard Webhooks says, over id, time and the very bytes sent", async () => {
    const http = openSimulatedHttp(() => ok);
    const channel = webhookTo(http, clock);
    expect(await channel.send(messageOf({ id: "a1" }), "a1:1:webhook")).toEqual({ arrived: true });
    const [sent] = http.sent;
    const key = Buffer.from(secret.slice(6), "base64");
    const seconds = String(Math.floor(start / 1_000));
    expect(sent?.headers).toMatchObject({
      "webhook-id": "a1:1:webhook",
      "webhook-timestamp": seconds,
      "webhook-signature": `v1,${createHmac("sha256", key)
        .update(`a1:1:webhook.${seconds}.${String(sent?.body)}`)
        .digest("base64")}`,
    });
    expect(JSON.parse(String(sent?.body))).toMatchObject({
      type: "troth.alert",
      timestamp: "2026-03-03T09:00:00.000Z",
      data: { id: "a1", revision: 1, owner: "logistics", parts: [{ evidence: ["e1"] }] },
    });
  });

  test("fits the example of the standard's own documentation", () => {
    const key = Buffer.from("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "base64");
    const id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    expect(signatureOf([key], id, 1_614_265_330, '{"test": 2432232314}')).toBe(
      "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    );
  });

  test("carries a signature for each secret while one replaces another", async () => {
    const http = openSimulatedHttp(() => ok);
    const other = `whsec_${Buffer.alloc(24, 7).toString("base64")}`;
    const channel = openWebhookChannel({
      url: "https://ops.example.org/hook",
      allowedHosts: ["ops.example.org"],
      secrets: [other, secret],
      http,
      clock,
    });
    if (!channel.ok) throw new Error(channel.error);
    await channel.value.send(messageOf({ id: "a" }), "a:1:webhook");
    expect(http.sent[0]?.headers?.["webhook-signature"]?.split(" ")).toHaveLength(2);
  });

  test.each(["", "whsec_", "whsec_c2hvcnQ=", "whsec_not base64!", "nothing"])(
    "is not opened with the secret %j",
    (weak) => {
      const options = {
        url: "http://127.0.0.1/",
        allowedHosts: [],
        http: openSimulatedHttp(() => ok),
      };
      expect(openWebhookChannel({ ...options, clock, secrets: [secret, weak] }).ok).toBe(false);
      expect(openWebhookChannel({ ...options, clock, secrets: [] }).ok).toBe(false);
    },
  );

  test("that is refused, redirected, broken or silent did not arrive; it waits as long as it is asked to", async () => {
    const asked: Record<string, unknown>[] = [];
    const answers = [
      { status: 503, headers: { "retry-after": "120" }, body: Buffer.alloc(0) },
      { status: 429, headers: { "retry-after": "99999999" }, body: Buffer.alloc(0) },
      { status: 302, headers: { location: "http://169.254.169.254/" }, body: Buffer.alloc(0) },
      { status: 400, headers: { "retry-after": "soon" }, body: Buffer.alloc(0) },
      "never",
      "refused",
      { status: 200, headers: {}, body: Buffer.alloc(100_000) },
    ] as const;
    const http = openSimulatedHttp(() => answers[asked.length] ?? ok);
    for (const _ of answers)
      asked.push({ ...(await webhookTo(http, clock).send(messageOf({ id: "a" }), "x")) });
    expect(asked).toEqual([
      { arrived: false, why: "answered 503", afterMs: 120_000 },
      { arrived: false, why: "answered 429", afterMs: 300_000 },
      { arrived: false, why: "answered 302", afterMs: null },
      { arrived: false, why: "answered 400", afterMs: null },
      { arrived: false, why: "timeout", afterMs: null },
      { arrived: false, why: "unreachable", afterMs: null },
      { arrived: false, why: "too-large", afterMs: null },
    ]);
    expect(
      http.sent.every(
        ({ timeoutMs, url }) => timeoutMs === 5_000 && url.includes("127.0.0.1:9999"),
      ),
    ).toBe(true);
  });

  test.each([
    "http://ops.example.org/",
    "https://evil.example.org/",
    "https://ops.example.org:8443/",
    "https://ops.example.org.evil.org/",
    "https://ops.example.org@evil.org/",
    "https://user:pass@ops.example.org/",
    "https://169.254.169.254/latest/meta-data",
    "https://2852039166/",
    "https://0xa9fea9fe/",
    "https://[::ffff:169.254.169.254]/",
    "https://10.0.0.1/",
    "https://localhost.evil.org/",
    "http://127.0.0.1.evil.org/",
    "ftp://127.0.0.1/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:70/",
    "javascript:alert(1)",
    "//127.0.0.1/",
    "",
    "https://",
  ])("is not sent to %s", (url) => {
    expect(checkTarget(url, ["ops.example.org"]).ok).toBe(false);
  });

  test.each([
    "https://ops.example.org/a?b",
    "https://OPS.example.org:443/",
    "http://127.0.0.1:9093/api",
    "http://[::1]:9093/",
    "http://localhost/",
    "http://0x7f.1/",
  ])("may be sent to %s", (url) => {
    expect(checkTarget(url, ["ops.example.org"]).ok).toBe(true);
  });

  test("stays below 20 kB with hundreds of parts", () => {
    const { body } = alertAt(1, { id: "a" });
    if (body.kind !== "alert" || body.lead === null) throw new Error("no alert");
    const { lead } = body;
    const parts = Array.from({ length: 300 }, (_, n) => ({
      ...lead,
      points: n,
      evidence: Array.from({ length: 100 }, (_, e) => `event-${n}-${e}`),
    }));
    const message = alertMessage({ ...body, parts });
    expect(JSON.stringify(message).length).toBeLessThan(20_000);
    expect(message.parts[0]?.points).toBe(299);
  });
});

describe("the id of a message", () => {
  test("is the alert, its revision and the channel, fit for a header whatever they hold", () => {
    expect(idOf(messageOf({ id: "ab12", revision: 3 }), "webhook")).toBe("ab12:3:webhook");
    const storm = stormMessage("Kunden.dienst: Süd\r\nx", 29_000_000, 1, 7);
    expect(idOf(storm, "a.b")).toMatch(/^[\x21-\x2d\x2f-\x7e]+$/);
  });
});

describe("the log as a channel", () => {
  test("says one line per revision, and never who the customer is", async () => {
    const lines: string[] = [];
    const log = openLogger({
      service: "troth",
      now: () => start,
      write: (line) => lines.push(line),
    });
    const disk = openSimulatedDisk({ rng: openSimulatedRng(1) });
    const { notify } = await open(disk.attach(), [openLogChannel(log)], {
      alertsPerOwnerAndMinute: 1,
    });
    notify.caughtUp();
    for (let n = 0; n < 3; n++) notify.fold(alertAt(n, { id: `a${n}` }));
    notify.fold(alertAt(4, { id: "a0", revision: 2, state: "amended", minute: 1 }));
    await notify.idle();
    await notify.close();
    expect(lines.join("")).not.toMatch(/customer:|canary/);
    expect(disk.peek("/notify/journal")?.toString()).not.toMatch(/customer:|canary/);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      {
        message: "alert amended",
        fields: {
          alertId: "a0",
          level: "critical",
          link: "delivery",
          owner: "logistics",
          sentence: "Order A-1 came late.",
        },
      },
      { message: "many alerts", fields: { owner: "logistics", alerts: 2 } },
    ]);
  });
});
