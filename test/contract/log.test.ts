import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import {
  type KafkaLogs,
  type Log,
  type LogRecord,
  openFileLog,
  openKafka,
  openMemoryLog,
} from "../../packages/log/src/index.ts";
import {
  openSimulatedDisk,
  openSimulatedRng,
  systemDisk,
  systemRng,
} from "../../packages/runtime/src/index.ts";
import { noKafka, startKafka, type TestKafka } from "../support/kafka.ts";
import { makeTopic } from "../support/kafka-topics.ts";

const root = mkdtempSync(join(tmpdir(), "troth-log-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folders = 0;

const newGenesis = "7d1f2a60-54a1-4d8e-9b1c-0f9a4b7f3c21";
const small = { newGenesis, segmentBytes: 4_096 };

let broker: TestKafka | null = null;
let kafka: KafkaLogs | null = null;
afterAll(async () => {
  await kafka?.close();
  await broker?.close();
});

/** A topic of one partition on one real broker, which all tests of this file share. */
async function openOnKafka(): Promise<Log> {
  broker ??= await startKafka();
  kafka ??= await openKafka({ brokers: broker.addresses, clientId: "contract", dev: true });
  const topic = `log-${folders++}`;
  await makeTopic(kafka, topic, { genesis: newGenesis });
  return kafka.open(topic, 0);
}

/** Every implementation behind the port. The file logs have small segments, so tests cross many. */
const logs: readonly (readonly [string, () => Promise<Log>, string | null])[] = [
  ["in memory", async () => openMemoryLog({ genesis: newGenesis }), null],
  ["in files", () => openFileLog(join(root, `log${folders++}`), systemDisk, small), null],
  [
    "in files on the simulated disk",
    () => openFileLog("/log", openSimulatedDisk({ rng: openSimulatedRng(3) }).attach(), small),
    null,
  ],
  [noKafka === null ? "on Kafka" : `on Kafka: ${noKafka}`, openOnKafka, noKafka],
];

const input = (text: string) => ({ bytes: Buffer.from(text) });
const say = (record: LogRecord): string =>
  `${record.offset} ${record.stamp} ${record.bytes.toString()}`;

async function all(log: Log, from = 0): Promise<string[]> {
  const said: string[] = [];
  for await (const record of log.read(from)) said.push(say(record));
  return said;
}

describe.each(logs)("a log (%s)", (_, open, without) => {
  beforeEach(({ skip }) => skip(without !== null, without ?? ""));

  test("is empty at first, has a genesis, and reads as nothing", async () => {
    const log = await open();
    expect(log.genesis).toBe(newGenesis);
    expect(await log.end()).toBe(0);
    expect(await all(log)).toEqual([]);
    await log.close();
  });

  test("gives records back in order with offsets without gaps", async () => {
    const log = await open();
    expect(await log.append([input("a"), input("b")], 10)).toEqual({
      first: 0,
      last: 1,
      stamp: 10,
    });
    expect(await log.append([input("")], 20)).toEqual({ first: 2, last: 2, stamp: 20 });
    expect(await all(log)).toEqual(["0 10 a", "1 10 b", "2 20 "]);
    expect(await all(log, 1)).toEqual(["1 10 b", "2 20 "]);
    expect(await all(log, 3)).toEqual([]);
    expect(await log.end()).toBe(3);
    await log.close();
  });

  test("never lets its time go back", async () => {
    const log = await open();
    await log.append([input("a")], 100);
    expect(await log.append([input("b")], 50)).toMatchObject({ stamp: 100 });
    await log.append([input("c")], 253_402_300_799_999);
    expect(await all(log)).toEqual(["0 100 a", "1 100 b", "2 253402300799999 c"]);
    await log.close();
  });

  test("keeps appends made at once whole and in the order they were made", async () => {
    const log = await open();
    const appends = Array.from({ length: 500 }, (_, n) =>
      log.append([input(`${n}.0`), input(`${n}.1`)], n),
    );
    const appended = await Promise.all(appends);
    expect(appended.map(({ first }) => first)).toEqual(appends.map((_, n) => 2 * n));
    const expected = appends.flatMap((_, n) => [
      `${2 * n} ${n} ${n}.0`,
      `${2 * n + 1} ${n} ${n}.1`,
    ]);
    expect(await all(log)).toEqual(expected);
    await log.close();
  });

  test("holds records of any bytes and of sizes beyond a read buffer", async () => {
    const log = await open();
    const sizes = [0, 1, 4_095, 300_000, 5, 1_000_000];
    const contents = sizes.map((size, n) => Buffer.alloc(size, `\0\xff${n}`, "latin1"));
    for (const bytes of contents) await log.append([{ bytes }], 1);
    await log.append(
      contents.map((bytes) => ({ bytes })),
      2,
    );
    const read: Buffer[] = [];
    for await (const { bytes } of log.read(0)) read.push(Buffer.from(bytes));
    expect(read.map((bytes) => bytes.length)).toEqual([...sizes, ...sizes]);
    expect(read.every((bytes, n) => bytes.equals(contents[n % sizes.length] ?? bytes))).toBe(true);
    await log.close();
  });

  test("does not see changes made to bytes after they were stored", async () => {
    const log = await open();
    const bytes = Buffer.from("good");
    await log.append([{ bytes }], 1);
    bytes.fill("x");
    expect(await all(log)).toEqual(["0 1 good"]);
    await log.close();
  });

  test("is followed by a reader as it grows, until the reader has enough", async () => {
    const log = await open();
    const enough = new AbortController();
    await log.append([input("before")], 1);
    const seen: string[] = [];
    const reading = (async () => {
      for await (const record of log.read(0, { follow: enough.signal })) {
        seen.push(record.bytes.toString());
        if (seen.length === 101) enough.abort();
      }
    })();
    for (let n = 0; n < 100; n++) await log.append([input(`${n}`.padEnd(200))], 2);
    await reading;
    expect(seen.map((text) => text.trim())).toEqual(["before", ...Array(100).keys()].map(String));
    await log.close();
  });

  test("ends what follows it when it closes, and refuses everything after", async () => {
    const log = await open();
    let seen = 0;
    const following = (async () => {
      for await (const _ of log.read(0, { follow: new AbortController().signal })) seen += 1;
    })();
    await log.append([input("a")], 1);
    await expect.poll(() => seen, { timeout: 30_000 }).toBe(1);
    await Promise.all([log.close(), log.close()]);
    await following;
    expect(seen).toBe(1);
    await expect(log.append([input("b")], 1)).rejects.toMatchObject({ code: "closed" });
    await expect(all(log)).rejects.toMatchObject({ code: "closed" });
  });

  test("finishes appends under way before it closes", async () => {
    const log = await open();
    const appends = Array.from({ length: 50 }, (_, n) => log.append([input(`${n}`)], n));
    await log.close();
    expect(await Promise.all(appends)).toHaveLength(50);
  });

  test("tells a reader that wants more than there is that records are lost", async () => {
    const log = await open();
    await log.append([input("a")], 1);
    await expect(all(log, 2)).rejects.toMatchObject({ code: "truncated", retryable: false });
    await log.close();
  });

  test("takes neither an empty append nor a broken stamp", async () => {
    const log = await open();
    await expect(log.append([], 1)).rejects.toThrow("no records");
    for (const stamp of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])
      await expect(log.append([input("a")], stamp)).rejects.toThrow("stamp");
    expect(await log.end()).toBe(0);
    await log.close();
  });
});

describe("a log in files opened again", () => {
  test("goes on where it was, with its own genesis, offsets and time", async () => {
    const dir = join(root, "again");
    const first = await openFileLog(dir, systemDisk, small);
    for (let n = 0; n < 100; n++) await first.append([input(`${n}`.padEnd(100, "."))], 1_000 + n);
    const before = await all(first);
    await first.close();
    const again = await openFileLog(dir, systemDisk, { ...small, newGenesis: systemRng.uuid() });
    expect(again.genesis).toBe(newGenesis);
    expect(again.recovery).toEqual({ closedInOrder: true, tornBytes: 0, records: 100 });
    expect(await again.append([input("next")], 5)).toEqual({ first: 100, last: 100, stamp: 1_099 });
    expect(await all(again)).toEqual([...before, "100 1099 next"]);
    await again.close();
  });

  test("is refused to a second owner while the first lives", async () => {
    const dir = join(root, "owned");
    const first = await openFileLog(dir, systemDisk, small);
    await expect(openFileLog(dir, systemDisk, small)).rejects.toMatchObject({ code: "locked" });
    await first.close();
    await (await openFileLog(dir, systemDisk, small)).close();
  });
});
