import { parseEvent, parseLine } from "@troth/events";
import { openIntake } from "@troth/intake";
import type { MappingFile } from "../mapping-file.ts";
import { openDoorLogs } from "./door-logs.ts";
import type { Place, Service } from "./place.ts";
import { readRawTopics } from "./raw-topics.ts";

/**
 * The door: as many as one likes, side by side; none of them remembers anything. Topics of other
 * people's records come in by their mappings beside what is posted.
 */
export async function runIntake(place: Place, mappings: readonly MappingFile[]): Promise<Service> {
  const { kafka, keys, clock, log, metrics, stop } = place;
  if (keys === null) log.warn("no --keys: facts are kept as they come, with every name in them");
  const door = await openDoorLogs(place);
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
  const intake = await openIntake({
    parse: { line: parseLine, event: parseEvent },
    append: door.append,
    clock,
    traces: place.traces,
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
  stop.defer("logs", door.close);
  stop.defer("intake", () => intake.close());
  const stopReading = await readRawTopics({
    client: kafka.client,
    mappings,
    append: door.append,
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
    waits: door.waits,
    says: `intake http://${place.host}:${intake.port}/v1/events`,
  };
}
