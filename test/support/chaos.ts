import type { CloudEvent } from "@troth/events";
import type { Fleet, Process, ServiceName } from "./kafka-fleet.ts";
import { seeded } from "./random-events.ts";

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Every process of a fleet by its place; whatever ends one, it is started again there. */
export type Crew = {
  readonly at: (place: number) => Process | null;
  readonly places: readonly ServiceName[];
  readonly intakes: () => readonly string[];
  /** Processes that ended without being killed. */
  readonly gaveUp: () => readonly string[];
  /** Resolves once everybody is up. */
  readonly complete: () => Promise<void>;
  /** From now on nobody is started again. */
  readonly dismiss: () => void;
  readonly [Symbol.dispose]: () => void;
};

export async function muster(fleet: Fleet, places: readonly ServiceName[]): Promise<Crew> {
  const crew: (Process | null)[] = places.map(() => null);
  const gaveUp: string[] = [];
  let isOver = false;
  const keep = async (service: ServiceName, place: number): Promise<void> => {
    while (!isOver) {
      // A service that cannot reach its brokers for long ends, and is started again like any other.
      const one = await fleet.start(service, place).catch((error: unknown) => {
        gaveUp.push(String(error));
        return null;
      });
      crew[place] = one;
      if (one === null) await sleep(500);
      const code = await one?.gone;
      crew[place] = null;
      if (one !== null && code !== null)
        gaveUp.push(`${service} ended with ${code}: ${one.said()}`);
    }
  };
  for (const [place, service] of places.entries()) void keep(service, place);
  const complete = async (): Promise<void> => {
    while (crew.includes(null) && !isOver) await sleep(100);
  };
  const hopeless = async (): Promise<void> => {
    while (crew.includes(null) && !isOver) {
      // Nothing is broken yet: who does not come up now never will.
      if (gaveUp.length > 2 * places.length) {
        isOver = true;
        throw new Error(`the fleet does not come up: ${gaveUp.at(-1)}`);
      }
      await sleep(100);
    }
  };
  await Promise.all([complete(), hopeless()]);
  const dismiss = (): void => {
    isOver = true;
  };
  return {
    at: (place) => crew[place] ?? null,
    places,
    intakes: () => crew.flatMap((one) => (one?.service === "intake" ? [one.says] : [])),
    gaveUp: () => gaveUp,
    complete,
    dismiss,
    [Symbol.dispose]: dismiss,
  };
}

export type Ledger = {
  /** Events answered with 202. */
  readonly acknowledged: ReadonlySet<string>;
  readonly refused: number;
  readonly feeding: Promise<void>;
};

const batch = 100;

/** What the door answered; null when it did not. */
async function post(door: string, body: string): Promise<number | null> {
  const url = new URL(door);
  try {
    const answer = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/cloudevents-batch+json" },
      body,
      signal: AbortSignal.timeout(10_000),
    });
    await answer.arrayBuffer();
    return answer.status;
  } catch {
    return null;
  }
}

/**
 * Sends events over HTTP at a rate, each batch until somebody answers 202: what was stored but not
 * answered comes again, and is a duplicate.
 */
export function sendAll(
  events: readonly CloudEvent[],
  perSecond: number,
  crew: Crew,
  dice: () => number,
): Ledger {
  const acknowledged = new Set<string>();
  const ledger = { acknowledged, refused: 0, feeding: Promise.resolve() };
  const send = async (some: readonly CloudEvent[]): Promise<void> => {
    const body = JSON.stringify(some);
    for (;;) {
      const doors = crew.intakes();
      const door = doors[Math.floor(dice() * doors.length)];
      const status = door === undefined ? null : await post(door, body);
      if (status === 202) break;
      if (status === 400) throw new Error("a batch is wrong");
      // Killed, frozen or without a broker: nobody knows whether it was stored.
      ledger.refused += 1;
      await sleep(200);
    }
    for (const one of some) acknowledged.add(`${one.source} ${one.id}`);
  };
  const feed = async (): Promise<void> => {
    const began = Date.now();
    for (let from = 0; from < events.length; from += batch) {
      const due = began + (from / perSecond) * 1_000;
      if (due > Date.now()) await sleep(due - Date.now());
      await send(events.slice(from, from + batch));
    }
  };
  ledger.feeding = feed();
  return ledger;
}

