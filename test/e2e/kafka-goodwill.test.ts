import type { Output } from "@troth/events";
import { type KafkaLogs, openKafka } from "@troth/log";
import { systemClock, systemRng } from "@troth/runtime";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { SharedGoodwill } from "../../services/troth/src/run/goodwill.ts";
import { openTopic, topics } from "../../services/troth/src/run/place.ts";
import { applyTopics } from "../../services/troth/src/topics/apply.ts";
import { readTopicTable } from "../../services/troth/src/topics/table.ts";
import { noKafka, startKafka, type TestKafka } from "../support/kafka.ts";
import { seeded } from "../support/random-events.ts";

const dayMs = 86_400_000;
const rules = { amount: 50_000_000, everyMs: 30 * dayMs };
const start = 30 * dayMs * 700;
/** A fifth of it is let out when the period begins. */
const open = 10_000_000;

/** Somebody was paid, as the judge's log says it. */
const payment = (id: string, amount: number): Output => ({
  inOffset: 0,
  seq: 0,
  stamp: start,
  body: {
    kind: "noise",
    customer: "customer:1",
    fact: {
      ...{
        id: `${id}-accepted`,
        source: "urn:crm",
        kind: "resolution.accepted",
        tenant: "default",
      },
      ...{ time: start, recordedTime: start, subject: "customer:1" },
      data: {
        resolutionId: id,
        ledger: "goodwill",
        amount: { amount: (amount / 10_000).toFixed(4), currency: "EUR" },
      },
    },
  },
});

describe.skipIf(noKafka !== null)(`two desks with one fund on a real Kafka${noKafka ?? ""}`, () => {
  let broker: TestKafka;
  const clients: KafkaLogs[] = [];
  const connect = async (): Promise<KafkaLogs> => {
    const brokers = [...broker.addresses];
    const kafka = await openKafka({ brokers, clientId: "desk", dev: true, deadlineMs: 30_000 });
    clients.push(kafka);
    return kafka;
  };
  beforeAll(async () => {
    broker = await startKafka({ brokers: 1 });
    const size = { partitions: 1, dev: true, dryRun: false };
    await applyTopics(await connect(), await readTopicTable(), { ...size, uuid: systemRng.uuid });
  }, 120_000);
  afterAll(async () => {
    await Promise.all(clients.map((one) => one.close()));
    await broker?.close();
  });
  const warned: string[] = [];
  const openDesk = async (): Promise<SharedGoodwill> => {
    const log = await openTopic(await connect(), topics.goodwill, 0);
    const told = { warn: (what: string) => void warned.push(what) };
    const desk = await SharedGoodwill.open({
      log,
      rules,
      now: () => start,
      clock: systemClock,
      told,
    });
    onTestFinished(() => desk.close());
    return desk;
  };

  test("ten thousand offers at once, over both, never come to more than there is, and a third desk knows it", async () => {
    const desks = [await openDesk(), await openDesk()];
    const next = seeded(8);
    const amounts = Array.from({ length: 10_000 }, () => 1 + Math.floor(next() * 40_000));
    const total = amounts.reduce((sum, one) => sum + one, 0);
    expect(total).toBeGreaterThan(open * 10);
    let granted = 0;
    let paid = 0;
    let offers = 0;
    for (let from = 0; from < amounts.length; from += 1_000) {
      const some = amounts.slice(from, from + 1_000).map(async (amount, i) => {
        const n = from + i;
        const desk = desks[n % 2];
        const id = `offer-${n}`;
        if (desk === undefined || !(await desk.setAside("default", id, amount))) return;
        offers += 1;
        granted += amount;
        // One in five is declined; of the others either desk hears first that it was paid.
        if (n % 5 === 0) {
          granted -= amount;
          await desk.giveBack("default", id);
        } else {
          paid += amount;
          for (const one of n % 2 === 0 ? desks : [...desks].reverse())
            one.hear(payment(id, amount));
        }
      });
      await Promise.all(some);
      expect(granted).toBeLessThanOrEqual(open);
    }
    expect(warned).toEqual([]);
    expect(offers).toBeGreaterThan(100);
    expect(paid).toBeLessThanOrEqual(open);
    expect(paid).toBeGreaterThan(open * 0.9);
    for (const desk of desks)
      await expect.poll(() => desk.paid("default", start), { timeout: 20_000 }).toBe(paid);
    // One that begins now knows what the others know.
    const third = await openDesk();
    expect(third.paid("default", start)).toBe(paid);
    expect(third.left("default", start)).toBe(desks[0]?.left("default", start));
    expect(await third.setAside("default", "too much", open - paid + 1)).toBe(false);
    // Another tenant has a fund of its own.
    expect(await third.setAside("other", "offer-1", open)).toBe(true);
    process.stdout.write(
      `goodwill: 10,000 offers of ${total / 10_000} over two desks, ${offers} granted, ` +
        `${paid / 10_000} paid of ${open / 10_000}: 0 overdrawn\n`,
    );
  }, 120_000);
});
