import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Kafka } from "kafkajs";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { noKafka, startKafka, type TestKafka } from "../support/kafka.ts";
import { root } from "../support/source.ts";
import { runTroth } from "../support/troth.ts";

type Shown = {
  readonly partition: number;
  readonly offset: number;
  readonly events: readonly { readonly type: string; readonly data: Record<string, unknown> }[];
  readonly setAside: readonly { readonly reason: string; readonly message: string }[];
};
/** Avro by its specification: a zigzag number in sevens of bits, a text behind its length. */
function long(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = BigInt(value) * 2n; ; rest >>= 7n) {
    const low = Number(rest & 127n);
    if (rest < 128n) return Buffer.from([...bytes, low]);
    bytes.push(low | 128);
  }
}
const words = (text: string): Buffer =>
  Buffer.concat([long(Buffer.byteLength(text)), Buffer.from(text)]);
/** Confluent's wire format: a zero, the id of the schema, the value. */
const wire = (id: number, ...fields: readonly Buffer[]): Buffer => {
  const head = Buffer.alloc(5);
  head.writeInt32BE(id, 1);
  return Buffer.concat([head, ...fields]);
};

const shownIn = (out: string): readonly Shown[] =>
  out
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));

describe.skipIf(noKafka !== null)(
  `a mapping tried on a topic${noKafka === null ? "" : ` (skipped: ${noKafka})`}`,
  () => {
    const dir = mkdtempSync(join(tmpdir(), "troth-map-try-"));
    let broker: TestKafka;
    let client: Kafka;
    beforeAll(async () => {
      broker = await startKafka({ brokers: 1 });
      client = new Kafka(broker.config());
    }, 120_000);
    afterAll(async () => {
      await broker?.close();
      rmSync(dir, { recursive: true, force: true });
    });
    const at = () => ["--brokers", broker.addresses.join(","), "--dev"];
    const fill = async (topic: string, values: readonly (Buffer | string | null)[]) => {
      const admin = client.admin();
      await admin.connect();
      await admin.createTopics({ topics: [{ topic, numPartitions: 3, replicationFactor: 1 }] });
      await admin.disconnect();
      const producer = client.producer({ idempotent: true });
      await producer.connect();
      const messages = values.map((value, n) => ({ key: String(n), value, partition: n % 3 }));
      await producer.send({ topic, messages });
      await producer.disconnect();
    };
    const groups = async () => {
      const admin = client.admin();
      await admin.connect();
      const listed = await admin.listGroups();
      await admin.disconnect();
      return listed.groups;
    };

    test("shows what the first hundred changes of Debezium would become and what would be set aside, and leaves no trace", async () => {
      const change = (id: number): string | null => {
        if (id === 7) return null;
        if (id % 10 === 0) return `{"op":"c","after":{"id":${id},`;
        const placed = 1_772_445_600_000_000 + id * 1_000_000;
        const after = { id, customer_id: id % 40, placed_at: placed, promised_on: 20_517 };
        const row = { ...after, items: 1, total: "BNI=", currency: "EUR" };
        return JSON.stringify({ schema: null, payload: { op: "c", before: null, after: row } });
      };
      await fill(
        "shop.public.orders",
        Array.from({ length: 240 }, (_, id) => change(id)),
      );
      const mapping = `${root}infra/mappings/shop-orders.yaml`;
      const tried = await runTroth(["map", "try", mapping, ...at()]);
      expect(tried.code, tried.err).toBe(1);
      const shown = shownIn(tried.out);
      expect(shown).toHaveLength(100);
      // One of each partition in turn, from its beginning.
      expect(shown.slice(0, 4).map(({ partition, offset }) => [partition, offset])).toEqual([
        [0, 0],
        [1, 0],
        [2, 0],
        [0, 1],
      ]);
      expect(tried.err).toContain(
        "100 records read = 89 mapped + 1 passed over + 10 set aside; 89 events",
      );
      expect(shown[1]?.events).toMatchObject([
        { type: "org.troth.order.placed.v1", data: { totalAmount: { amount: "12.34" } } },
      ]);
      expect(shown[0]?.setAside).toMatchObject([{ reason: "not-json", raw: expect.any(String) }]);
      const all = await runTroth(["map", "try", mapping, ...at(), "--records", "1000"]);
      expect(all.err).toContain("240 records read = 215 mapped + 1 passed over + 24 set aside");
      expect(await groups()).toEqual([]);
    }, 60_000);

    test("reads Avro by the schemas a registry has, the old and the new side by side", async () => {
      const record = (fields: readonly object[]) =>
        JSON.stringify({ type: "record", name: "Scan", fields });
      const text = (name: string) => ({ name, type: "string" });
      const when = { name: "at", type: { type: "long", logicalType: "timestamp-millis" } };
      const schemas = new Map([
        [7, record([text("number"), text("status"), when])],
        [300, record([text("number"), text("status"), when, { ...text("depot"), default: "" }])],
      ]);
      const server = createServer((request, response) => {
        const id = Number(/\/schemas\/ids\/(\d+)$/.exec(request.url ?? "")?.[1]);
        const schema = schemas.get(id);
        response.writeHead(schema === undefined ? 404 : 200, {
          "content-type": "application/json",
        });
        response.end(JSON.stringify({ schema }));
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      onTestFinished(() => void server.close());
      const registry = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const scan = [words("Delivered"), long(1_772_445_600_000)];
      await fill("carrier.scans", [
        wire(7, words("A-1"), ...scan),
        wire(300, words("A-2"), ...scan, words("north")),
        Buffer.from("no Avro"),
        Buffer.from([0, 0, 0, 0, 7, 200]),
      ]);
      const mapping = join(dir, "scans.yaml");
      writeFileSync(
        mapping,
        `
mapping: carrier-scans
from: { format: avro, topic: carrier.scans, registry: "${registry}" }
source: urn:carrier
events:
  - kind: delivery.status
    id: "value.number + '/' + value.status"
    time: millis(value.at)
    subject: "'order:' + value.number"
    data:
      orderNumber: value.number
      deliveryStatus: value.status
`,
      );
      const tried = await runTroth(["map", "try", mapping, ...at()]);
      expect(tried.err).toContain(
        "4 records read = 2 mapped + 0 passed over + 2 set aside; 2 events",
      );
      const shown = shownIn(tried.out);
      expect(shown.flatMap(({ events }) => events.map(({ data }) => data["orderNumber"]))).toEqual([
        "A-1",
        "A-2",
      ]);
      expect(shown.flatMap(({ setAside }) => setAside.map(({ reason }) => reason))).toEqual([
        "bad-avro",
        "bad-avro",
      ]);
      expect(await groups()).toEqual([]);
    }, 60_000);

    test("says what is missing when it is given neither a file nor brokers, or a topic there is none of", async () => {
      const mapping = `${root}infra/mappings/shop-orders.yaml`;
      const neither = await runTroth(["map", "try", mapping]);
      expect(neither).toMatchObject({ code: 3 });
      expect(neither.err).toContain("either a file or --brokers");
      const none = join(dir, "none.yaml");
      writeFileSync(
        none,
        "mapping: none\nfrom: { format: json, topic: nowhere }\nsource: urn:x\nevents: []\n",
      );
      const nowhere = await runTroth(["map", "try", none, ...at()]);
      expect(nowhere.code).not.toBe(0);
    }, 60_000);
  },
);
