import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type KafkaLogs, openKafka } from "../../packages/log/src/index.ts";
import { noKafka, startKafka, type TestKafka } from "../support/kafka.ts";
import { makeTopic } from "../support/kafka-topics.ts";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Three brokers on two cores take a minute: with the long chaos only (pnpm test:chaos). */
const without =
  noKafka ?? (process.env["TROTH_CHAOS_SECONDS"] === undefined ? "in pnpm test:chaos only" : null);

describe.skipIf(without !== null)(
  without === null ? "a log on three brokers, two of them in sync" : `three brokers: ${without}`,
  () => {
    let broker: TestKafka;
    let kafka: KafkaLogs;

    beforeAll(async () => {
      broker = await startKafka({ brokers: 3 });
      kafka = await openKafka({ brokers: broker.addresses, clientId: "three", dev: true });
    });
    afterAll(async () => {
      await kafka?.close();
      await broker?.close();
    });

    test("goes on when its leader is killed and another broker is frozen: each record once, in order", async () => {
      const settings = { "min.insync.replicas": "2", "unclean.leader.election.enable": "false" };
      await makeTopic(kafka, "three", { replicas: 3, settings });
      expect(await kafka.describe("three")).toMatchObject({ partitions: 1, replicas: 3 });
      const log = await kafka.open("three", 0);
      const count = 900;
      const reading = (async () => {
        const read: string[] = [];
        const reader = await kafka.open("three", 0);
        for await (const { bytes } of reader.read(0, { follow: AbortSignal.timeout(90_000) })) {
          read.push(bytes.toString());
          if (read.length === count) break;
        }
        return read;
      })();
      const leader = async (): Promise<number> => {
        const admin = kafka.client.admin();
        await admin.connect();
        const { topics } = await admin.fetchTopicMetadata({ topics: ["three"] });
        await admin.disconnect();
        return (topics[0]?.partitions[0]?.leader ?? 1) - 1;
      };
      const appends: Promise<unknown>[] = [];
      const first = await leader();
      for (let n = 0; n < count; n++) {
        appends.push(log.append([{ bytes: Buffer.from(`${n}`) }], n));
        if (n === 300) await broker.nodes[first]?.kill();
        if (n === 500) await broker.nodes[first]?.start();
        if (n === 600) await broker.nodes[(first + 1) % 3]?.freeze();
        if (n === 800) broker.nodes[(first + 1) % 3]?.thaw();
        await pause(n > 600 && n < 800 ? 20 : 3);
      }
      await Promise.all(appends);
      expect(await reading).toEqual([...Array(count).keys()].map(String));
      expect(await log.end()).toBe(count);
    }, 120_000);
  },
);
