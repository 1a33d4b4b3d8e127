import { describe, expect, test } from "vitest";
import { type FileLog, LogError, openFileLog, readLog } from "../../packages/log/src/index.ts";
import {
  type DiskCall,
  type DiskFault,
  openSimulatedDisk,
  openSimulatedRng,
  type SimulatedDisk,
} from "../../packages/runtime/src/index.ts";

const newGenesis = "7d1f2a60-54a1-4d8e-9b1c-0f9a4b7f3c21";
const input = (text: string) => ({ bytes: Buffer.from(text) });

async function contents(log: FileLog): Promise<string[]> {
  const said: string[] = [];
  for await (const record of log.read(0)) said.push(record.bytes.toString());
  return said;
}

/** A log of three closed segments whose last one holds several sync groups. */
async function writtenLog(disk: SimulatedDisk, closeIt: boolean): Promise<string[]> {
  const log = await openFileLog("/log", disk.attach(), { newGenesis, segmentBytes: 600 });
  for (let n = 0; n < 24; n++)
    await Promise.all([log.append([input(`${n}a`)], n), log.append([input(`${n}b`)], n)]);
  const all = await contents(log);
  if (closeIt) await log.close();
  return all;
}

const fresh = () => openSimulatedDisk({ rng: openSimulatedRng(1) });
const reopened = (disk: SimulatedDisk) =>
  openFileLog("/log", disk.attach(), { newGenesis, segmentBytes: 600 });

async function files(disk: SimulatedDisk): Promise<(readonly [string, Buffer])[]> {
  const names = (await disk.attach().list("/log")).filter((name) => name.endsWith(".log"));
  return names.map((name) => [`/log/${name}`, disk.peek(`/log/${name}`) ?? Buffer.alloc(0)]);
}

type Outcome = "whole" | "prefix" | "refused";

/**
 * Opens and reads a damaged copy. Anything but the whole log, a prefix of it that says it was cut,
 * or a refusal that names the damaged file, fails the test.
 */
async function judge(
  copy: readonly (readonly [string, Buffer])[],
  all: readonly string[],
  struck: string,
) {
  const disk = fresh();
  for (const [path, bytes] of copy) disk.poke(path, bytes);
  try {
    const log = await reopened(disk);
    const read = await contents(log);
    expect(read).toEqual(all.slice(0, read.length));
    if (read.length === all.length) return { outcome: "whole" as Outcome, log };
    expect(log.recovery.closedInOrder).toBe(false);
    return { outcome: "prefix" as Outcome, log };
  } catch (error) {
    if (!(error instanceof LogError)) throw error;
    expect(["corrupt", "segment-missing", "unknown-format"]).toContain(error.code);
    expect(error.file).toBe(struck);
    return { outcome: "refused" as Outcome, log: null };
  }
}

const count = (outcomes: readonly Outcome[]) => ({
  whole: outcomes.filter((each) => each === "whole").length,
  prefix: outcomes.filter((each) => each === "prefix").length,
  refused: outcomes.filter((each) => each === "refused").length,
});

