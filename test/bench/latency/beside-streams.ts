import { encodeNoise, isDecision, type NoiseRecord, type Output } from "@troth/events";
import { PartitionJudge } from "@troth/monitor";
import { systemRng } from "@troth/runtime";
import { type IHeaders, Kafka } from "kafkajs";
import { logOptionsOf } from "../../../services/troth/src/topics/table.ts";
import { type Fleet, openFleet } from "../../support/kafka-fleet.ts";
import { joinNoise, joinPolicy, policyPath } from "../join/noise.ts";
import { type Guarantee, openPeer, type Peer } from "../join/streams.ts";
import type { Case, Figure } from "../suite.ts";
import {
  type Hear,
  now,
  openHearing,
  type Place,
  percentile,
  percentilesOf,
  type Waits,
  waitsAt,
} from "./load.ts";

const partitions = 4;
/**
 * Low enough that all come along on two cores with broker, sender and reader: at 8,000/s Streams exactly
 * once was seen to fall behind on a shared machine, and its backlog would be what is measured.
 */
const fullPerSecond = 5_000;
const shares = [0.2, 0.8] as const;
/** Sent before what is measured: compilers have then seen all there is. */
const warmSeconds = 10;

/** A record of noise on its way; `id` is its place, which every decision about it carries too. */
type Sent = {
  readonly id: string;
  readonly partition: number;
  readonly record: NoiseRecord;
  readonly isDecided: boolean;
};

const idOf = (partition: number, number: string | number): string => `${partition}/${number}`;

/** The join's noise in the order of its facts; the judge itself tells which of it decides something. */
function loadOf(count: number): readonly Sent[] {
  const policy = joinPolicy();
  const noise = joinNoise(policy, count, Math.ceil(count / 10), partitions);
  const sent = noise.flatMap((records, partition) => {
    const judge = new PartitionJudge(policy);
    return records.map((record): Sent => {
      const out: Output["body"][] = [];
      judge.apply(record, out);
      const id = idOf(partition, record.number);
      return { id, partition, record, isDecided: out.some(isDecision) };
    });
  });
  return sent.sort(
    (a, b) => a.record.inOffset - b.record.inOffset || a.record.number - b.record.number,
  );
}

/** Who reads noise and writes decisions. */
type Contender = {
  readonly noise: string;
  readonly decisions: string;
  readonly bytesOf: (record: NoiseRecord) => Buffer;
  /** The number of the record that a decision is about; null for what is no decision. */
  readonly numberIn: (headers: IHeaders) => string | null;
  /** `ended` resolves once it has read `records` of them, and fails with it. */
  readonly start: (
    fleet: Fleet,
    records: number,
    signal: AbortSignal,
  ) => Promise<{ readonly ended: Promise<unknown> }>;
};

const monitor: Contender = {
  noise: "troth.noise",
  decisions: "troth.decisions",
  bytesOf: encodeNoise,
  numberIn: ({ ce_id, ce_type }) =>
    ce_id === undefined || /\.said\.noise\./.test(String(ce_type))
      ? null
      : (String(ce_id).split(".")[0] ?? null),
  start: async (fleet) => {
    await fleet.start("monitor", 1);
    return { ended: Promise.resolve() };
  },
};

const streams = (guarantee: Guarantee, opened: () => Promise<Peer>): Contender => ({
  noise: "peer.noise",
  decisions: "peer.decisions",
  bytesOf: (record) => Buffer.from(JSON.stringify(record)),
  numberIn: ({ number }) => (number === undefined ? null : String(number)),
  start: async ({ kafka, broker }, records, signal) => {
    const peer = await opened();
    const shape = { partitions, replicas: 1, settings: { "retention.ms": "-1" } };
    for (const topic of ["peer.noise", "peer.decisions"])
      await kafka.create({ topic, ...shape }, systemRng.uuid);
    const ended = peer.run({
      brokers: broker.addresses.join(","),
      noise: "peer.noise",
      decisions: "peer.decisions",
      guarantee,
      policy: joinPolicy().hash,
      // Each partition begins with its genesis, which it reads past.
      records: records + partitions,
      lingerMs: 0,
      signal,
    });
    return { ended };
  },
});

