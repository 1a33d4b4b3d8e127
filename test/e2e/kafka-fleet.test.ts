import { readFileSync } from "node:fs";
import { type Fact, parseLine } from "@troth/events";
import { type Policy, parsePolicy } from "@troth/policy";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { noKafka } from "../support/kafka.ts";
import {
  drained,
  type Fleet,
  metricOf,
  openFleet,
  readDecisions,
  readFacts,
  readNoise,
  secondOpinion,
} from "../support/kafka-fleet.ts";
import { firstParting } from "../support/partitions.ts";
import { randomEvents } from "../support/random-events.ts";
import { root } from "../support/source.ts";

const policyPath = `${root}infra/policy/default.yaml`;
const parsed = parsePolicy(readFileSync(policyPath, "utf8"));
if (!parsed.ok) throw new Error("the default policy does not compile");
const policy: Policy = parsed.value;

const factsFor = (seed: number, count: number): readonly Fact[] =>
  randomEvents(seed, count).flatMap((event) => {
    const fact = parseLine(JSON.stringify(event));
    return fact.ok ? [fact.value] : [];
  });

describe.skipIf(noKafka !== null)(`a fleet on a real Kafka${noKafka ?? ""}`, () => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await openFleet({ partitions: 3, clock: "events", policies: [policyPath] });
  }, 120_000);
  afterAll(() => fleet?.close());

  test("decides about every customer what the oracle decides, and loses count of nothing", async () => {
    const identity = await fleet.start("identity", 1);
    await Promise.all([fleet.start("monitor", 1), fleet.start("monitor", 2)]);
    await fleet.feed(factsFor(31, 600));
    const tookMs = await drained(fleet, 60_000);
    const { facts } = await readFacts(fleet.kafka);
    const oracle = secondOpinion(facts, policy);
    const read = await readDecisions(fleet.kafka, fleet.partitions);
    expect(firstParting(read, { ...oracle, flags: [] })).toBeNull();
    const noise = await readNoise(fleet.kafka, fleet.partitions);
    expect(noise.holes).toBe(0);
    const of = (fate: string) => metricOf(identity.health, `troth_registrar_facts{fate="${fate}"}`);
    expect(await of("read")).toBe(oracle.counts.read);
    expect(await of("applied")).toBe(oracle.counts.applied);
    expect(await of("duplicate")).toBe(oracle.counts.duplicates);
    expect(await of("turned-away")).toBe(oracle.counts.setAside);
    process.stdout.write(`600 facts drained in ${tookMs} ms\n`);
  }, 120_000);
});
