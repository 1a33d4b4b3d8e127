import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { decisionJson, type NoiseRecord } from "@troth/events";
import { type Admin, Kafka } from "kafkajs";
import { diagnosis } from "../../support/fleet-diagnosis.ts";
import { startKafka, type TestKafka } from "../../support/kafka.ts";
import { type Fleet, openFleet, readDecisions } from "../../support/kafka-fleet.ts";
import { makeForeignTopic } from "../../support/kafka-topics.ts";
import { fillNoise, joinDecisions, joinNoise, joinPolicy, policyPath } from "../join/noise.ts";
import { type Guarantee, openPeer, type Peer } from "../join/streams.ts";
import type { Case, Figure, Suite } from "../suite.ts";

const partitions = 4;

type Job = {
  readonly noise: readonly (readonly NoiseRecord[])[];
  readonly records: number;
  /** Of each partition's decisions as lines, in order: what every contender must have written. */
  readonly digests: readonly string[];
  /** Records that a monitor writes: decisions, and the noise it passes on beside them. */
  readonly outputs: number;
  readonly decisions: number;
  readonly policy: string;
};

const digestOf = (lines: Iterable<string>): string => {
  const hash = createHash("sha256");
  for (const line of lines) hash.update(line).update("\n");
  return hash.digest("hex");
};

function checkEqual(name: string, job: Job, digests: readonly string[]): void {
  const parting = job.digests.findIndex((digest, partition) => digest !== digests[partition]);
  if (parting !== -1) throw new Error(`${name} decides otherwise on partition ${parting}`);
}

function jobOf(events: number, customers: number): Job {
  const policy = joinPolicy();
  const noise = joinNoise(policy, events, customers, partitions);
  const judged = noise.map((records) => joinDecisions(policy, records));
  return {
    noise,
    records: noise.reduce((sum, records) => sum + records.length, 0),
    digests: judged.map(({ lines }) => digestOf(lines)),
    outputs: judged.reduce((sum, { outputs }) => sum + outputs, 0),
    decisions: judged.reduce((sum, { lines }) => sum + lines.length, 0),
    policy: policy.hash,
  };
}

type Ground = { readonly kafka: TestKafka; readonly client: Kafka; readonly peer: Peer };

/** Nothing in it is ever too old: Kafka forgets by the time of a record, and the peer writes log time. */
const makeTopic = ({ client }: Ground, topic: string): Promise<void> =>
  makeForeignTopic(client, topic, partitions, { "retention.ms": "-1" });

/** Of the peer's topics: the same records in the same order, as JSON for who does not know ours. */
async function fillPeer(ground: Ground, { noise }: Job): Promise<void> {
  await makeTopic(ground, "peer.noise");
  const producer = ground.client.producer();
  await producer.connect();
  for (const [partition, records] of noise.entries()) {
    for (let i = 0; i < records.length; i += 1_000) {
      const messages = records
        .slice(i, i + 1_000)
        .map((record) => ({ partition, value: JSON.stringify(record), key: null }));
      await producer.send({ topic: "peer.noise", acks: -1, messages });
    }
  }
  await producer.disconnect();
}

async function digestsOf(client: Kafka, topic: string, count: number): Promise<readonly string[]> {
  const hashes = Array.from({ length: partitions }, () => createHash("sha256"));
  const consumer = client.consumer({ groupId: `digest-${topic}` });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  let read = 0;
  await new Promise<void>((done, fail) => {
    const timer = setTimeout(() => fail(new Error(`${topic} has ${read} of ${count}`)), 120_000);
    void consumer.run({
      eachBatch: async ({ batch }) => {
        for (const { value } of batch.messages)
          hashes[batch.partition]?.update(value ?? "").update("\n");
        read += batch.messages.length;
        if (read < count) return;
        clearTimeout(timer);
        done();
      },
    });
  }).finally(() => consumer.disconnect());
  return hashes.map((hash) => hash.digest("hex"));
}

let peerRuns = 0;
async function runPeer(ground: Ground, job: Job, guarantee: Guarantee): Promise<Figure> {
  const { kafka, client, peer } = ground;
  peerRuns += 1;
  const decisions = `peer.decisions.${peerRuns}`;
  await makeTopic(ground, decisions);
  const { policy, records } = job;
  const brokers = kafka.addresses.join(",");
  const run = await peer.run({
    brokers,
    noise: "peer.noise",
    decisions,
    guarantee,
    policy,
    records,
  });
  checkEqual(guarantee, job, await digestsOf(client, decisions, job.decisions));
  return { value: run.records / run.seconds, perCpu: run.records / run.cpuSeconds };
}

