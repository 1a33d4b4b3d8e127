import {
  encodeFact,
  encodeNoise,
  type Fact,
  parseEvent,
  pseudonym,
  publicPseudonymKey,
} from "@troth/events";
import { factCodec, type KafkaLogOptions, noiseCodec, noiseOf, openKafka } from "@troth/log";
import { type Consumer, Kafka } from "kafkajs";
import { syntheticDay } from "../../../services/troth/src/story/synthetic-day.ts";
import { noKafka, startKafka } from "../../support/kafka.ts";
import { makeTopic } from "../../support/kafka-topics.ts";
import { type Case, type Figure, type Suite, timed } from "../suite.ts";

const perAppend = 1_000;
const bytes = Buffer.alloc(300, "x");
const chunk = Array.from({ length: perAppend }, () => ({ bytes }));

const percentile = (sorted: readonly number[], share: number): string =>
  (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(1);

/** The made-up day: facts as large and as mixed as they come. */
function someFacts(customers: number): readonly Fact[] {
  const endsAt = Date.UTC(2026, 5, 1, 18);
  return [...syntheticDay({ seed: 7, endsAt, customers })].flatMap((event) => {
    const parsed = parseEvent(event);
    return parsed.ok ? [parsed.value] : [];
  });
}

export const suite: Suite = {
  says: "the log on Kafka, against kafkajs used bare: one broker on this machine, one partition",
  prepare: async ({ scale }) => {
    if (noKafka !== null) throw new Error(`no bench of Kafka: ${noKafka}`);
    const broker = await startKafka();
    const kafka = await openKafka({ brokers: broker.addresses, clientId: "bench", dev: true });
    const bare = new Kafka(broker.config());
    const producer = bare.producer({ idempotent: true });
    await producer.connect();
    const total = Math.max(1, Math.round(100 * scale)) * perAppend;
    const facts = someFacts(Math.ceil(3_000 * scale));
    const logged = facts.map((fact) => ({ bytes: encodeFact(fact) }));
    const noise = facts.map((fact, number) => {
      const reference = fact.subject ?? "customer:nobody";
      const key = pseudonym(fact.tenant, reference, publicPseudonymKey);
      const body = { kind: "fact", customer: { reference, key }, origin: key, fact } as const;
      return { bytes: encodeNoise({ number, inOffset: number, stamp: fact.recordedTime, body }) };
    });
    let topics = 0;
    const newTopic = async (): Promise<string> => {
      const topic = `bench-${topics++}`;
      await makeTopic(kafka, topic);
      return topic;
    };

    /** A few appends under way at a time, as a registrar has them. */
    const append = async (
      inputs: readonly { readonly bytes: Buffer }[],
      options: KafkaLogOptions = {},
    ): Promise<Figure> => {
      const log = await kafka.open(await newTopic(), 0, options);
      const figure = await timed(inputs.length, async () => {
        let appends: Promise<unknown>[] = [];
        for (let from = 0; from < inputs.length; from += perAppend) {
          appends.push(log.append(inputs.slice(from, from + perAppend), from));
          if (appends.length === 4) {
            await Promise.all(appends);
            appends = [];
          }
        }
        await Promise.all(appends);
      });
      await log.close();
      return figure;
    };
    const plain = Array.from({ length: total / perAppend }, () => chunk).flat();

    const readTopic = await newTopic();
    const filling = await kafka.open(readTopic, 0);
    for (let n = 0; n < total / perAppend; n++) await filling.append(chunk, n);
    await filling.close();

    const cases: readonly Case[] = [
      {
        id: "append-bare",
        unit: "records/s",
        peer: null,
        run: async () => {
          const topic = await newTopic();
          const messages = chunk.map(({ bytes: value }) => ({ value, partition: 0 }));
          return timed(total, async () => {
            for (let n = 0; n < total / perAppend; n++) await producer.send({ topic, messages });
          });
        },
      },
      { id: "append-log", unit: "records/s", peer: "append-bare", run: () => append(plain) },
      {
        id: "append-one-by-one",
        unit: "records/s",
        peer: null,
        run: async () => {
          const log = await kafka.open(await newTopic(), 0);
          const waits: number[] = [];
          const count = Math.max(100, Math.round(2_000 * scale));
          const figure = await timed(count, async () => {
            for (let n = 0; n < count; n++) {
              const began = performance.now();
              await log.append([{ bytes }], n);
              waits.push(performance.now() - began);
            }
          });
          await log.close();
          waits.sort((a, b) => a - b);
          const note = `stored after p50 ${percentile(waits, 0.5)} ms, p99 ${percentile(waits, 0.99)} ms`;
          return { ...figure, note };
        },
      },
      {
        id: "read-bare",
        unit: "records/s",
        peer: null,
        run: async () => {
          const consumer: Consumer = bare.consumer({
            groupId: `bare-${topics++}`,
            maxBytesPerPartition: 512 * 1024,
          });
          await consumer.connect();
          await consumer.subscribe({ topics: [readTopic], fromBeginning: true });
          let seen = 0;
          let first = 0;
          let cpu = process.cpuUsage();
          let figure: Figure = { value: 0, perCpu: null };
          await new Promise<void>((resolve, reject) => {
            consumer
              .run({
                eachBatch: async ({ batch }) => {
                  if (seen === 0) {
                    first = performance.now();
                    cpu = process.cpuUsage();
                  }
                  seen += batch.messages.length;
                  // Joining is not measured, nor fetching the first batch, though it is counted.
                  if (seen <= total) return;
                  const { user, system } = process.cpuUsage(cpu);
                  const seconds = (performance.now() - first) / 1_000;
                  figure = { value: seen / seconds, perCpu: seen / ((user + system) / 1e6) };
                  resolve();
                },
              })
              .catch(reject);
          });
          await consumer.disconnect();
          return figure;
        },
      },
      {
        id: "read-log",
        unit: "records/s",
        peer: "read-bare",
        run: async () => {
          const log = await kafka.open(readTopic, 0);
          const figure = await timed(total, async () => {
            for await (const _ of log.readBatches(0));
          });
          await log.close();
          return figure;
        },
      },
      {
        id: "append-facts",
        unit: "records/s",
        peer: null,
        run: () => append(logged, { codec: () => factCodec }),
      },
      {
        id: "append-noise",
        unit: "records/s",
        peer: null,
        run: () => append(noise, { codec: () => noiseCodec }),
      },
      {
        id: "read-noise",
        unit: "records/s",
        peer: null,
        run: async () => {
          const log = await kafka.open(await newTopic(), 0, { codec: () => noiseCodec });
          for (let from = 0; from < noise.length; from += perAppend)
            await log.append(noise.slice(from, from + perAppend), from);
          const figure = await timed(noise.length, async () => {
            for await (const batch of log.readBatches(0))
              for (const record of batch) noiseOf(record);
          });
          await log.close();
          return figure;
        },
      },
      {
        id: "heard",
        unit: "records/s",
        peer: null,
        run: async () => {
          const log = await kafka.open(await newTopic(), 0);
          const waits: number[] = [];
          const count = Math.max(50, Math.round(500 * scale));
          const stop = new AbortController();
          let heard: () => void = () => undefined;
          const following = (async () => {
            for await (const _ of log.read(0, { follow: stop.signal })) heard();
          })();
          const figure = await timed(count, async () => {
            for (let n = 0; n < count; n++) {
              const began = performance.now();
              const arrived = new Promise<void>((resolve) => {
                heard = resolve;
              });
              await log.append([{ bytes }], n);
              await arrived;
              waits.push(performance.now() - began);
            }
          });
          stop.abort();
          await following;
          await log.close();
          waits.sort((a, b) => a - b);
          const note = `read after p50 ${percentile(waits, 0.5)} ms, p99 ${percentile(waits, 0.99)} ms`;
          return { ...figure, note };
        },
      },
    ];
    return {
      cases,
      close: async () => {
        await producer.disconnect();
        await kafka.close();
        await broker.close();
      },
    };
  },
};
