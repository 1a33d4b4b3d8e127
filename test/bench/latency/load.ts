import { type CloudEvent, type Fact, toCloudEvent } from "@troth/events";
import { mixedStream } from "../mixed-stream.ts";

/** Events in the order they are to be sent; what is due in them lies ahead of now. */
export function eventsFor(count: number, customers: number): readonly CloudEvent[] {
  const facts = mixedStream(count, customers, 11).filter(({ kind }) => kind !== "survey.invited");
  const shiftMs = Date.now() - (facts[0]?.time ?? 0);
  const later = (fact: Fact): Fact => ({
    ...fact,
    data: Object.fromEntries(
      Object.entries(fact.data).map(([name, value]) => [
        name,
        /At$|Until$/.test(name) && typeof value === "number" ? value + shiftMs : value,
      ]),
    ),
  });
  return facts.map((fact) => toCloudEvent(later(fact)));
}

export type Hear = (id: string, at: number) => void;

/** Milliseconds that processes of one machine can compare. */
export const now = (): number => performance.timeOrigin + performance.now();

/** Where events go in, and where what was judged of them can be read. */
export type Place<T = CloudEvent> = {
  /** Resolves once they are accepted: by a door, that it answered 202. */
  readonly send: (events: readonly T[]) => Promise<void>;
  /** From now on hears of every event that was judged, and since when that can be read. */
  readonly heard: (hear: Hear) => void;
};

export function openHearing(): { readonly hear: Hear } & Pick<Place, "heard"> {
  let told: Hear = () => undefined;
  return {
    hear: (id, at) => told(id, at),
    heard: (hear) => {
      told = hear;
    },
  };
}

/** Of each event, from when it was to be sent until what was judged of it could be read. */
export type Waits = { readonly ms: readonly number[]; readonly perSecond: number };

export const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;

export const percentilesOf = ({ ms }: Waits): string =>
  [0.5, 0.99, 0.999].map((one) => `p${one * 100} ${percentile(ms, one).toFixed(1)} ms`).join(", ");

const everyMs = 10;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Resolves once all events have been heard of; calls `noted` with each. */
function listening({ heard }: Pick<Place, "heard">, ids: ReadonlySet<string>, noted: Hear) {
  const open = new Set(ids);
  return new Promise<void>((resolve, reject) => {
    const late = setTimeout(
      () => reject(new Error(`${open.size} events were not judged`)),
      200_000,
    );
    heard((id, at) => {
      if (!open.delete(id)) return;
      noted(id, at);
      if (open.size > 0) return;
      clearTimeout(late);
      resolve();
    });
  });
}

/** As fast as it takes them: events a second from the first sent to the last judged. */
export async function peakOf(place: Place, events: readonly CloudEvent[]): Promise<number> {
  const perBatch = 250;
  const done = listening(place, new Set(events.map(({ id }) => id)), () => undefined);
  done.catch(() => undefined);
  const began = now();
  let next = 0;
  const sender = async (): Promise<void> => {
    while (next < events.length) {
      const from = next;
      next += perBatch;
      await place.send(events.slice(from, from + perBatch));
    }
  };
  await Promise.all(Array.from({ length: 4 }, sender));
  await done;
  return events.length / ((now() - began) / 1_000);
}

type Which<T> = {
  /** Whether its wait is; all of them unless told. */
  readonly isCounted?: (event: T) => boolean;
  /** Whether anything is ever said of it; of all of them unless told. */
  readonly isHeardOf?: (event: T) => boolean;
};

/**
 * At a steady rate, whatever the answers: each hundredth of a second what is due, counted from when it
 * was due, so that a place that stalls is not spared the events it kept from being sent.
 */
export async function waitsAt<T extends { readonly id: string }>(
  place: Place<T>,
  events: readonly T[],
  perSecond: number,
  { isCounted, isHeardOf }: Which<T> = {},
): Promise<Waits> {
  const due = new Map<string, number>();
  const ms: number[] = [];
  const ids = new Set(events.filter(isHeardOf ?? (() => true)).map(({ id }) => id));
  const done = listening(place, ids, (id, at) => {
    const since = due.get(id);
    if (since !== undefined) ms.push(at - since);
  });
  done.catch(() => undefined);
  const began = now();
  const sending: Promise<void>[] = [];
  for (let sent = 0; sent < events.length; ) {
    const elapsed = now() - began;
    const until = Math.min(events.length, Math.floor((elapsed / 1_000) * perSecond));
    if (until > sent) {
      const some = events.slice(sent, until);
      for (const [n, event] of some.entries())
        if (isCounted?.(event) ?? true) due.set(event.id, began + ((sent + n) / perSecond) * 1_000);
      sending.push(place.send(some));
      sent = until;
    }
    await sleep(everyMs);
  }
  await Promise.all(sending);
  await done;
  return { ms: ms.sort((a, b) => a - b), perSecond };
}
