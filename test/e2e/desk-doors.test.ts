import { afterAll, beforeAll, expect, test } from "vitest";
import { signWebhook } from "../../services/desk/src/access/webhook.ts";
import * as schemas from "../../services/desk/src/api/schemas.ts";
import { parseSettings } from "../../services/desk/src/settings.ts";
import { ask, openStoryDesk } from "../support/desk-server.ts";
import { storyEndsAt } from "../support/desk-story.ts";

const secret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const customer = "customer:demo-0001";

let desk: Awaited<ReturnType<typeof openStoryDesk>>;
beforeAll(async () => {
  desk = await openStoryDesk({ webhookSecrets: [secret] }, 5);
});
afterAll(() => desk.close());

const answered = (invitationId: string, more: object = {}): Buffer =>
  Buffer.from(
    JSON.stringify({
      type: "survey.answered",
      timestamp: new Date(storyEndsAt).toISOString(),
      data: { subject: customer, invitationId, outcome: "not_enjoyed", ...more },
    }),
  );

async function post(id: string, body: Buffer, own: Readonly<Record<string, string>> = {}) {
  const timestamp = String(Math.floor(Date.now() / 1_000));
  return ask(new URL("/webhooks/survey", desk.url).href, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": timestamp,
      "webhook-signature": signWebhook(secret, id, timestamp, body),
      ...own,
    },
    body: body.toString(),
  });
}

async function answers(): Promise<number> {
  const { text } = await ask(
    new URL(`/api/customers/${encodeURIComponent(customer)}`, desk.url).href,
  );
  const { timeline } = schemas.customerPage.parse(JSON.parse(text));
  return timeline.filter((one) => one.kind === "fact" && one.type === "survey.answered").length;
}

test("a survey tool's answer becomes a fact of the customer, once however often it is told", async () => {
  const before = await answers();
  expect((await post("msg-1", answered("ASK-1"))).status).toBe(204);
  expect((await post("msg-1", answered("ASK-1"))).status).toBe(204);
  expect(await answers()).toBe(before + 1);
});

test("what is not signed, not read, or too much has no effect and says why", async () => {
  const before = await answers();
  const cases: readonly [number, Promise<{ status: number; text: string }>][] = [
    [401, post("msg-2", answered("ASK-2"), { "webhook-signature": "v1,AAAA" })],
    [401, post("msg-2", answered("ASK-2"), { "webhook-timestamp": "1" })],
    [401, post("msg-2", answered("ASK-2"), { "webhook-id": "msg-3" })],
    [400, post("msg-4", answered("ASK-2", { outcome: "delighted" }))],
    [400, post("msg-5", Buffer.from("{"))],
    [413, post("msg-6", answered("x".repeat(20_000)))],
    [415, post("msg-7", answered("ASK-2"), { "content-type": "text/plain" })],
  ];
  for (const [status, sent] of cases) {
    const answer = await sent;
    expect(answer.status, answer.text).toBe(status);
    schemas.problemShape.strict().parse(JSON.parse(answer.text));
  }
  expect(await answers()).toBe(before);
});

test("whoever asks without end is told to wait", async () => {
  const own = await openStoryDesk({}, 1);
  try {
    const url = new URL("/api/me", own.url).href;
    const statuses: number[] = [];
    for (let turn = 0; turn < 40; turn += 1) {
      const some = await Promise.all(Array.from({ length: 20 }, () => ask(url)));
      statuses.push(...some.map(({ status }) => status));
      const [wait] = some.map(({ headers }) => headers["retry-after"]).filter(Boolean);
      if (wait !== undefined) break;
    }
    expect(new Set(statuses)).toEqual(new Set([200, 429]));
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(300);
  } finally {
    await own.close();
  }
});

test("settings that leave a door open are refused, field by field", () => {
  const signIn = {
    issuer: "https://id.example",
    clientId: "desk",
    publicUrl: "https://desk.example",
  };
  const crm = {
    ...{ name: "sales", secret: Buffer.alloc(32, 1).toString("base64") },
    origins: ["https://crm.example", "http://localhost:8080"],
  };
  const survey = { alerted: 1, others: 1, recovered: 1, quietDays: 1, openDays: 1 };
  expect(parseSettings(JSON.stringify({ signIn, embed: [crm] }))).toMatchObject({ ok: true });
  const wrong: readonly [unknown, RegExp][] = [
    [{ signIn: { ...signIn, issuer: "http://id.example" } }, /signIn.issuer/],
    [{ signIn: { ...signIn, publicUrl: "http://desk.example" } }, /signIn.publicUrl/],
    [{ signIn: { ...signIn, algorithm: "none" } }, /signIn.algorithm/],
    [{ signIn: { ...signIn, algorithm: "HS256" } }, /signIn.algorithm/],
    [{ signIn: { ...signIn, alowHttp: true } }, /alowHttp/],
    [{ webhookSecrets: ["secret"] }, /webhookSecrets.0/],
    [{ embed: [{ ...crm, origins: ["*"] }] }, /embed.0.origins.0/],
    [{ embed: [{ ...crm, origins: ["http://crm.example"] }] }, /embed.0.origins.0/],
    [{ embed: [{ ...crm, origins: ["https://crm.example/page"] }] }, /embed.0.origins.0/],
    [{ embed: [{ ...crm, origins: ["https://crm.example; script-src *"] }] }, /embed.0.origins.0/],
    [{ embed: [{ ...crm, secret: "short" }] }, /embed.0.secret/],
    [{ survey: { ...survey, at: { hour: 24 } }, linkSecret: crm.secret }, /survey.at.hour/],
    [{ survey: { ...survey, at: { hour: 9, zone: "Moon" } }, linkSecret: crm.secret }, /at.zone/],
    [{ survey: { ...survey, at: { hour: 9 } } }, /linkSecret/],
    ["{", /Invalid input/],
  ];
  for (const [settings, why] of wrong) {
    const read = parseSettings(JSON.stringify(settings));
    expect(read.ok ? "" : read.error).toMatch(why);
  }
  expect(parseSettings("{")).toMatchObject({ ok: false });
});
