import type { CloudEvent } from "@troth/events";
import { randomEvents, seeded } from "./random-events.ts";

const day = 86_400_000;

/**
 * Random lives of many houses side by side, in order of when they were recorded. Names are each
 * house's own; incidents and recalls, which touch everybody, come from the first few houses only, and
 * carriers fall silent for two days.
 */
export function houses(seed: number, count: number, eventsEach: number): readonly CloudEvent[] {
  const next = seeded(seed);
  const all: CloudEvent[] = [];
  for (let house = 0; house < count; house += 1) {
    const own = `s${seed}h${house}-`;
    for (const event of randomEvents(seed * 10_000 + house, eventsEach)) {
      if (event.subject === undefined && house >= 4) continue;
      const text = JSON.stringify(event)
        .replaceAll(/"(customer|order|device|call):/g, `"$1:${own}`)
        .replaceAll(/"(orderNumber|contactId|previousContactId|id|supersedes)":"/g, `"$1":"${own}`)
        .replaceAll(/"(o\d+)"/g, `"${own}$1"`);
      all.push(JSON.parse(text) as CloudEvent);
    }
  }
  const recorded = (event: CloudEvent): number => Date.parse(event.recordedtime ?? event.time);
  const keyed = all.map((event) => ({ event, at: recorded(event) + Math.floor(next() * 60_000) }));
  keyed.sort((a, b) => a.at - b.at);
  const first = keyed[0]?.at ?? 0;
  return keyed
    .filter(({ event, at }) => {
      const days = (at - first) / day;
      return !(event.source.startsWith("urn:carrier") && days > 10 && days < 12);
    })
    .map(({ event }) => event);
}
