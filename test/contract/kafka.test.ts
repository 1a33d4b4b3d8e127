import { execFile, spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import {
  joinGroup,
  type KafkaLogs,
  type Log,
  LogError,
  type Membership,
  openKafka,
} from "../../packages/log/src/index.ts";
import { bundle } from "../support/bundle.ts";
import { kafkaVersions, noKafka, startKafka, type TestKafka } from "../support/kafka.ts";
import { kafkaJars } from "../support/kafka-jars.ts";
import { makeTopic } from "../support/kafka-topics.ts";
import { root } from "../support/source.ts";

const input = (text: string) => ({ bytes: Buffer.from(text) });
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function texts(log: Log, from = 0): Promise<string[]> {
  const read: string[] = [];
  for await (const { bytes } of log.read(from)) read.push(bytes.toString());
  return read;
}

/** Follows a log from `from` until it fails; gives what was read and the failure. */
async function followToFailure(log: Log, from: number) {
  const offsets: number[] = [];
  const patience = AbortSignal.timeout(20_000);
  try {
    for await (const { offset } of log.read(from, { follow: patience })) offsets.push(offset);
  } catch (error) {
    return { offsets, error };
  }
  return { offsets, error: new Error("it did not fail in 20 s") };
}

async function until(what: string, holds: () => boolean, withinMs = 20_000): Promise<void> {
  const end = Date.now() + withinMs;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`not in ${withinMs} ms: ${what}`);
    await pause(20);
  }
}

const newest = kafkaVersions[0];