/** The least anybody on kafkajs does: the same records fetched and counted. */
async function consumeRaw({ client }: Ground, { records }: Job): Promise<Figure> {
  const consumer = client.consumer({ groupId: `raw-${Date.now()}`, maxBytesPerPartition: 4 << 20 });
  await consumer.connect();
  await consumer.subscribe({ topic: "peer.noise", fromBeginning: true });
  let read = 0;
  let began = 0n;
  const cpu = process.cpuUsage();
  const ended = await new Promise<bigint>((done) => {
    void consumer.run({
      partitionsConsumedConcurrently: partitions,
      eachBatch: async ({ batch }) => {
        if (began === 0n) began = process.hrtime.bigint();
        read += batch.messages.length;
        if (read >= records) done(process.hrtime.bigint());
      },
    });
  });
  const { user, system } = process.cpuUsage(cpu);
  await consumer.disconnect();
  return {
    value: records / (Number(ended - began) / 1e9),
    perCpu: records / ((user + system) / 1e6),
  };
}

/** Processor seconds a process has used, as the kernel counts them, in hundredths. */
function cpuSecondsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function endOf(admin: Admin, topic: string): Promise<number> {
  const ends = await admin.fetchTopicOffsets(topic);
  return ends.reduce((sum, { high }) => sum + Number(high), 0);
}

const withinMs = 240_000;

/** Until the monitor has written all of it; one that stops for good, or is late, says why. */
async function writtenBy(fleet: Fleet, admin: Admin, wanted: number): Promise<void> {
  const late = Date.now() + withinMs;
  for (let end = 0; end < wanted; end = await endOf(admin, "troth.decisions")) {
    const [monitor] = fleet.running();
    const health = monitor === undefined ? null : await fetch(`${monitor.health}/healthz`);
    if (health?.status !== 200 || Date.now() > late)
      throw new Error(`a monitor stands at ${end} of ${wanted}\n${await diagnosis(fleet)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/**
 * One monitor process on four partitions, from its first output to its last on the broker. Its outputs
 * are the decisions every contender writes and beside them all the noise it judged by.
 */
async function runTroth(job: Job): Promise<Figure> {
  await using fleet = await openFleet({ partitions, clock: "events", policies: [policyPath] });
  await fillNoise(fleet.kafka, job.noise);
  const admin = new Kafka(fleet.broker.config()).admin();
  await admin.connect();
  try {
    const monitor = await fleet.start("monitor", 1);
    const began = process.hrtime.bigint();
    const before = { end: await endOf(admin, "troth.decisions"), cpu: cpuSecondsOf(monitor.pid) };
    const wanted = job.outputs + partitions;
    await writtenBy(fleet, admin, wanted);
    const seconds = Number(process.hrtime.bigint() - began) / 1e9;
    const cpuSeconds = cpuSecondsOf(monitor.pid) - before.cpu;
    const read = await readDecisions(fleet.kafka, partitions);
    const digests = read.outputs.map((outputs) =>
      digestOf(
        outputs.flatMap(({ body }) =>
          body.kind === "pledge" || body.kind === "flag" || body.kind === "alert"
            ? [decisionJson(body)]
            : [],
        ),
      ),
    );
    checkEqual("troth", job, digests);
    // What it had written before the clock ran is not counted.
    const records = (job.records * (wanted - before.end)) / job.outputs;
    return { value: records / seconds, perCpu: records / cpuSeconds };
  } finally {
    await admin.disconnect();
  }
}

const exactly = "Kafka Streams, exactly once";
const atLeast = "Kafka Streams, at least once";
const raw = "kafkajs, counted only";

/** How a round's monitor stands to everybody else of its round, per second of processor. */
function compared(figure: Figure, round: ReadonlyMap<string, Figure>): Figure {
  const against = [exactly, atLeast, raw].flatMap((id) => {
    const peer = round.get(id)?.perCpu ?? null;
    if (peer === null || figure.perCpu === null) return [];
    return `${(figure.perCpu / peer).toFixed(2)} x ${id}`;
  });
  return against.length === 0 ? figure : { ...figure, note: `per cpu s: ${against.join("; ")}` };
}

export const suite: Suite = {
  says: "the join on Kafka: mixed noise of 100,000 customers in 4 partitions, decisions out, beside Kafka Streams",
  prepare: async ({ scale }) => {
    const job = jobOf(Math.round(1_000_000 * scale), Math.round(100_000 * scale));
    const kafka = await startKafka();
    const ground = { kafka, client: new Kafka(kafka.config()), peer: await openPeer() };
    await fillPeer(ground, job);
    const round = new Map<string, Figure>();
    const one = (id: string, peer: string | null, run: () => Promise<Figure>): Case => ({
      id,
      unit: "records/s",
      peer,
      run: async () => {
        const figure = await run();
        round.set(id, figure);
        return figure;
      },
    });
    return {
      cases: [
        one(exactly, null, () => runPeer(ground, job, "exactly_once_v2")),
        one(atLeast, exactly, () => runPeer(ground, job, "at_least_once")),
        one(raw, exactly, () => consumeRaw(ground, job)),
        one("one monitor", exactly, async () => compared(await runTroth(job), round)),
      ],
      close: async () => {
        ground.peer.close();
        await kafka.close();
      },
    };
  },
};
