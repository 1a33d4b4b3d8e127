import { encodeFact, type Fact, parseEvent, parseLine } from "@troth/events";
import { type Admission, encodeSetAside, openIntake } from "@troth/intake";
import type { Log, LogInput } from "@troth/log";
import type { MappingFile } from "../mapping-file.ts";
import { openWaits } from "../partitioned/waits.ts";
import { openTopic, type Place, type Service, topics } from "./place.ts";
import { readRawTopics } from "./raw-topics.ts";

/**
 * A log that is opened again after an append failed: what failed is answered with "send it again", and
 * what follows goes to a fresh one.
 */
function openedAnew(open: () => Promise<Log>) {
  let current: Promise<Log> | null = null;
  return {
    append: async (records: readonly LogInput[], stamp: number): Promise<void> => {
      current ??= open();
      const mine = current;
      try {
        await (await mine).append(records, stamp);
      } catch (error) {
        if (current === mine) current = null;
        throw error;
      }
    },
    close: async (): Promise<void> => {
      await (await current)?.close();
    },
  };
}

/**
 * Log time of each fact: the wall clock, or while it follows the events, their recorded time; then
 * facts of one moment go together, as records of one append share a stamp.
 */
function stamped(facts: readonly Fact[], live: number | null) {
  const groups: { inputs: LogInput[]; stamp: number }[] = [];
  for (const fact of facts) {
    const last = groups.at(-1);
    const stamp = live ?? Math.max(fact.recordedTime, last?.stamp ?? 0);
    const input = { bytes: encodeFact(fact) };
    if (last?.stamp === stamp) last.inputs.push(input);
    else groups.push({ inputs: [input], stamp });
  }
  return groups;
}

/**
 * The door: as many as one likes, side by side; none of them remembers anything. Topics of other
 * people's records come in by their mappings beside what is posted.
 */
export async function runIntake(place: Place, mappings: readonly MappingFile[]): Promise<Service> {
  const { kafka, clock, log, metrics, stop } = place;
  const facts = openedAnew(() => openTopic(kafka, topics.facts, 0));
  const setAside = openedAnew(() => openTopic(kafka, topics.setAside, 0));
  const admitted = metrics.counter({
    name: "troth_events_admitted_total",
    help: "Events taken in at the door and durable in the log.",
    labels: {},
  });
  const refused = metrics.counter({
    name: "troth_intake_set_aside_total",
    help: "Events that were none and are kept in the log of what was set aside.",
    labels: {},
  });
  const waits = openWaits();
  const append = async (admission: Admission): Promise<void> => {
    const now = clock.now();
    // Appended in order without waiting for each: those of one admission go in few batches.
    const storing = Promise.all([
      ...stamped(admission.facts, place.isLive ? now : null).map(({ inputs, stamp }) =>
        facts.append(inputs, stamp),
      ),
      admission.setAside.length > 0 &&
        setAside.append(
          admission.setAside.map((one) => ({ bytes: encodeSetAside(one) })),
          now,
        ),
    ]);
    await waits.while("brokers", "the brokers are to store what came in", storing);
  };
  const intake = await openIntake({
    parse: { line: parseLine, event: parseEvent },
    append,
    clock,
    host: place.host,
    port: place.port === 0 ? 0 : place.port + 1,
    tell: {
      admitted: (count, reasons) => {
        admitted.add({}, count);
        refused.add({}, reasons.length);
      },
      answered: () => undefined,
      turnedAway: (why) => log.warn("events were turned away", { why }),
      failed: (error) => log.warn("events could not be stored", { error: String(error) }),
    },
  });
  stop.defer("logs", async () => {
    await Promise.all([facts.close(), setAside.close()]);
  });
  stop.defer("intake", () => intake.close());
  const stopReading = await readRawTopics({
    client: kafka.client,
    mappings,
    append,
    sessionTimeoutMs: place.sessionTimeoutMs,
    clock,
    log,
    metrics,
    failed: (why) => stop.request(why),
  });
  stop.defer("raw topics", stopReading);
  return {
    health: () => null,
    ready: () => null,
    waits: waits.now,
    says: `intake http://${place.host}:${intake.port}/v1/events`,
  };
}
