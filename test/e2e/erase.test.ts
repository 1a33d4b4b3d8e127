import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { gunzipSync } from "node:zlib";
import { readChunks, tables } from "@troth/lake";
import { readLog } from "@troth/log";
import { openFolderStore, systemDisk } from "@troth/runtime";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readCells } from "../../services/lake/src/parquet.ts";
import { syntheticDay } from "../../services/troth/src/story/synthetic-day.ts";
import { canariesOf, forms } from "../support/canaries.ts";
import { ask } from "../support/desk-server.ts";
import { freePort, gone, runTroth, startTroth, up } from "../support/troth.ts";

const dir = mkdtempSync(join(tmpdir(), "troth-erase-"));
const data = join(dir, "data");
const keys = join(data, "keys");
const lake = join(data, "lake");
const hour = 3_600_000;
// Before all others, so that their chunk of the lake is closed and written.
const beginsAt = Date.UTC(2026, 1, 10, 12);
const one = canariesOf("c4n4ry", beginsAt);
const other = canariesOf("sp4rr0w", beginsAt + 1_000);
const customer = "customer:c4n4ry-person";
const refused = `{"specversion":"1.0","subject":"${customer}","type":"org.troth.nonsense.v1"}`;

/** Every canary has one of these in it, so whoever finds none of these forms finds no canary. */
const words = ["c4n4ry", "sp4rr0w"].flatMap(forms);

const filesBelow = (root: string): readonly string[] =>
  readdirSync(root, { recursive: true })
    .map((name) => join(root, String(name)))
    .filter((path) => statSync(path).isFile());

/** A file as it lies there, unpacked, and what Parquet and Avro keep compressed. */
async function whatStandsIn(path: string): Promise<string> {
  const bytes = readFileSync(path);
  const texts = [path, bytes.toString("latin1")];
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) texts.push(gunzipSync(bytes).toString("latin1"));
  if (path.endsWith(".parquet")) {
    const name = relative(lake, path).split("/")[0];
    const columns = tables.find((table) => table.name === name)?.columns ?? [];
    texts.push(JSON.stringify(await readCells(bytes, columns)));
  }
  return texts.join("\n");
}

async function foundIn(paths: readonly string[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const path of paths) {
    const text = await whatStandsIn(path);
    if (words.some((word) => text.includes(word))) found.push(relative(data, path));
  }
  return found;
}

const hashes = (paths: readonly string[]): ReadonlyMap<string, string> =>
  new Map(
    paths.map((path) => [path, createHash("sha256").update(readFileSync(path)).digest("hex")]),
  );

type Run = { readonly said: string; readonly metrics: string; readonly desk: string };

/** Runs until everything is judged, with what it said, its metrics, and the customer's page. */
async function judgedOnce(more: readonly string[]): Promise<Run> {
  const port = await freePort();
  const child = startTroth(data, port, more);
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => (said += chunk.toString()));
  try {
    await up(child);
    const end = Date.now() + 120_000;
    while (!said.includes("Everything in the log is judged")) {
      if (Date.now() > end) throw new Error(said);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const { text: metrics } = await ask(`http://127.0.0.1:${port + 2}/metrics`);
    const page = `/api/customers/${encodeURIComponent(customer)}`;
    const { text: desk } = await ask(`http://127.0.0.1:${port}${page}`);
    return { said, metrics, desk };
  } finally {
    // Its lake and its snapshot are written too: stopping waits for both.
    child.kill("SIGTERM");
    await gone(child);
  }
}

async function outputs(): Promise<readonly string[]> {
  const said: string[] = [];
  for await (const batch of readLog(join(data, "outputs"), systemDisk)) {
    for (const { bytes } of batch) said.push(bytes.toString("utf8"));
  }
  return said;
}

async function factsInLake(): Promise<string> {
  const texts: string[] = [];
  for await (const { facts } of readChunks(await openFolderStore(lake))) {
    texts.push(JSON.stringify(facts));
  }
  return texts.join();
}

const exported = async (reference: string): Promise<string> =>
  (await runTroth(["export", "subject", lake, reference, "--keys", keys])).out;