export type Turmoil = {
  readonly kills: Map<ServiceName, number>;
  freezes: number;
  brokerKills: number;
};

export const killsOf = ({ kills }: Turmoil): number =>
  [...kills.values()].reduce((sum, one) => sum + one, 0);

/** How long somebody to be hit is waited for: all may be down, or be starting. */
const patienceMs = 60_000;

const shuffled = (places: readonly number[], dice: () => number): number[] =>
  places
    .map((place) => ({ place, at: dice() }))
    .sort((a, b) => a.at - b.at)
    .map(({ place }) => place);

/** Kills services now and then, freezes some beyond their session, kills the broker. */
export async function rage(
  fleet: Fleet,
  crew: Crew,
  options: {
    readonly seed: number;
    readonly forMs: number;
    /** Somebody is killed after this long, and up to three seconds later. */
    readonly killEveryMs: number;
    readonly brokerEveryMs: number;
    readonly freezeMs: number;
    readonly freezeEveryMs: number;
  },
): Promise<Turmoil> {
  const dice = seeded(options.seed);
  const done: Turmoil = { kills: new Map(), freezes: 0, brokerKills: 0 };
  const until = Date.now() + options.forMs;
  const busy = new Set<number>();
  const under: Promise<void>[] = [];
  const pick = (suits: (service: ServiceName) => boolean): number | null => {
    const free = crew.places.flatMap((service, place) =>
      !busy.has(place) && suits(service) && crew.at(place) !== null ? [place] : [],
    );
    return free[Math.floor(dice() * free.length)] ?? null;
  };
  const occupy = (place: number, work: () => Promise<void>): void => {
    busy.add(place);
    under.push(work().finally(() => busy.delete(place)));
  };
  /** Everybody once, in an order that is drawn, before anybody again. */
  let spared: number[] = [];
  const victimOf = (): number | null => {
    if (spared.length === 0) spared = shuffled([...crew.places.keys()], dice);
    const next = spared.find((place) => !busy.has(place) && crew.at(place) !== null);
    spared = spared.filter((place) => place !== next);
    return next ?? null;
  };
  const killed = new Set<number>();
  /** On a busy machine it goes on beyond its time, until everybody was killed once. */
  const isOver = (): boolean =>
    Date.now() >= until && (killed.size === crew.places.length || Date.now() >= until + patienceMs);
  const killing = async (): Promise<void> => {
    while (!isOver()) {
      await sleep(options.killEveryMs + dice() * 3_000);
      const place = isOver() ? null : victimOf();
      if (place === null) continue;
      killed.add(place);
      occupy(place, async () => {
        const victim = crew.at(place);
        if (victim !== null)
          done.kills.set(victim.service, (done.kills.get(victim.service) ?? 0) + 1);
        victim?.signal("SIGKILL");
        await victim?.gone;
      });
    }
  };
  const freezing = async (): Promise<void> => {
    while (Date.now() + options.freezeMs < until) {
      await sleep(options.freezeEveryMs);
      const judges = (): number | null =>
        pick((service) => service === "monitor" || service === "identity");
      let place = judges();
      for (let waited = 0; place === null && waited < patienceMs; waited += 100) {
        await sleep(100);
        place = judges();
      }
      if (place === null) continue;
      done.freezes += 1;
      occupy(place, async () => {
        const zombie = crew.at(place);
        zombie?.signal("SIGSTOP");
        await sleep(options.freezeMs);
        zombie?.signal("SIGCONT");
        await sleep(1_000);
      });
    }
  };
  const breaking = async (): Promise<void> => {
    for (let n = 0; Date.now() + options.brokerEveryMs < until; n += 1) {
      await sleep(options.brokerEveryMs);
      const node = fleet.broker.nodes[n % fleet.broker.nodes.length];
      await node?.kill();
      done.brokerKills += 1;
      await sleep(500);
      await node?.start();
    }
  };
  await Promise.all([killing(), freezing(), breaking()]);
  await Promise.all(under);
  return done;
}
