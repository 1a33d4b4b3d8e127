import { encodeFact, sealFact } from "@troth/events";
import { type Admission, encodeSetAside } from "@troth/intake";
import type { Log, LogInput } from "@troth/log";
import { patiently, type Stop } from "@troth/runtime";
import type { Keys } from "../keys/keys.ts";
import { sealAside } from "../keys/sealed-aside.ts";
import { latestStamp, openLiveClock } from "../live-clock.ts";
import { openWaits, type Waits } from "../partitioned/waits.ts";
import { openTopic, type Place, topics } from "./place.ts";

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
function stamped({ facts, traces }: Admission, live: number | null) {
  const groups: { inputs: LogInput[]; stamp: number }[] = [];
  for (const [n, fact] of facts.entries()) {
    const last = groups.at(-1);
    const stamp = live ?? Math.max(fact.recordedTime, last?.stamp ?? 0);
    const input = { bytes: encodeFact(fact), trace: traces?.[n] };
    if (last?.stamp === stamp) last.inputs.push(input);
    else groups.push({ inputs: [input], stamp });
  }
  return groups;
}

export type DoorLogs = {
  /** Resolves once everything in the admission is durable. */
  readonly append: (admission: Admission) => Promise<void>;
  /** What is being stored. */
  readonly waits: Waits["now"];
  readonly close: () => Promise<void>;
};

const sealed = (admission: Admission, keys: Keys): Admission => ({
  ...admission,
  facts: admission.facts.map((fact) => sealFact(fact, keys)),
  setAside: admission.setAside.map((item) => sealAside(item, keys)),
});

type DoorPlace = Pick<Place, "kafka" | "clock" | "isLive" | "keys" | "log"> & {
  readonly stop: Pick<Stop, "signal">;
};

/**
 * How far log time has come: a door that starts with a clock far ahead of it is not believed at once.
 * Null where nobody stamps by the clock, or nothing was ever stored.
 */
async function reachedBefore({
  kafka,
  isLive,
  clock,
  stop,
  log,
}: DoorPlace): Promise<number | null> {
  if (!isLive) return null;
  const failed = (error: unknown): void =>
    log.warn("the door waits for the log of facts", { error: String(error) });
  return patiently(
    async () => {
      const facts = await openTopic(kafka, topics.facts, 0);
      try {
        return await latestStamp(facts);
      } finally {
        await facts.close();
      }
    },
    { clock, stop: stop.signal, failed },
  );
}

/** Where everything goes that comes in, whoever took it: facts, and what is none. */
export async function openDoorLogs(place: DoorPlace): Promise<DoorLogs> {
  const { kafka, isLive, keys } = place;
  const clock = openLiveClock(place.clock, await reachedBefore(place), place.log);
  // Looked at from the start: by the first event a clock that is right after all is confirmed already.
  clock.now();
  const facts = openedAnew(() => openTopic(kafka, topics.facts, 0));
  const setAside = openedAnew(() => openTopic(kafka, topics.setAside, 0));
  const waits = openWaits();
  return {
    waits: waits.now,
    append: async (given) => {
      const admission = keys === null ? given : sealed(given, keys);
      const now = clock.now();
      // Appended in order without waiting for each: those of one admission go in few batches.
      const storing = Promise.all([
        ...stamped(admission, isLive ? now : null).map(({ inputs, stamp }) =>
          facts.append(inputs, stamp),
        ),
        admission.setAside.length > 0 &&
          setAside.append(
            admission.setAside.map((one) => ({ bytes: encodeSetAside(one) })),
            now,
          ),
      ]);
      await waits.while("brokers", "the brokers are to store what came in", storing);
    },
    close: async () => {
      await Promise.all([facts.close(), setAside.close()]);
    },
  };
}
