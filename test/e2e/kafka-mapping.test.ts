import { Kafka } from "kafkajs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { noKafka } from "../support/kafka.ts";
import { type Fleet, metricOf, openFleet, readFacts } from "../support/kafka-fleet.ts";
import { makeForeignTopic } from "../support/kafka-topics.ts";
import { root } from "../support/source.ts";

const policyPath = `${root}infra/policy/default.yaml`;
const mapping = `${root}infra/mappings/shop-orders.yaml`;
const topic = "shop.public.orders";
const orders = 3_000;

/** A row as Debezium writes it; every hundredth record is none. */
function change(id: number): string {
  if (id % 100 === 0) return `{"op":"c","after":{"id":${id},`;
  const after = {
    id,
    customer_id: id % 40,
    placed_at: 1_772_445_600_000_000 + id * 1_000_000,
    promised_on: 20_517,
    items: 1,
    total: "BNI=",
    currency: "EUR",
  };
  return JSON.stringify({ schema: null, payload: { op: "c", before: null, after } });
}

describe.skipIf(noKafka !== null)(
  `a topic that is not troth's${noKafka === null ? "" : ` (skipped: ${noKafka})`}`,
  () => {
    let fleet: Fleet;
    beforeAll(async () => {
      fleet = await openFleet({
        partitions: 1,
        clock: "events",
        policies: [policyPath],
        args: (service) => (service === "intake" ? ["--mapping", mapping] : []),
      });
    }, 120_000);
    afterAll(() => fleet?.close());

    test("comes in by its mapping, each record once, whoever is killed while reading", async () => {
      const client = new Kafka(fleet.broker.config());
      await makeForeignTopic(client, topic, 3);
      const producer = client.producer();
      await producer.connect();
      const send = (from: number, to: number): Promise<unknown> =>
        producer.send({
          topic,
          messages: Array.from({ length: to - from }, (_, i) => ({
            key: String(from + i),
            value: change(from + i),
          })),
        });

      await send(1, orders / 2);
      const first = await fleet.start("intake", 1);
      await expect
        .poll(async () => (await readFacts(fleet.kafka)).facts.length, { timeout: 60_000 })
        .toBeGreaterThan(100);
      first.signal("SIGKILL");
      await first.gone;
      await send(orders / 2, orders + 1);
      // A removal from a compacted topic says nothing.
      await producer.send({ topic, messages: [{ key: "7", value: null }] });
      await producer.disconnect();

      const second = await fleet.start("intake", 2);
      const wanted = orders - orders / 100;
      const ids = async (): Promise<number> =>
        new Set((await readFacts(fleet.kafka)).facts.map(({ id }) => id)).size;
      await expect.poll(ids, { timeout: 90_000, interval: 500 }).toBe(wanted);
      const { facts } = await readFacts(fleet.kafka);
      expect(facts[0]).toMatchObject({
        kind: "order.placed",
        source: "urn:shop:orders",
        subject: expect.stringMatching(/^customer:\d+$/),
        data: { totalAmount: { amount: "12.34", currency: "EUR" } },
      });
      const of = (outcome: string): Promise<number | null> =>
        metricOf(second.health, `troth_raw_records_total{outcome="${outcome}"}`);
      expect(await of("passed_over")).toBe(1);
      expect(await of("set_aside")).toBeGreaterThan(0);
      const setAside = await fleet.kafka.open("troth.set-aside", 0);
      const kept = new Map<string, { reason: string; origin: string }>();
      for await (const batch of setAside.readBatches(0)) {
        for (const { bytes } of batch) {
          const one = JSON.parse(bytes.toString());
          kept.set(one.sha256, one);
        }
      }
      await setAside.close();
      expect(kept.size).toBe(orders / 100);
      expect([...kept.values()][0]).toMatchObject({
        reason: "not-json",
        origin: expect.stringMatching(/^shop\.public\.orders\/[012]$/),
      });
      second.signal("SIGTERM");
      expect(await second.gone).toBe(0);
    }, 240_000);
  },
);