/** Any reader on Kafka, the same for all: kafkajs as it comes, told only of what is committed. */
async function read(fleet: Fleet, { decisions, numberIn }: Contender, hear: Hear) {
  const kafka = new Kafka(fleet.broker.config());
  const consumer = kafka.consumer({ groupId: "latency", readUncommitted: false });
  await consumer.connect();
  await consumer.subscribe({ topic: decisions, fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    partitionsConsumedConcurrently: partitions,
    eachBatch: async ({ batch }) => {
      const at = now();
      for (const { headers } of batch.messages) {
        const number = numberIn(headers ?? {});
        if (number !== null) hear(idOf(batch.partition, number), at);
      }
    },
  });
  return () => consumer.disconnect();
}

/** Noise goes in by troth's own client for all of them. */
async function senderOf(fleet: Fleet, contender: Contender): Promise<Place<Sent>["send"]> {
  const { noise, bytesOf } = contender;
  const logs = await Promise.all(
    Array.from({ length: partitions }, (_, partition) =>
      fleet.kafka.open(noise, partition, logOptionsOf(noise)),
    ),
  );
  return async (some) => {
    await Promise.all(
      some.map(({ partition, record }) =>
        logs[partition]?.append([{ bytes: bytesOf(record) }], record.stamp),
      ),
    );
  };
}

type Load = { readonly sent: readonly Sent[]; readonly warm: number; readonly perSecond: number };

/** One contender alone on a new broker. */
async function waitsOf(contender: Contender, { sent, warm, perSecond }: Load): Promise<Waits> {
  await using fleet = await openFleet({ partitions, clock: "events", policies: [policyPath] });
  const over = new AbortController();
  const { ended } = await contender.start(fleet, sent.length, over.signal);
  const hearing = openHearing();
  const measured = async (): Promise<Waits> => {
    const close = await read(fleet, contender, hearing.hear);
    try {
      const place = { send: await senderOf(fleet, contender), heard: hearing.heard };
      const which = { isHeardOf: ({ isDecided }: Sent): boolean => isDecided };
      await waitsAt(place, sent.slice(0, warm), perSecond, which);
      return await waitsAt(place, sent.slice(warm), perSecond, which);
    } finally {
      await close();
    }
  };
  try {
    const waits = measured();
    await Promise.race([waits, ended.then(() => waits)]);
    await ended;
    return await waits;
  } finally {
    over.abort();
  }
}

/** Noise sent to decision read, troth's monitor and Kafka Streams at the same rates. */
export function besideStreams(scale: number) {
  const loads = new Map<number, Load>();
  let peer: Promise<Peer> | null = null;
  const opened = (): Promise<Peer> => {
    peer ??= openPeer();
    return peer;
  };
  const loadAt = (perSecond: number): Load => {
    const warm = perSecond * warmSeconds;
    const made = loads.get(perSecond) ?? {
      sent: loadOf(warm + Math.round(perSecond * Math.max(5, 20 * scale))),
      warm,
      perSecond,
    };
    loads.set(perSecond, made);
    return made;
  };
  const cases = shares.flatMap((share) => {
    const perSecond = fullPerSecond * share;
    const exactly = `Kafka Streams, exactly once, ${perSecond}/s`;
    const one = (id: string, against: string | null, contender: Contender): Case => ({
      id,
      unit: "ms (p99)",
      peer: against,
      run: async (): Promise<Figure> => {
        const waits = await waitsOf(contender, loadAt(perSecond));
        return { value: percentile(waits.ms, 0.99), perCpu: null, note: percentilesOf(waits) };
      },
    });
    return [
      one(exactly, null, streams("exactly_once_v2", opened)),
      one(
        `Kafka Streams, at least once, ${perSecond}/s`,
        exactly,
        streams("at_least_once", opened),
      ),
      one(`one monitor, ${perSecond}/s`, exactly, monitor),
    ];
  });
  return { cases, close: async (): Promise<void> => (await peer)?.close() };
}
