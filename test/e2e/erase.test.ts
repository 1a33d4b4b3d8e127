import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { decodeFact, isKind } from "@troth/events";
import { readChunks } from "@troth/lake";
import { readLog } from "@troth/log";
import { openFolderStore, systemDisk } from "@troth/runtime";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isTick } from "../../services/troth/src/embedded/judge.ts";
import { syntheticDay } from "../../services/troth/src/story/synthetic-day.ts";
import { freePort, gone, runTroth, startTroth, up } from "../support/troth.ts";

const dir = mkdtempSync(join(tmpdir(), "troth-erase-"));
const data = join(dir, "data");
const customer = "customer:canary-7f3e91";
/** Each stands in another place: name, order, phone, free text, a bill, an answer that was refused. */
const canaries = ["canary-7f3e91", "ORD-c4n4ry", "+49301234567", "c4n4ry-note", "BILL-c4n4ry"];

function eventsOfOne(beginsAt: number): readonly object[] {
  let minute = 0;
  const event = (type: string, subject: string, fields: object) => {
    minute += 1;
    const time = new Date(beginsAt + minute * 60_000).toISOString();
    const common = { specversion: "1.0", source: "urn:canary", time, recordedtime: time };
    return { ...common, id: `c${minute}`, type: `org.troth.${type}.v1`, subject, data: fields };
  };
  return [
    event("order.placed", customer, {
      orderNumber: "ORD-c4n4ry",
      expectedArrivalUntil: new Date(beginsAt + 2 * 3_600_000).toISOString(),
    }),
    event("contact.completed", "phone:+49301234567", {
      queueWaitSeconds: 2_700,
      attributes: { note: "c4n4ry-note" },
    }),
    event("identity.linked", customer, { reference: "phone:+49301234567", customer }),
    event("billing.error", customer, {
      billNo: "BILL-c4n4ry",
      amountDue: { amount: "42.00", currency: "EUR" },
      expectedAmount: { amount: "30.00", currency: "EUR" },
    }),
    event("supply.problem", "order:ORD-c4n4ry", { availability: "OutOfStock" }),
    event("survey.invited", customer, { invitationId: "canary-7f3e91-survey" }),
  ];
}

/** A text, and the same in base64 at each of its three places in a group, and in hex. */
function forms(text: string): readonly string[] {
  const shifted = [0, 1, 2].map((n) => {
    const coded = Buffer.from("_".repeat(n) + text)
      .toString("base64")
      .replace(/=+$/, "");
    return coded.slice(Math.ceil((n * 4) / 3), -2);
  });
  return [text, ...shifted, Buffer.from(text).toString("hex")];
}

const filesBelow = (root: string): readonly string[] =>
  readdirSync(root, { recursive: true })
    .map((name) => join(root, String(name)))
    .filter((path) => statSync(path).isFile());

/** Every byte below a folder: as it lies there, unpacked, and what the lake's compressed files hold. */
async function whatStandsIn(root: string): Promise<string> {
  const texts: string[] = [];
  for (const path of filesBelow(root)) {
    const bytes = readFileSync(path);
    texts.push(path, bytes.toString("latin1"));
    if (bytes[0] === 0x1f && bytes[1] === 0x8b) texts.push(gunzipSync(bytes).toString("latin1"));
  }
  const lake = join(root, "lake");
  if (readdirSync(root).includes("lake") && readdirSync(lake).includes("_manifest")) {
    for await (const { facts, said } of readChunks(await openFolderStore(lake))) {
      texts.push(JSON.stringify(facts), JSON.stringify(said));
    }
  }
  return texts.join("\n");
}

const found = async (root: string): Promise<readonly string[]> =>
  canariesIn(await whatStandsIn(root));

/** In the lake's own rows, as its readers see them. */
async function foundInLake(): Promise<readonly string[]> {
  const texts: string[] = [];
  for await (const { facts, said } of readChunks(await openFolderStore(join(data, "lake")))) {
    texts.push(JSON.stringify(facts), JSON.stringify(said));
  }
  return canariesIn(texts.join());
}

function canariesIn(text: string): readonly string[] {
  return canaries.filter((canary) => forms(canary).some((form) => text.includes(form)));
}

async function judgedOnce(more: readonly string[]): Promise<void> {
  const child = startTroth(data, await freePort(), more);
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => (said += chunk.toString()));
  try {
    await up(child);
    const end = Date.now() + 120_000;
    while (!said.includes("Everything in the log is judged")) {
      if (Date.now() > end) throw new Error(said);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    // Its lake and its snapshot are written too: stopping waits for both.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  } finally {
    child.kill("SIGTERM");
    await gone(child);
  }
}

