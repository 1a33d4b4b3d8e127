import type { ChildProcess } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { embedToken, verifyAudit } from "@troth/desk";
import { systemClock } from "@troth/runtime";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openWebhooks } from "../../services/desk/src/access/webhook.ts";
import * as schemas from "../../services/desk/src/api/schemas.ts";
import { ask } from "../support/desk-server.ts";
import { freePort, gone, startTroth, up } from "../support/troth.ts";

const customer = "customer:late-1";
let dir = "";
let port = 0;
let child: ChildProcess;
let crm: Server;
const heard: { readonly isSigned: boolean; readonly text: string }[] = [];
const secret = Buffer.alloc(32, 3);
const webhookSecret = `whsec_${secret.toString("base64")}`;

/** A CRM that takes Standard Webhooks, and checks them as we check those that come to us. */
async function openCrm(): Promise<{ server: Server; port: number }> {
  const { check } = openWebhooks([webhookSecret], systemClock);
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const text = Buffer.concat(chunks);
      const headerOf = (name: string) => String(request.headers[name]);
      const [id, timestamp, signature] = ["id", "timestamp", "signature"].map((name) =>
        headerOf(`webhook-${name}`),
      );
      const checked = check({ id, timestamp, signature }, text);
      heard.push({ isSigned: checked.ok, text: text.toString() });
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return { server, port: typeof address === "object" && address !== null ? address.port : 0 };
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "troth-desk-"));
  port = await freePort();
  const opened = await openCrm();
  crm = opened.server;
  await writeFile(
    join(dir, "notify.yaml"),
    `privateHosts: [127.0.0.1]\nflags: { url: "http://127.0.0.1:${opened.port}/flags", secrets: ["${webhookSecret}"] }\n`,
  );
  const embed = [
    { name: "sales", secret: secret.toString("base64"), origins: ["https://crm.example"] },
  ];
  await writeFile(join(dir, "desk.json"), JSON.stringify({ embed, emotionFromText: true }));
  child = startTroth(join(dir, "data"), port, settings());
  await up(child);
}, 60_000);
const settings = () => ["--notify", join(dir, "notify.yaml"), "--desk", join(dir, "desk.json")];
afterAll(async () => {
  child.kill("SIGKILL");
  await gone(child);
  crm.close();
  await rm(dir, { recursive: true, force: true });
});

const at = (path: string, on = port): string => `http://127.0.0.1:${on}${path}`;
const page = `/api/customers/${encodeURIComponent(customer)}`;

/** Reads until it is as wanted: the judge is another's pace. */
async function eventually(
  wanted: (page: schemas.CustomerPage) => boolean,
): Promise<schemas.CustomerPage> {
  for (let turn = 0; turn < 200; turn += 1) {
    const { status, text } = await ask(at(page));
    if (status === 200) {
      const read = schemas.customerPage.parse(JSON.parse(text));
      if (wanted(read)) return read;
    }
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error("it did not come to be");
}

const recoveryIn = ({ promises }: schemas.CustomerPage) =>
  promises.find(({ template }) => template === "recovery-promise");

test("an alert opens a promise to put it right, is taken on, and all of it outlives a kill", async () => {
  const day = 86_400_000;
  const iso = (ms: number): string => new Date(ms).toISOString();
  const sent = await ask(at("/v1/events", port + 1), {
    method: "POST",
    headers: { "content-type": "application/cloudevents+json" },
    body: JSON.stringify({
      specversion: "1.0",
      id: "late-1",
      source: "urn:test:shop",
      type: "org.troth.order.placed.v1",
      time: iso(Date.now() - 20 * day),
      subject: customer,
      data: { orderNumber: "LATE-1", expectedArrivalUntil: iso(Date.now() - 9 * day) },
    }),
  });
  expect(sent.status).toBe(202);
  const opened = await eventually((one) => recoveryIn(one) !== undefined);
  const { alert } = opened.summary;
  expect(alert?.state).toBe("opened");
  expect(recoveryIn(opened)).toMatchObject({ isLive: true, madeBy: "policy" });

  const body = JSON.stringify({
    act: "take",
    actId: "00000000-0000-4000-8000-00000000000a",
    alertId: alert?.alertId,
  });
  const options = { method: "POST", headers: { "content-type": "application/json" }, body };
  expect((await ask(at(`${page}/acts`), options)).status).toBe(201);
  // It is seen at once: the answer came after the view had it.
  const taken = schemas.customerPage.parse(JSON.parse((await ask(at(page))).text));
  expect(taken.summary.taken).toMatchObject({ isMine: true });

  child.kill("SIGKILL");
  await gone(child);
  child = startTroth(join(dir, "data"), port, settings());
  await up(child);
  const again = await eventually((one) => one.summary.taken !== null);
  expect(again.summary.taken).toEqual(taken.summary.taken);
  expect(again.promises.filter(({ template }) => template === "recovery-promise").length).toBe(1);
  expect((await ask(at(`${page}/acts`), options)).status).toBe(201);
  const record = await readFile(join(dir, "data", "desk", "audit.jsonl"));
  expect(verifyAudit(record)).toMatchObject({ ok: true, value: { lines: 2 } });
}, 120_000);

test("a CRM named in the settings is told of the flag, signed, and may show it by a link of its own", async () => {
  await expect.poll(() => heard.length, { timeout: 30_000 }).toBeGreaterThan(0);
  expect(heard.every(({ isSigned }) => isSigned)).toBe(true);
  expect(JSON.parse(heard.at(-1)?.text ?? "")).toMatchObject({
    type: "troth.flag",
    data: { customer, tenant: "default", was: "none" },
  });
  const token = embedToken({ name: "sales", secret }, customer, Date.now() + 60_000);
  const flag = await ask(at(`/api/embed/sales/${token}`));
  expect(JSON.parse(flag.text)).toMatchObject({ id: customer, status: "flagged" });
  const framed = await ask(at(`/embed/sales/${token}`));
  expect(framed.headers["content-security-policy"]).toContain(
    "frame-ancestors https://crm.example",
  );
  expect(framed.headers["x-frame-options"]).toBeUndefined();
}, 60_000);

test("a desk on the network with nobody signing in does not start, and says what would let it", async () => {
  const other = await mkdtemp(join(tmpdir(), "troth-desk-"));
  const open = startTroth(other, await freePort(), ["--host", "0.0.0.0"]);
  await expect(up(open)).rejects.toThrow(/nobody signing in: .*127\.0\.0\.1/s);
  await gone(open);
  await rm(other, { recursive: true, force: true });
}, 60_000);