describe("damage to a log", () => {
  test("closed in order: every flipped byte is refused by file, or only the closing mark is gone", async () => {
    const disk = fresh();
    const all = await writtenLog(disk, true);
    const copy = await files(disk);
    expect(copy.length).toBeGreaterThanOrEqual(3);
    const outcomes: Outcome[] = [];
    for (const [path, bytes] of copy) {
      for (let at = 0; at < bytes.length; at++) {
        const bad = Buffer.from(bytes);
        bad[at] = (bad[at] ?? 0) ^ (1 << (at % 8));
        const struck = copy.map(([name, good]) => [name, name === path ? bad : good] as const);
        outcomes.push((await judge(struck, all, path)).outcome);
      }
    }
    const total = copy.reduce((sum, [, bytes]) => sum + bytes.length, 0);
    expect(count(outcomes)).toEqual({ whole: 48, prefix: 0, refused: total - 48 });
  });

  test("not closed: every flipped byte is refused, or cuts the last sync group and says so", async () => {
    const disk = fresh();
    const all = await writtenLog(disk, false);
    const copy = await files(disk);
    const tail = copy.at(-1)?.[1].length ?? 0;
    for (const [path, bytes] of copy) {
      for (let at = 0; at < bytes.length; at++) {
        const bad = Buffer.from(bytes);
        bad[at] = (bad[at] ?? 0) ^ 0xff;
        const struck = copy.map(([name, good]) => [name, name === path ? bad : good] as const);
        const { outcome, log } = await judge(struck, all, path);
        const inLastGroup = path === copy.at(-1)?.[0] && at >= tail - 2 * (48 + 7);
        expect([path, at, outcome]).toEqual([path, at, inLastGroup ? "prefix" : "refused"]);
        if (inLastGroup) expect(log?.recovery.tornBytes).toBeGreaterThan(0);
      }
    }
  });

  test("cut at every length: rebuilt to a prefix that says so, or refused by file", async () => {
    for (const closeIt of [true, false]) {
      const disk = fresh();
      const all = await writtenLog(disk, closeIt);
      const copy = await files(disk);
      for (const [path, bytes] of copy) {
        for (let length = 0; length < bytes.length; length++) {
          const struck = copy.map(
            ([name, good]) => [name, name === path ? good.subarray(0, length) : good] as const,
          );
          const { outcome } = await judge(struck, all, path);
          if (path !== copy.at(-1)?.[0])
            expect([path, length, outcome]).toEqual([path, length, "refused"]);
        }
      }
    }
  });

  test("a missing segment is named by the one before it", async () => {
    const disk = fresh();
    const all = await writtenLog(disk, true);
    const copy = await files(disk);
    for (let gone = 1; gone < copy.length; gone++) {
      const rest = copy.filter((_, n) => n !== gone);
      const { outcome } = await judge(rest, all, copy[gone - 1]?.[0] ?? "");
      expect(outcome).toBe("refused");
    }
  });

  test("a copy of a frame inside a record is never mistaken for one", async () => {
    const disk = fresh();
    await writtenLog(disk, true);
    const frames = (await files(disk))[0]?.[1].subarray(48) ?? Buffer.alloc(0);
    const other = fresh();
    const log = await openFileLog("/log", other.attach(), {
      newGenesis: "00000000-0000-4000-8000-000000000000",
    });
    await log.append([{ bytes: frames }], 1);
    const [path, bytes] = (await files(other))[0] ?? ["", Buffer.alloc(0)];
    const torn = Buffer.from(bytes);
    torn[60] = (torn[60] ?? 0) ^ 1;
    other.crash();
    other.poke(path, torn);
    const again = await openFileLog("/log", other.attach(), { newGenesis });
    expect(again.recovery).toMatchObject({ records: 0, closedInOrder: false });
  });

  test("a later format is refused, not guessed at", async () => {
    const disk = fresh();
    await writtenLog(disk, true);
    const { crc32 } = await import("node:zlib");
    const [path, bytes] = (await files(disk))[0] ?? ["", Buffer.alloc(0)];
    bytes.writeUInt16LE(2, 8);
    bytes.writeUInt32LE(crc32(bytes.subarray(0, 44)), 44);
    disk.poke(path, bytes);
    await expect(reopened(disk)).rejects.toMatchObject({ code: "unknown-format", file: path });
  });
});

/**
 * Appends in rounds on a disk with faults, opening the log again after every crash. Returns what
 * was acknowledged and what was ever asked for.
 */
async function livedThrough(seed: number, fault: (call: DiskCall) => DiskFault, rounds: number) {
  const rng = openSimulatedRng(seed);
  let calm = false;
  const disk = openSimulatedDisk({ rng, fault: (call) => (calm ? "none" : fault(call)) });
  const acknowledged = new Map<string, number>();
  const turnedAway = new Set<string>();
  let refused = 0;
  let asked = 0;
  let log: FileLog | null = null;
  for (let round = 0; round < rounds; round++) {
    try {
      log ??= await reopened(disk);
      const open = log;
      const appends = Array.from({ length: 1 + Math.floor(rng.next() * 4) }, async () => {
        const texts = Array.from({ length: 1 + Math.floor(rng.next() * 3) }, () =>
          `${asked++}`.padEnd(Math.floor(rng.next() * 700), "."),
        );
        const { first } = await open.append(texts.map(input), round).catch((error: unknown) => {
          if (error instanceof LogError && error.code === "disk-full")
            for (const text of texts) turnedAway.add(text);
          throw error;
        });
        for (const [index, text] of texts.entries()) acknowledged.set(text, first + index);
      });
      const outcomes = await Promise.allSettled(appends);
      for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
    } catch (error) {
      if (!(error instanceof LogError)) throw error;
      if (error.code === "corrupt" || error.code === "segment-missing") throw error;
      refused += 1;
      if (error.code !== "disk-full") {
        disk.crash();
        log = null;
      }
    }
  }
  disk.crash();
  calm = true;
  return { disk, acknowledged, turnedAway, asked, refused };
}

async function checkLedger({
  disk,
  acknowledged,
  turnedAway,
  asked,
}: Awaited<ReturnType<typeof livedThrough>>) {
  const log = await reopened(disk);
  const read = await contents(log);
  for (const [text, offset] of acknowledged) expect(read[offset]).toBe(text);
  for (const text of read) expect(turnedAway.has(text)).toBe(false);
  const numbers = read.map((text) => Number.parseInt(text, 10));
  expect(new Set(numbers).size).toBe(numbers.length);
  expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
  expect(Math.max(-1, ...numbers)).toBeLessThan(asked);
}