type Logged = { readonly offset: number; readonly stamp: number; readonly what: string };

async function factsLogged(): Promise<readonly Logged[]> {
  const logged: Logged[] = [];
  for await (const batch of readLog(join(data, "facts"), systemDisk)) {
    for (const { offset, stamp, bytes } of batch) {
      const decoded = isTick(bytes) ? null : decodeFact(bytes);
      const fact = decoded?.ok === true ? decoded.value : null;
      if (fact !== null && !isKind(fact.kind)) throw new Error("strange");
      logged.push({ offset, stamp, what: fact === null ? "tick" : `${fact.source} ${fact.id}` });
    }
  }
  return logged;
}

/** What was said of others, without their places: a decision that is gone moves those behind it up. */
async function saidOfOthers(): Promise<readonly string[]> {
  const said: string[] = [];
  for await (const batch of readLog(join(data, "outputs"), systemDisk)) {
    for (const { bytes } of batch) {
      const { body } = JSON.parse(bytes.toString("utf8"));
      if (body.kind === "noise" || body.customer === customer) continue;
      said.push(JSON.stringify(body));
    }
  }
  return said.sort();
}

beforeAll(async () => {
  const endsAt = Date.UTC(2026, 2, 3, 18);
  const day = [...syntheticDay({ seed: 5, endsAt, customers: 120 })];
  // Before all others, so that their chunk of the lake is closed and written.
  const all = [...eventsOfOne(Date.UTC(2026, 1, 18, 12)), ...day].map((event) =>
    JSON.stringify(event),
  );
  const refused = `{"specversion":"1.0","subject":"${customer}","type":"org.troth.nonsense.v1"}`;
  writeFileSync(join(dir, "events.jsonl"), `${all.join("\n")}\n${refused}\n`);
  await judgedOnce(["--events", join(dir, "events.jsonl")]);
}, 240_000);
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe("erasing a person from a data folder", { timeout: 240_000 }, () => {
  test("leaves not one byte of theirs, in any form, after the rest was judged anew", async () => {
    expect(await found(data)).toEqual(canaries);
    expect(await foundInLake()).toEqual(canaries);
    for (const place of ["facts", "outputs", "set-aside", "snapshots"]) {
      expect((await found(join(data, place))).length, place).toBeGreaterThan(0);
    }
    const before = await factsLogged();
    const others = await saidOfOthers();
    // By a name that is only linked to them.
    const ran = await runTroth(["erase", "phone:+49301234567", "--data", data]);
    expect(ran, ran.err).toMatchObject({ code: 0 });
    expect(ran.out).toContain("6 events and 1 set aside were erased");
    expect(await found(data)).toEqual([]);
    await judgedOnce([]);
    expect(await found(data)).toEqual([]);
    expect(await foundInLake()).toEqual([]);
    // All others keep their places, their log time and what was said of them.
    const after = await factsLogged();
    expect(after.slice(0, before.length)).toEqual(
      before.map((one) => (one.what.startsWith("urn:canary") ? { ...one, what: "tick" } : one)),
    );
    expect(await saidOfOthers()).toEqual(others);
    const audit = readFileSync(join(data, "erasures.jsonl"), "utf8");
    expect(JSON.parse(audit)).toMatchObject({ facts: 6, setAside: 1 });
  });

  test("finds nothing the second time, and is refused for what is no reference or no data folder", async () => {
    const again = await runTroth(["erase", customer, "--data", data]);
    expect(again).toMatchObject({ code: 1, out: "" });
    expect((await runTroth(["erase", "nobody", "--data", data])).code).toBe(3);
    expect((await runTroth(["erase", customer, "--data", join(dir, "none")])).code).toBe(3);
  });

  test("that was cut short keeps a start from running until it is finished", async () => {
    cpSync(data, join(dir, "cut"), { recursive: true });
    const cut = join(dir, "cut");
    writeFileSync(join(cut, "erasing.json"), '{"at":"2026-03-03T18:00:00.000Z","facts":1}\n');
    const refused = await runTroth(["start", "--no-demo", "--data", cut]);
    expect(refused).toMatchObject({ code: 3, err: expect.stringContaining("troth erase") });
    expect((await runTroth(["erase", customer, "--data", cut])).err).toContain("finished first");
    expect(readdirSync(cut)).not.toContain("erasing.json");
    expect(readdirSync(cut)).not.toContain("outputs");
  });
});
