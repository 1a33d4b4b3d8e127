import type { ChildProcess } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { verifyAudit } from "@troth/desk";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as schemas from "../../services/desk/src/api/schemas.ts";
import { ask } from "../support/desk-server.ts";
import { freePort, gone, startTroth, up } from "../support/troth.ts";

const customer = "customer:late-1";
let dir = "";
let port = 0;
let child: ChildProcess;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "troth-desk-"));
  port = await freePort();
  child = startTroth(dir, port);
  await up(child);
}, 60_000);
afterAll(async () => {
  child.kill("SIGKILL");
  await gone(child);
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
  child = startTroth(dir, port);
  await up(child);
  const again = await eventually((one) => one.summary.taken !== null);
  expect(again.summary.taken).toEqual(taken.summary.taken);
  expect(again.promises.filter(({ template }) => template === "recovery-promise").length).toBe(1);
  expect((await ask(at(`${page}/acts`), options)).status).toBe(201);
  const record = await readFile(join(dir, "desk", "audit.jsonl"));
  expect(verifyAudit(record)).toMatchObject({ ok: true, value: { lines: 2 } });
}, 120_000);

test("a desk on the network with nobody signing in does not start, and says what would let it", async () => {
  const other = await mkdtemp(join(tmpdir(), "troth-desk-"));
  const open = startTroth(other, await freePort(), ["--host", "0.0.0.0"]);
  await expect(up(open)).rejects.toThrow(/nobody signing in: .*127\.0\.0\.1/s);
  await gone(open);
  await rm(other, { recursive: true, force: true });
}, 60_000);