describe("a log on a disk that fails", () => {
  test("loses nothing acknowledged when the machine goes down at any one call to the disk", async () => {
    const calls: DiskCall[] = [];
    const none = (call: DiskCall): DiskFault => {
      calls.push(call);
      return "none";
    };
    await livedThrough(1, none, 12);
    for (let strike = 1; strike <= calls.length; strike++) {
      for (const fault of ["crash-before", "crash-after"] as const) {
        let struck = false;
        const lived = await livedThrough(
          1,
          (call) => {
            if (struck || call.count !== strike) return "none";
            struck = true;
            return fault;
          },
          14,
        );
        expect(struck).toBe(true);
        await checkLedger(lived);
      }
    }
    expect(new Set(calls.map((call) => call.operation)).size).toBeGreaterThanOrEqual(10);
  });

  test("loses nothing acknowledged in 400 lives of random crashes, failures and full disks", async () => {
    let refusals = 0;
    for (let seed = 0; seed < 400; seed++) {
      const chance = openSimulatedRng(seed + 1_000_000);
      const lived = await livedThrough(
        seed,
        () => {
          const roll = chance.next();
          if (roll < 0.01) return "crash-before";
          if (roll < 0.02) return "crash-after";
          if (roll < 0.03) return "io";
          return roll < 0.05 ? "disk-full" : "none";
        },
        20,
      ).catch((error: unknown) => {
        throw new Error(`seed ${seed}`, { cause: error });
      });
      refusals += lived.refused;
      await checkLedger(lived);
    }
    expect(refusals).toBeGreaterThan(400);
  });

  test("refuses, acknowledges nothing and goes on once there is room again", async () => {
    const disk = openSimulatedDisk({ rng: openSimulatedRng(5), capacity: 2_000 });
    const log = await openFileLog("/log", disk.attach(), { newGenesis });
    const kept: string[] = [];
    let refused: unknown = null;
    for (let n = 0; refused === null; n++) {
      const text = `${n}`.padEnd(150, ".");
      await log.append([input(text)], n).then(
        () => kept.push(text),
        (error: unknown) => {
          refused = error;
        },
      );
    }
    expect(refused).toMatchObject({ code: "disk-full", retryable: true });
    expect(await contents(log)).toEqual(kept);
    disk.setCapacity(10_000);
    await log.append([input("after")], 1_000);
    expect(await contents(log)).toEqual([...kept, "after"]);
    disk.crash();
    expect(await contents(await reopened(disk))).toEqual([...kept, "after"]);
  });

  test("stops after a failed sync, because what the disk holds is unknown", async () => {
    let fail = false;
    const fault = (call: DiskCall): DiskFault =>
      fail && call.operation === "sync" ? "io" : "none";
    const disk = openSimulatedDisk({ rng: openSimulatedRng(5), fault });
    const log = await openFileLog("/log", disk.attach(), { newGenesis });
    await log.append([input("kept")], 1);
    fail = true;
    await expect(log.append([input("unknown")], 2)).rejects.toMatchObject({ code: "failed" });
    fail = false;
    await expect(log.append([input("later")], 3)).rejects.toMatchObject({ code: "failed" });
    await log.close();
    expect(await contents(await reopened(disk))).toEqual(["kept"]);
  });

  test("refuses more than may wait for the disk, and larger than a frame", async () => {
    const log = await openFileLog("/log", fresh().attach(), { newGenesis, pendingBytesMax: 1_000 });
    const record = { bytes: Buffer.alloc(600) };
    const first = log.append([record], 1);
    const second = log.append([record], 1);
    await expect(second).rejects.toMatchObject({ code: "overloaded", retryable: true });
    await first;
    expect(log.pendingBytes()).toBe(0);
    await log.append([record], 1);
    const huge = log.append([{ bytes: Buffer.alloc(33 * 1024 * 1024) }], 1);
    await expect(huge).rejects.toMatchObject({ code: "too-large", retryable: false });
  });
});

describe("a reader without the lock", () => {
  const readAside = async (disk: SimulatedDisk): Promise<string[]> => {
    const read: string[] = [];
    for await (const batch of readLog("/log", disk.attach()))
      for (const { bytes } of batch) read.push(bytes.toString());
    return read;
  };

  test("reads all that is there while the owner has the log open, and after", async () => {
    for (const closeIt of [false, true]) {
      const disk = fresh();
      const all = await writtenLog(disk, closeIt);
      expect(await readAside(disk)).toEqual(all);
    }
  });

  test("ends before a torn write, but names every damage to what was durable", async () => {
    const disk = fresh();
    const all = await writtenLog(disk, false);
    const copy = await files(disk);
    const outcomes = { whole: 0, cut: 0, refused: 0 };
    for (const [path, bytes] of copy) {
      for (let at = 0; at < bytes.length; at += 3) {
        const bad = Buffer.from(bytes);
        bad[at] = (bad[at] ?? 0) ^ 0xff;
        disk.poke(path, bad);
        try {
          const read = await readAside(disk);
          expect(read).toEqual(all.slice(0, read.length));
          expect(path).toBe(copy.at(-1)?.[0]);
          outcomes[read.length === all.length ? "whole" : "cut"] += 1;
        } catch (error) {
          expect(error).toMatchObject({ code: "corrupt", file: path });
          outcomes.refused += 1;
        }
        disk.poke(path, bytes);
      }
    }
    expect(outcomes.whole).toBe(0);
    expect(outcomes.cut).toBeLessThan(40);
    expect(outcomes.refused).toBeGreaterThan(500);
  });
});