describe.skipIf(noKafka !== null).each(kafkaVersions)(
  noKafka === null ? "what kafkajs leaves to us, on Kafka %s" : `on Kafka %s: ${noKafka}`,
  (version) => {
    let broker: TestKafka;
    let kafka: KafkaLogs;
    let topics = 0;

    beforeAll(async () => {
      broker = await startKafka({ version });
      kafka = await open();
    });
    afterAll(async () => {
      await kafka?.close();
      await broker?.close();
    });

    const open = (deadlineMs = 30_000): Promise<KafkaLogs> =>
      openKafka({ brokers: broker.addresses, clientId: "r16", dev: true, deadlineMs });
    async function newLog(settings: Readonly<Record<string, string>> = {}, partitions = 1) {
      const topic = `t${topics++}`;
      await makeTopic(kafka, topic, { settings, partitions });
      return { topic, log: await kafka.open(topic, 0) };
    }
    const admin = async <T>(
      use: (admin: ReturnType<KafkaLogs["client"]["admin"]>) => Promise<T>,
    ): Promise<T> => {
      const one = kafka.client.admin();
      await one.connect();
      try {
        return await use(one);
      } finally {
        await one.disconnect();
      }
    };

    test("records deleted under a slow reader stop it: nothing is skipped in silence", async () => {
      const { topic, log } = await newLog();
      const large = "x".repeat(100_000);
      for (let n = 0; n < 40; n++) await log.append([input(large)], n);
      const offsets: number[] = [];
      let failure: unknown = null;
      let deletedAt = 0;
      try {
        for await (const { offset } of log.read(0, { follow: AbortSignal.timeout(20_000) })) {
          offsets.push(offset);
          if (offset !== 0) continue;
          await admin(async (one) => {
            // kafkajs deletes only in topics it has already asked about.
            await one.fetchTopicOffsets(topic);
            await one.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: "36" }] });
          });
          deletedAt = Date.now();
        }
      } catch (error) {
        failure = error;
      }
      expect(failure).toMatchObject({ code: "truncated", retryable: false });
      expect(String(failure)).toContain(
        `LOG TRUNCATED: ${topic}-0 holds offsets 35 to 39, and ${offsets.length} is to be read`,
      );
      expect(Date.now() - deletedAt).toBeLessThan(10_000);
      expect(offsets).toEqual([...offsets.keys()]);
      expect(offsets.length).toBeLessThan(20);
      // One that begins where the records were hears the same, and one behind them goes on.
      await expect(texts(log, 3)).rejects.toMatchObject({ code: "truncated" });
      expect(await texts(log, 38)).toHaveLength(2);
      // The genesis record is gone with the first records; the topic of geneses has it.
      expect((await kafka.open(topic, 0)).genesis).toBe(log.genesis);
    });

    test("a topic deleted and made again stops readers and writers of the old one", async () => {
      const { topic, log } = await newLog();
      for (let n = 0; n < 5; n++) await log.append([input(`old ${n}`)], n);
      const following = followToFailure(log, 0);
      await pause(300);
      await admin((one) => one.deleteTopics({ topics: [topic] }));
      await pause(1_000);
      await makeTopic(kafka, topic);
      const again = await kafka.open(topic, 0);
      expect(again.genesis).not.toBe(log.genesis);
      for (let n = 0; n < 9; n++) await again.append([input(`new ${n}`)], n);
      const { offsets, error } = await following;
      expect(error).toMatchObject({ code: "recreated", retryable: false });
      expect(String(error)).toContain(`${topic}-0 is not the log it was`);
      expect(offsets).toEqual([0, 1, 2, 3, 4]);
    });

    test("a topic troth did not make, or that is not there, is refused by name", async () => {
      await admin((one) => one.createTopics({ topics: [{ topic: "foreign", numPartitions: 1 }] }));
      await expect(kafka.open("foreign", 0)).rejects.toMatchObject({ code: "not-applied" });
      await expect(kafka.open("nowhere", 0)).rejects.toMatchObject({ code: "not-applied" });
      const producer = kafka.client.producer();
      await producer.connect();
      await producer.send({ topic: "foreign", messages: [{ value: "theirs" }] });
      await expect(kafka.open("foreign", 0)).rejects.toMatchObject({ code: "not-applied" });
      const { topic, log } = await newLog();
      await log.append([input("ours")], 1);
      await producer.send({ topic, messages: [{ value: "theirs" }] });
      await producer.disconnect();
      const { offsets, error } = await followToFailure(log, 0);
      expect(offsets.length).toBeLessThan(2);
      expect(error).toMatchObject({ code: "corrupt" });
    });

    test("a batch in a compression nobody here reads stops the reader and says so", async () => {
      const { topic, log } = await newLog();
      await log.append([input("ours")], 1);
      const jars = await kafkaJars(version);
      const main = version.startsWith("3")
        ? "kafka.tools.ConsoleProducer"
        : "org.apache.kafka.tools.ConsoleProducer";
      const producing = execFile("java", [
        "-Xmx256m",
        "-cp",
        `${jars}/*`,
        main,
        "--bootstrap-server",
        broker.addresses.join(","),
        "--topic",
        topic,
        "--compression-codec",
        "lz4",
      ]);
      producing.stdin?.end(`${"compressible ".repeat(50)}\n`);
      await new Promise((resolve) => producing.on("exit", resolve));
      const began = Date.now();
      const { error } = await followToFailure(log, 1);
      expect(error).toMatchObject({ code: "unknown-format" });
      expect(String(error)).toMatch(new RegExp(`${topic}-0, offset 1: .*compressed.*only gzip`));
      expect(Date.now() - began).toBeLessThan(10_000);
    });

    test("members share a topic, keep what they hold, and get no record early", async () => {
      const { topic } = await newLog({}, 6);
      for (let partition = 0; partition < 6; partition++) {
        const log = await kafka.open(topic, partition);
        await log.append([input("a"), input("b")], 1);
      }
      const troubles: string[] = [];
      const assignments: number[][][] = [];
      const joinAs = (n: number): Membership => {
        assignments[n] = [];
        return joinGroup({
          client: kafka.client,
          group: `members-${topic}`,
          topic,
          assigned: (partitions) => assignments[n]?.push([...partitions]),
          troubled: (what) => troubles.push(what),
        });
      };
      const members = [joinAs(0), joinAs(1)];
      const settled = (count: number) => () =>
        members.every((member) => member.owned().length === 6 / count) &&
        new Set(members.flatMap((member) => member.owned())).size === 6;
      await until("two share", settled(2));
      const before = members.map((member) => member.owned());
      members.push(joinAs(2));
      await until("three share", settled(3));
      for (const [n, held] of before.entries())
        expect(held).toEqual(expect.arrayContaining([...(members[n]?.owned() ?? [])]));
      const kept = members.slice(1).map((member) => member.owned());
      await members.shift()?.leave();
      await until("the leaver's go to those left", settled(2));
      for (const [n, held] of kept.entries())
        expect(members[n]?.owned()).toEqual(expect.arrayContaining([...held]));
      await pause(1_500);
      expect(troubles.filter((what) => what.includes("gave records"))).toEqual([]);
      await Promise.all(members.map((member) => member.leave()));
    }, 60_000);

    test("what several write to one partition by several logs of one process is stored once each", async () => {
      const { topic } = await newLog();
      const logs = await Promise.all([1, 2, 3].map(() => kafka.open(topic, 0)));
      const wanted: string[] = [];
      const appends: Promise<unknown>[] = [];
      for (let n = 0; n < 100; n++)
        for (const [which, one] of logs.entries()) {
          wanted.push(`${which}:${n}`);
          appends.push(one.append([input(`${which}:${n}`)], n));
          if (n % 7 === 0) await pause(1);
        }
      await Promise.all(appends);
      const [first] = logs;
      const read = first === undefined ? [] : await texts(first);
      expect([...read].sort()).toEqual(wanted.sort());
      for (const which of logs.keys())
        expect(read.filter((text) => text.startsWith(`${which}:`))).toEqual(
          [...Array(100).keys()].map((n) => `${which}:${n}`),
        );
    });

    test("a broker that falls silent fails an append in time; opened again, the log goes on", async () => {
      const { topic } = await newLog();
      const impatient = await open(4_000);
      onTestFinished(() => impatient.close());
      const log = await impatient.open(topic, 0);
      await log.append([input("before")], 1);
      onTestFinished(() => broker.nodes[0]?.thaw());
      await broker.nodes[0]?.freeze();
      const began = Date.now();
      const unknown = log.append([input("unknown")], 2);
      unknown.catch(() => undefined);
      await pause(50);
      const waiting = log.append([input("never sent")], 3);
      waiting.catch(() => undefined);
      await expect(unknown).rejects.toMatchObject({ code: "failed" });
      await expect(waiting).rejects.toMatchObject({ code: "failed" });
      expect(Date.now() - began).toBeLessThan(12_000);
      broker.nodes[0]?.thaw();
      // What follows the unknown must not be stored as if it were known.
      await expect(log.append([input("refused")], 4)).rejects.toMatchObject({ code: "failed" });
      const again = await kafka.open(topic, 0);
      await again.append([input("after")], 5);
      const read = await texts(again);
      // The unknown one may be there once, before or after; the rest is as it was told.
      expect(read.filter((text) => text !== "unknown")).toEqual(["before", "after"]);
      expect(read.filter((text) => text === "unknown").length).toBeLessThanOrEqual(1);
    }, 60_000);

    test("offsets anybody commits move nothing; a position shown is one beyond the last read", async () => {
      const { topic, log } = await newLog();
      for (let n = 0; n < 20; n++) await log.append([input(`${n}`)], n);
      const group = `g-${topic}`;
      const owned: number[][] = [];
      const joinAgain = (): Membership =>
        joinGroup({
          client: kafka.client,
          group,
          topic,
          assigned: (partitions) => owned.push([...partitions]),
        });
      const first = joinAgain();
      await until("assigned", () => owned.length === 1);
      await first.showPosition(0, 12);
      const shown = await admin((one) => one.fetchOffsets({ groupId: group, topics: [topic] }));
      // Kafka's offset 0 is the genesis record, so 12 records read are offsets 1 to 12.
      expect(shown[0]?.partitions[0]?.offset).toBe("13");
      await first.leave();
      await admin((one) =>
        one.setOffsets({ groupId: group, topic, partitions: [{ partition: 0, offset: "3" }] }),
      );
      const second = joinAgain();
      await until("assigned again", () => owned.length === 2);
      expect(owned).toEqual([[0], [0]]);
      expect(await texts(log, 12)).toEqual(["12", "13", "14", "15", "16", "17", "18", "19"]);
      await second.leave();
    }, 60_000);

    test("who was frozen beyond its session writes on behind its successor, and nothing of either is lost", async () => {
      const { topic, log } = await newLog();
      const group = `z-${topic}`;
      // Where the inside of kafkajs is found from.
      const program = join(root, `packages/log/dist/zombie-${process.pid}.mjs`);
      bundle(join(import.meta.dirname, "../support/kafka-zombie.ts"), program);
      const zombie = spawn(process.execPath, [program, broker.addresses.join(","), topic, group], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      onTestFinished(() => {
        zombie.kill("SIGKILL");
        rmSync(program, { force: true });
      });
      const written = async (whose: string): Promise<readonly string[]> =>
        (await texts(log)).filter((text) => text.startsWith(whose));
      while ((await written("zombie")).length < 5) await pause(100);
      zombie.kill("SIGSTOP");
      const successor = joinGroup({
        client: kafka.client,
        group,
        topic,
        sessionTimeoutMs: 3_000,
        assigned: () => undefined,
      });
      onTestFinished(() => successor.leave());
      await until("it is taken for dead", () => successor.owned().includes(0), 40_000);
      for (let n = 0; n < 20; n += 1) await log.append([input(`successor ${n}`)], n);
      zombie.kill("SIGCONT");
      // Kafka fences nobody who uses no transactions: readers have to know a copy by its place.
      const isBehind = (all: readonly string[]): boolean =>
        all.slice(all.indexOf("successor 19")).some((text) => text.startsWith("zombie"));
      while (!isBehind(await texts(log))) await pause(100);
      await log.append([input("successor 20")], 20);
      const all = await texts(log);
      for (const whose of ["zombie", "successor"]) {
        const numbers = all
          .filter((text) => text.startsWith(whose))
          .map((text) => Number(text.split(" ")[1]));
        expect(numbers).toEqual([...numbers.keys()]);
      }
      expect(await written("successor")).toHaveLength(21);
    }, 90_000);

    // What follows does not depend on the broker's version.
    if (version !== newest) return;

    test("appends go on through the death of a broker, each once and in order", async () => {
      const { topic } = await newLog();
      // How long a broker takes to start is the machine's affair; none of it may be lost.
      const patient = await open(90_000);
      const log = await patient.open(topic, 0);
      const following = (async () => {
        const read: string[] = [];
        const reader = await kafka.open(topic, 0);
        for await (const { bytes } of reader.read(0, { follow: AbortSignal.timeout(120_000) })) {
          read.push(bytes.toString());
          if (read.at(-1) === "last") return read;
        }
        return read;
      })();
      const asked: Promise<unknown>[] = [];
      const write = async (from: number, count: number): Promise<void> => {
        for (let n = from; n < from + count; n++) {
          asked.push(log.append([input(`${n}`)], n));
          await pause(1);
        }
      };
      await write(0, 200);
      await broker.nodes[0]?.kill();
      const back = broker.nodes[0]?.start();
      await write(200, 200);
      await back;
      await Promise.all(asked);
      await log.append([input("last")], 1_000);
      expect(await following).toEqual([...[...Array(400).keys()].map(String), "last"]);
      await patient.close();
    }, 150_000);

    test("a record that is kept does not keep the answer it came in", async () => {
      const { log } = await newLog();
      const bytes = Buffer.alloc(2_000, "x");
      for (let n = 0; n < 10; n++)
        await log.append(
          Array.from({ length: 400 }, () => ({ bytes })),
          n,
        );
      const kept: Buffer[] = [];
      for await (const record of log.read(0))
        if (record.offset % 200 === 0) kept.push(record.bytes);
      expect(kept).toHaveLength(20);
      // A view would hold an answer of half a megabyte; a copy shares one of Node's small slabs.
      const held = [...new Set(kept.map((one) => one.buffer))];
      expect(held.reduce((sum, one) => sum + one.byteLength, 0)).toBeLessThan(20 * 16_384);
    });
  },
);

test("a connection without TLS and a login is refused outside --dev", async () => {
  const settings = { brokers: ["127.0.0.1:1"], clientId: "unsafe", dev: false };
  await expect(openKafka(settings)).rejects.toMatchObject({ code: "unsafe" });
  await expect(openKafka({ ...settings, dev: true, deadlineMs: 500 })).rejects.toMatchObject({
    code: "unreachable",
    retryable: true,
  });
  await expect(openKafka({ ...settings, dev: true, brokers: [] })).rejects.toBeInstanceOf(LogError);
});
