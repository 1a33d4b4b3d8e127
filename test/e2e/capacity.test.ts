import { readFileSync } from "node:fs";
import {
  encodeFact,
  encodeNoise,
  encodeOutput,
  type NoiseRecord,
  type Output,
  parseEvent,
  publicPseudonymKey,
} from "@troth/events";
import { Dispatcher } from "@troth/identity";
import { factCodec, noiseCodec, outputCodec, type RecordCodec, RecordPen } from "@troth/log";
import { PartitionJudge } from "@troth/monitor";
import { defaultPolicyPath, readPolicy } from "@troth/troth";
import { describe, expect, test } from "vitest";
import { syntheticDay } from "../../services/troth/src/story/synthetic-day.ts";
import { capacityOf, capacityTable, type House, type Measurements } from "../support/capacity.ts";
import { root } from "../support/source.ts";

const measured: Measurements = JSON.parse(
  readFileSync(`${root}infra/kafka/measurements.json`, "utf8"),
);
const page = readFileSync(`${root}infra/kafka/CAPACITY.md`, "utf8");
const house = (customers: number): House => ({
  customers,
  eventsPerCustomerAndDay: 1,
  peakOverMean: 10,
  dedupeDays: 7,
});

/** Of a record: its length and number in the batch, and its stamp. */
const framingBytes = 32;

/** What a record takes in a batch on Kafka. */
function bytesOf(codec: RecordCodec, bytes: Uint8Array): number {
  const pen = new RecordPen();
  codec.write(pen, { bytes });
  pen.end();
  return framingBytes + pen.take().bytes.length;
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, one) => sum + one, 0) / values.length;

describe("the capacity page", () => {
  test("has the table that formula and measurements give", () => {
    expect(page).toContain(capacityTable([1e4, 1e6, 1e8].map(house), measured));
  });

  test("counts nothing twice and leaves nothing out, at a size worked out by hand", () => {
    // 10^6 events a day are 11.57 a second, 115.7 at the peak; 7 days of them are 7 million to know
    // again; a fact is written thrice over as fact, noise and 2.127 outputs.
    const found = capacityOf(house(1e6), {
      ...measured,
      factBytes: 100,
      noiseBytes: 100,
      outputBytes: 100,
      noisePerFact: 1,
      outputsPerFact: 2,
    });
    expect(found).toMatchObject({
      eventsPerDay: 1e6,
      fleets: 1,
      partitions: 4,
      monitors: 2,
      brokers: 3,
    });
    expect(found.peakPerSecond).toBeCloseTo(115.7, 1);
    expect(found.kafkaBytesPerDay).toBe(4e8);
    expect(found.kafkaBytesPerYearCopied).toBe(4e8 * 3 * 365);
    expect(found.registrarHeapBytes).toBe(7e6 * measured.registrarHeapBytesPerFact);
    expect(capacityOf(house(4e6), measured).fleets).toBe(2);
  });

  test("rests on sizes that are still so: the made-up day, as it stands on Kafka", async () => {
    const policy = await readPolicy(defaultPolicyPath);
    const endsAt = Date.UTC(2026, 5, 1, 18);
    const facts = [...syntheticDay({ seed: 7, endsAt, customers: 1_000 })].flatMap((event) => {
      const parsed = parseEvent(event);
      return parsed.ok ? [parsed.value] : [];
    });
    const noise: NoiseRecord[] = [];
    const dispatcher = new Dispatcher({ policy, key: publicPseudonymKey, partitions: 1 });
    let stamp = 0;
    for (const [offset, fact] of facts.entries()) {
      stamp = Math.max(stamp, fact.recordedTime);
      dispatcher.take(fact, offset, stamp, (_, record) => void noise.push(record));
    }
    const judge = new PartitionJudge(policy);
    const outputs: Output[] = [];
    for (const record of noise) {
      const out: Output["body"][] = [];
      judge.apply(record, out);
      for (const [seq, body] of out.entries())
        outputs.push({ inOffset: record.number, seq, stamp: record.stamp, body });
    }
    const said = outputCodec("00000000-0000-4000-8000-000000000000");
    const now = {
      factBytes: mean(facts.map((fact) => bytesOf(factCodec, encodeFact(fact)))),
      noisePerFact: noise.length / facts.length,
      noiseBytes: mean(noise.map((record) => bytesOf(noiseCodec, encodeNoise(record)))),
      outputsPerFact: outputs.length / facts.length,
      outputBytes: mean(outputs.map((output) => bytesOf(said, encodeOutput(output)))),
    };
    const ratios = Object.entries(now).map(([name, value]) => {
      const then = measured[name as keyof typeof now];
      return [name, Math.abs(value / then - 1) <= 0.15 ? "as measured" : `${value}, not ${then}`];
    });
    expect(Object.fromEntries(ratios)).toEqual(
      Object.fromEntries(Object.keys(now).map((name) => [name, "as measured"])),
    );
  });
});