let first: Run;
beforeAll(async () => {
  const endsAt = Date.UTC(2026, 2, 3, 18);
  const day = [...syntheticDay({ seed: 5, endsAt, customers: 60 })];
  const inTime = [...one.events, ...other.events].sort((a, b) =>
    JSON.stringify(Object(a)["time"]) < JSON.stringify(Object(b)["time"]) ? -1 : 1,
  );
  const lines = [...inTime, ...day].map((event) => JSON.stringify(event));
  writeFileSync(join(dir, "events.jsonl"), `${lines.join("\n")}\n${refused}\n`);
  first = await judgedOnce(["--events", join(dir, "events.jsonl")]);
}, 240_000);
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe("what is personal", { timeout: 240_000 }, () => {
  test("lies nowhere in the clear, in no form, while people who may can read it", async () => {
    expect(beginsAt + one.events.length * hour).toBeLessThan(Date.UTC(2026, 2, 2));
    const files = filesBelow(data);
    for (const place of ["facts", "outputs", "set-aside", "snapshots", "notify", "desk", "lake"]) {
      expect(
        files.some((path) => relative(data, path).startsWith(`${place}/`)),
        place,
      ).toBe(true);
    }
    expect(await foundIn(files)).toEqual([]);
    const inLake = await factsInLake();
    expect(inLake).toContain("urn:canaries");
    for (const text of [inLake, first.said, first.metrics]) {
      expect(words.filter((word) => text.includes(word))).toEqual([]);
    }
    // The desk says names, and so does whoever has the keys.
    expect(first.desk).toContain(customer);
    expect(first.desk).toContain("c4n4ry-");
    const heard = await exported(customer);
    expect(one.texts.filter((text) => !heard.includes(text))).toEqual([]);
    expect(heard).not.toContain("sp4rr0w");
    const aside = await runTroth(["set-aside", "list", data]);
    expect(aside.out).toContain(customer);
  });

  test("is beyond everybody's reach once its person is erased, and not one other byte is changed", async () => {
    const isKey = (path: string): boolean => path.startsWith(`${keys}/`);
    const before = hashes(filesBelow(data).filter((path) => !isKey(path)));
    const said = await outputs();
    // By a name that is only linked to them.
    const phone = one.texts.find((text) => text.endsWith("-reference"));
    const ran = await runTroth(["erase", `phone:${phone}`, "--data", data]);
    expect(ran, ran.err).toMatchObject({ code: 0 });
    expect(ran.out).toMatch(new RegExp(`^${one.events.length} events and 1 set aside`));
    expect(hashes(filesBelow(data).filter((path) => !isKey(path)))).toEqual(before);
    expect(await foundIn(filesBelow(data))).toEqual([]);
    const left = await exported(customer);
    expect(words.filter((word) => left.includes(word))).toEqual([]);
    expect((await runTroth(["set-aside", "list", data])).out).not.toContain("c4n4ry");
    const others = await exported("customer:sp4rr0w-person");
    expect(other.texts.filter((text) => !others.includes(text))).toEqual([]);
    const [audit = "", ...more] = readdirSync(join(keys, "erasures"));
    expect(more).toEqual([]);
    const noted = JSON.parse(readFileSync(join(keys, "erasures", audit), "utf8"));
    expect(noted).toMatchObject({ facts: one.events.length, setAside: 1 });
    expect(Object.keys(noted).sort()).toEqual(["at", "erasure", "facts", "keys", "setAside"]);

    // Judged anew from the same log: the same bytes, though nobody can say of whom.
    for (const name of ["outputs", "snapshots"]) rmSync(join(data, name), { recursive: true });
    rmSync(lake, { recursive: true });
    const again = await judgedOnce([]);
    expect(await outputs()).toEqual(said);
    expect(again.desk).not.toContain("c4n4ry-");
    expect(await foundIn(filesBelow(data))).toEqual([]);
    const backtest = await runTroth([
      "backtest",
      "--policy",
      "infra/policy/default.yaml",
      lake,
      "--json",
    ]);
    expect(JSON.parse(backtest.out).selfCheck, backtest.err).toMatchObject({ differences: 0 });
  });

  test("stays away when its source sends it again", async () => {
    writeFileSync(
      join(dir, "again.jsonl"),
      one.events.map((event) => `${JSON.stringify({ ...event, id: "c4n4ry-again" })}\n`).join(""),
    );
    await judgedOnce(["--events", join(dir, "again.jsonl")]);
    expect(await foundIn(filesBelow(data))).toEqual([]);
    const left = await exported(customer);
    expect(words.filter((word) => left.includes(word))).toEqual([]);
  });

  test("finds nothing the second time, and is refused for what is no reference or no data folder", async () => {
    const again = await runTroth(["erase", customer, "--data", data]);
    expect(again).toMatchObject({ code: 1, out: "" });
    expect((await runTroth(["erase", "nobody", "--data", data])).code).toBe(3);
    expect((await runTroth(["erase", customer, "--data", join(dir, "none")])).code).toBe(3);
  });
});
