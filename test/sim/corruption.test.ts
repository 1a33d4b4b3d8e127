import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { joinPieces, takeAll } from "@troth/engine";
import { encodeFact, flagJson, type Output, parseEvent } from "@troth/events";
import { LogError, type LogRecord, openFileLog, openSnapshots } from "@troth/log";
import { parsePolicy } from "@troth/policy";
import { openSimulatedDisk, openSimulatedRng, type SimulatedDisk } from "@troth/runtime";
import { type LiveJudge, openJudge, randomEvents } from "@troth/troth";
import { beforeAll, describe, expect, test } from "vitest";

/** Every how manieth byte is tried; 1 tries all of them: `TROTH_CORRUPT_EVERY=1`. */
const every = Number(process.env["TROTH_CORRUPT_EVERY"] ?? 61);
const bytesTotal = 64 * 1024;

const text = readFileSync(new URL("../../infra/policy/default.yaml", import.meta.url), "utf8");
const parsed = parsePolicy(text);
if (!parsed.ok) throw new Error("the default policy does not compile");
const policy = parsed.value;
const newGenesis = "7d1f2a60-54a1-4d8e-9b1c-0f9a4b7f3c21";
const dir = "/data/facts";
const snapshotDir = "/data/snapshots";

const savedOf = (judge: LiveJudge): Buffer => joinPieces(takeAll(judge.beginSnapshot()));

type Body = Output["body"];
const dayMs = 86_400_000;

/**
 * What a state means: who is at risk, and everything two months of silence would make it say. Two
 * states may differ in their bytes and mean the same.
 */
function meaningOf(judge: LiveJudge, records: number, stamp: number): string {
  const flags = judge.pipeline().flags(stamp).map(flagJson);
  const out: Body[] = [];
  judge.pipeline().tick(stamp + 60 * dayMs, out);
  return `${records} ${createHash("sha256")
    .update(JSON.stringify([flags, out]))
    .digest("hex")}`;
}

/**
 * A folder as a process that was killed leaves it: a third of its 64 KiB a snapshot, the rest a log that
 * went on behind it.
 */
type Left = { readonly disk: SimulatedDisk; readonly log: string; readonly snapshot: string };

async function leave(): Promise<Left> {
  const disk = openSimulatedDisk({ rng: openSimulatedRng(1) });
  const facts = await openFileLog(dir, disk.attach(), { newGenesis });
  const judge = openJudge(policy, null, () => undefined);
  const snapshots = await openSnapshots(snapshotDir, disk.attach(), { genesis: newGenesis });
  let saved = 0;
  let logged = 0;
  for (const [offset, event] of randomEvents(5, 2_000).entries()) {
    const fact = parseEvent(event);
    if (!fact.ok) continue;
    const bytes = Buffer.from(encodeFact(fact.value));
    const { first, stamp } = await facts.append([{ bytes }], fact.value.recordedTime);
    logged += bytes.length + 52;
    judge.apply({ offset: first, stamp, bytes }, []);
    const state = saved === 0 ? savedOf(judge) : null;
    if (state !== null && (state.length >= bytesTotal / 3 || offset === 1_999)) {
      await snapshots.save({ position: first + 1, bytes: state });
      saved = state.length;
    }
    if (saved > 0 && saved + logged >= bytesTotal) break;
  }
  disk.kill();
  const name = (of: string): string =>
    `${of}/${disk.names(of).find((one) => /^\d/.test(one)) ?? ""}`;
  return { disk, log: name(dir), snapshot: name(snapshotDir) };
}

type Outcome =
  | {
      readonly kind: "state";
      readonly state: string;
      readonly skipped: number;
      readonly cut: number;
    }
  | { readonly kind: "refused"; readonly code: string; readonly names: boolean };

/** A judge's input: the snapshot it begins with, if any, and the records behind it. */
type Heard = {
  readonly saved: { readonly position: number; readonly bytes: Buffer } | null;
  readonly records: readonly LogRecord[];
  readonly end: number;
  /** Log time the snapshot stands at. */
  readonly stamp: number;
};

/**
 * What was judged of the same input before: judging asks nothing but its input, and most damage leaves
 * a start with one of few. What is tried here is what comes through, byte for byte, and it is read anew
 * each time.
 */
const judged = new Map<string, string>();

function nameOfHeard({ saved, records, end, stamp }: Heard): string {
  const hash = createHash("sha256").update(`${saved?.position ?? -1} ${end} ${stamp} `);
  if (saved !== null) hash.update(saved.bytes);
  for (const record of records) {
    hash.update(` ${record.offset} ${record.stamp} ${record.bytes.length} `).update(record.bytes);
  }
  return hash.digest("base64");
}

function judge(heard: Heard): string {
  const name = nameOfHeard(heard);
  const known = judged.get(name);
  if (known !== undefined) return known;
  const { saved, records, end } = heard;
  const fresh = openJudge(policy, saved?.bytes ?? null, () => undefined);
  for (const record of records) fresh.apply(record, []);
  const state = meaningOf(fresh, end, records.at(-1)?.stamp ?? heard.stamp);
  judged.set(name, state);
  return state;
}

