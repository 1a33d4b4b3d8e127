import type { CloudEvent } from "@troth/events";
import type { Rng } from "@troth/runtime";
import type { Line } from "./clients.ts";
import type { Injector } from "./faults.ts";
import type { SimSizes } from "./life.ts";
import { randomEvents } from "./random-events.ts";

export type Workload = { readonly lines: readonly Line[]; readonly sizes: SimSizes };

export type WorkloadOptions = {
  readonly seed: number;
  readonly rng: Rng;
  readonly injector: Injector;
  /** Events; fewer for workloads that are tried at every step. */
  readonly eventsMax: number;
  /** Sizes that are given, whatever the seed says. */
  readonly sizes: Partial<SimSizes>;
  /** False where every run must hand in the same lines in the same order, and nothing else. */
  readonly withFaults: boolean;
};

const dayMs = 86_400_000;

const poisons: readonly string[] = [
  "{",
  "not json at all",
  "[]",
  '{"specversion":"1.0"}',
  '{"specversion":"1.0","id":"x","source":"urn:x","type":"org.troth.no.such.v1","time":"2026-03-28T00:00:00Z"}',
  '{"specversion":"1.0","id":"x","source":"urn:x","type":"org.troth.order.placed.v1","time":"yesterday","subject":"customer:1","data":{}}',
  '{"specversion":"1.0","id":"x","source":"urn:x","type":"org.troth.contact.completed.v1","time":"2026-03-28T00:00:00Z","subject":"customer:1","data":{"queueWaitSeconds":"long"}}',
];

/** Some name the record they speak of, and some of those are corrected later. */
function withRecords(events: readonly CloudEvent[], rng: Rng): readonly CloudEvent[] {
  const named: CloudEvent[] = [];
  for (const event of events) {
    const corrected = named[Math.floor(rng.next() * named.length)];
    if (rng.next() < 0.1 && corrected !== undefined) {
      const { id, time, data } = corrected;
      const revision = Number(data["revision"] ?? 0) + 1;
      const later = new Date(timeOf(time) + 60_000).toISOString();
      named.push({
        ...corrected,
        id: `${id}.${revision}`,
        time: later,
        data: { ...data, revision },
      });
    }
    const data = rng.next() < 0.4 ? { sourceRecordId: event.id, ...event.data } : event.data;
    named.push({ ...event, data });
  }
  return named;
}

const timeOf = (text: string | undefined): number => Date.parse(text ?? "");

/** What is handed in, and how small everything is kept, both drawn from the seed. */
export function workloadOf(options: WorkloadOptions): Workload {
  const { seed, rng, injector, eventsMax, withFaults } = options;
  const upTo = (n: number): number => Math.floor(rng.next() * n);
  const oneOf = <T>(...choices: readonly [T, ...T[]]): T =>
    choices[upTo(choices.length)] ?? choices[0];
  const count = Math.max(2, Math.floor(eventsMax / 2) + upTo(Math.ceil(eventsMax / 2)));
  const lines: Line[] = [];
  for (const event of withRecords(randomEvents(seed, count, oneOf(2, 10, 30, 0.02)), rng)) {
    const at = timeOf(event.recordedtime);
    if (at - timeOf(event.time) > 60_000) injector.count("event-late");
    // Who does not say when they recorded it leaves that to the door.
    const { recordedtime, ...unrecorded } = event;
    const text = JSON.stringify(rng.next() < 0.2 ? unrecorded : event);
    lines.push({ id: `${event.source} ${event.id}`, text, at });
    if (!withFaults) continue;
    if (rng.next() < 0.06) {
      injector.count("event-poison");
      lines.push({ id: null, text: `${oneOf(...(poisons as [string, ...string[]]))}`, at });
    }
    const earlier = lines[upTo(lines.length)];
    if (rng.next() < 0.06 && earlier !== undefined) {
      injector.count("event-duplicate");
      lines.push({ ...earlier, at });
    }
  }
  if (withFaults) shuffle(lines, rng, injector);
  const sizes: SimSizes = {
    segmentBytes: oneOf(600, 2_000, 6_000, 100_000),
    snapshotEveryRecords: oneOf(2, 5, 12, 1_000),
    recordsPerTurn: oneOf(1, 3, 200),
    lakeRecords: oneOf(6, 20, 60, 1_000, 1_000, 1_000),
    lakeLongestMs: oneOf(1, 20, 20, 90) * dayMs,
    journalBytes: oneOf(600, 3_000, 100_000),
    alertsPerOwnerAndMinute: oneOf(0, 1, 1_000, 1_000),
    ...options.sizes,
  };
  return { lines, sizes };
}

/** Some change places with one a little later: networks do that. */
function shuffle(lines: Line[], rng: Rng, injector: Injector): void {
  for (let i = 0; i < lines.length; i += 1) {
    const j = i + 1 + Math.floor(rng.next() * 5);
    const [a, b] = [lines[i], lines[j]];
    if (rng.next() > 0.08 || a === undefined || b === undefined) continue;
    injector.count("event-out-of-order");
    lines[i] = b;
    lines[j] = a;
  }
}
