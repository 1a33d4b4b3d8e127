import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSimulatedClock } from "@troth/runtime";
import { afterAll, describe, expect, test } from "vitest";
import { openOutside, takeOn } from "./outside.ts";

const dir = mkdtempSync(join(tmpdir(), "troth-outside-"));
afterAll(() => rmSync(dir, { recursive: true }));
const clock = openSimulatedClock(Date.UTC(2026, 2, 3));
const secret = `whsec_${Buffer.alloc(32, 1).toString("base64")}`;

const open = (text: string, env: NodeJS.ProcessEnv = {}) => {
  const path = join(dir, "notify.yaml");
  writeFileSync(path, text);
  return openOutside(path, env, clock);
};

describe("the file of who is told", () => {
  test("opens a channel for each, with secrets from the environment only", async () => {
    const text = `
alertmanager: { urls: ["http://127.0.0.1:9093"] }
webhook: { url: "https://hooks.example.com/t", secrets: ["$HOOK"] }
pagerduty: { routingKey: "$PAGER" }
`;
    const outside = await open(text, { HOOK: secret, PAGER: "p".repeat(32) });
    expect(outside.channels.map(({ name }) => name)).toEqual([
      "alertmanager",
      "pagerduty",
      "webhook",
    ]);
    await expect(open(text, { HOOK: secret })).rejects.toThrow("$PAGER is not set");
  });

  test("has an example in the tree that can be used as it stands", async () => {
    const example = join(import.meta.dirname, "../../../infra/notify.example.yaml");
    const outside = await openOutside(example, {}, clock);
    expect(outside.channels.map(({ name }) => name)).toEqual(["alertmanager"]);
    // What it shows in comments can be used as well.
    const whole = readFileSync(example, "utf8").replaceAll(
      /^# (webhook|flags|pagerduty|inbound):/gm,
      "$1:",
    );
    const env = {
      TROTH_WEBHOOK_SECRET: secret,
      TROTH_FLAGS_SECRET: secret,
      TROTH_PAGERDUTY_KEY: "p".repeat(32),
      TROTH_INBOUND_TOKEN: "t".repeat(24),
    };
    expect((await open(whole, env)).channels).toHaveLength(4);
  });

  test.each([
    ["alertmanager: { urls: [] }", "alertmanager.urls"],
    ["alertmanager: { url: x }", "alertmanager"],
    ["webhook: { url: 'file:///etc/passwd', secrets: [a] }", "webhook.url"],
    ["webhook: { url: 'https://a.example/', secrets: [short] }", "whsec_"],
    ["pagerduty: { routingKey: short }", "pagerduty.routingKey"],
    ["inbound: { token: short }", "inbound.token"],
    ["alertmanger: {}", "alertmanger"],
    ["a: &a [1]\nb: *a", "lias"],
  ])("is refused with the field when it says %j", async (text, field) => {
    await expect(open(text)).rejects.toThrow(field);
  });
});

describe("who answers from outside", () => {
  const body = JSON.stringify({
    version: "4",
    receiver: "troth",
    alerts: [
      {
        status: "firing",
        labels: { alert_id: "a" },
        annotations: { acknowledged_by: "p-1" },
        startsAt: "2026-03-03T00:00:00Z",
      },
    ],
  });
  const token = "t".repeat(24);

  test("needs the token, a body of that format, and a door that keeps it", async () => {
    const outside = await open(`inbound: { token: "${token}" }`);
    const status = (authorization: string | undefined, text: string, keeps = true) =>
      outside.receive({ authorization, body: text }, () => Promise.resolve(keeps));
    expect(await status(undefined, body)).toBe(401);
    expect(await status(`Bearer ${token}x`, body)).toBe(401);
    expect(await status(`Bearer ${token}`, "{}")).toBe(400);
    expect(await status(`Bearer ${token}`, "no json")).toBe(400);
    expect(await status(`Bearer ${token}`, body)).toBe(200);
    expect(await status(`Bearer ${token}`, body, false)).toBe(503);
    const none = await open("{}");
    expect(
      await none.receive({ authorization: `Bearer ${token}`, body }, () => Promise.resolve(true)),
    ).toBe(404);
  });

  test("is set down as a fact about the customer the alert speaks of, and about nobody else", async () => {
    const handed: unknown[] = [];
    const taking = takeOn({
      customerOf: (id) => (id === "a" ? "customer:1" : null),
      tenantOf: () => "north",
      hand: (events) => {
        handed.push(...events);
        return Promise.resolve(true);
      },
      clock,
    });
    const one = { id: "x", alertId: "a", by: "ada", at: 0, until: null, reason: "" };
    expect(await taking(one)).toBe(true);
    expect(await taking({ ...one, alertId: "unknown" })).toBe(true);
    expect(handed).toMatchObject([
      { subject: "customer:1", tenantid: "north", data: { alertId: "a", by: "ada" } },
    ]);
  });
});