/** What a start makes of the folder: a state, or a refusal with a cause. */
async function start(left: Left): Promise<Outcome> {
  const disk = left.disk.attach();
  let skipped = 0;
  try {
    const facts = await openFileLog(dir, disk, { newGenesis });
    const snapshots = await openSnapshots(snapshotDir, disk, {
      genesis: facts.genesis,
      skipped: () => {
        skipped += 1;
      },
    });
    const saved = await snapshots.load();
    const position = saved?.position ?? 0;
    let stamp = 0;
    if (position > 0) {
      for await (const record of facts.read(position - 1)) {
        stamp = record.stamp;
        break;
      }
    }
    const records: LogRecord[] = [];
    for await (const batch of facts.readBatches(position)) {
      for (const record of batch) records.push({ ...record, bytes: Buffer.from(record.bytes) });
    }
    const end = await facts.end();
    return {
      kind: "state",
      state: judge({ saved, records, end, stamp }),
      skipped,
      cut: facts.recovery.tornBytes,
    };
  } catch (error) {
    if (!(error instanceof LogError)) throw error;
    return { kind: "refused", code: error.code, names: error.message.includes("/data/") };
  } finally {
    left.disk.kill();
  }
}

let left: Left;
let sound: { readonly log: Buffer; readonly snapshot: Buffer };
/** The state after each number of records: what a start may come to when the log was cut. */
const states = new Set<string>();
let whole = "";

beforeAll(async () => {
  left = await leave();
  sound = {
    log: left.disk.peek(left.log) ?? Buffer.alloc(0),
    snapshot: left.disk.peek(left.snapshot) ?? Buffer.alloc(0),
  };
  const facts = await openFileLog(dir, left.disk.attach(), { newGenesis });
  const records: LogRecord[] = [];
  for await (const record of facts.read(0))
    records.push({ ...record, bytes: Buffer.from(record.bytes) });
  const running = openJudge(policy, null, () => undefined);
  for (let count = 0; count <= records.length; count += 1) {
    // Of a copy: asking what a state means moves its time.
    const copy = openJudge(policy, savedOf(running), () => undefined);
    states.add(meaningOf(copy, count, records[count - 1]?.stamp ?? 0));
    const next = records[count];
    if (next !== undefined) running.apply(next, []);
  }
  whole = [...states].at(-1) ?? "";
  left.disk.kill();
});

const restore = (): void => {
  left.disk.poke(left.log, sound.log);
  left.disk.poke(left.snapshot, sound.snapshot);
};

type Tried = { cases: number; whole: number; rebuilt: number; cut: number; refused: number };

/** Tries one damaged file and holds what the start makes of it against what it may be. */
async function tryDamage(path: string, bytes: Buffer, tried: Tried): Promise<string | null> {
  restore();
  left.disk.poke(path, bytes);
  const outcome = await start(left);
  tried.cases += 1;
  if (outcome.kind === "refused") {
    tried.refused += 1;
    return outcome.names ? null : `${path}: refused as ${outcome.code} without naming the file`;
  }
  if (outcome.state === whole) {
    tried.whole += outcome.skipped === 0 ? 1 : 0;
    tried.rebuilt += outcome.skipped > 0 ? 1 : 0;
    return null;
  }
  // A log that ends early is what a torn write looks like: cut off, and it is said.
  if (path === left.log && states.has(outcome.state) && outcome.cut > 0) {
    tried.cut += 1;
    return null;
  }
  return path === left.log && states.has(outcome.state) && bytes.length < sound.log.length
    ? null
    : `${path}: a different state, and nobody is told`;
}

/** Tries log and snapshot, damaged at each place in turn. */
async function tryEach(damagedAt: (bytes: Buffer, at: number) => Buffer) {
  const tried: Tried = { cases: 0, whole: 0, rebuilt: 0, cut: 0, refused: 0 };
  const wrong: string[] = [];
  for (const path of [left.log, left.snapshot]) {
    const bytes = path === left.log ? sound.log : sound.snapshot;
    for (let at = 0; at < bytes.length; at += every) {
      const what = await tryDamage(path, damagedAt(bytes, at), tried);
      if (what !== null) wrong.push(`${what} (at ${at})`);
    }
  }
  return { tried, wrong };
}

describe("a folder of 64 KiB, a snapshot and the log it was made of", () => {
  test(`with every byte (or each ${every}th) flipped is rebuilt, or refused by name, never silently another`, {
    timeout: 3_600_000,
  }, async () => {
    const { tried, wrong } = await tryEach((bytes, at) => {
      const damaged = Buffer.from(bytes);
      damaged[at] = (damaged[at] ?? 0) ^ (1 << (at % 8));
      return damaged;
    });
    process.stderr.write(`flipped: ${JSON.stringify(tried)}\n`);
    expect(wrong).toEqual([]);
    expect(tried.cases).toBeGreaterThan(bytesTotal / every - 500);
    expect(tried.rebuilt).toBeGreaterThan(10);
    expect(tried.refused).toBeGreaterThan(10);
    expect(tried.cut).toBeGreaterThan(0);
  });

  test(`cut at every length (or each ${every}th) is rebuilt, cut at a record, or refused by name`, {
    timeout: 3_600_000,
  }, async () => {
    const { tried, wrong } = await tryEach((bytes, length) =>
      Buffer.from(bytes.subarray(0, length)),
    );
    process.stderr.write(`cut: ${JSON.stringify(tried)}\n`);
    expect(wrong).toEqual([]);
    expect(tried.cases).toBeGreaterThan(bytesTotal / every - 500);
    expect(tried.rebuilt).toBeGreaterThan(10);
    expect(tried.cut).toBeGreaterThan(10);
  });
});
