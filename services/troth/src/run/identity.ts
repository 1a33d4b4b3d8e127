import { toCloudEvent } from "@troth/events";
import { encodeSetAside, setAsideOf } from "@troth/intake";
import { latestStamp, openLiveClock } from "../live-clock.ts";
import { openRegistrar, type RegistrarMachine } from "../partitioned/registrar.ts";
import { type Supervised, supervise } from "../partitioned/supervise.ts";
import { joining, keepMember } from "./member.ts";
import {
  numbered,
  openTopic,
  type Place,
  partitionsOf,
  type Service,
  snapshotEvery,
  snapshotsOf,
  topics,
} from "./place.ts";
import { openFleetTell } from "./tell.ts";

const tickEveryMs = 1_000;

/** The registrar: of all that are started one works, the others wait to take over. */
export async function runIdentity(place: Place): Promise<Service> {
  const { kafka, clock, log, stop } = place;
  const partitions = await partitionsOf(kafka);
  const tell = openFleetTell(place.metrics);
  let registrar: Supervised<RegistrarMachine> | null = null;

  const open = async (): Promise<RegistrarMachine> => {
    const facts = await openTopic(kafka, topics.facts, 0);
    const setAside = await openTopic(kafka, topics.setAside, 0);
    const noise = await Promise.all(
      numbered(partitions).map((one) => openTopic(kafka, topics.noise, one)),
    );
    const since = place.isLive ? await latestStamp(facts) : null;
    return openRegistrar({
      facts,
      noise,
      snapshots: await snapshotsOf(place, "registrar", facts.genesis),
      policies: place.policies,
      begins: place.begins,
      key: place.key,
      clock: openLiveClock(clock, since, log),
      live: () => place.isLive,
      tickEveryMs,
      traces: place.traces,
      ...snapshotEvery,
      turnAway: async (full) => {
        const now = clock.now();
        const inputs = full.map(({ fact, inOffset }) => {
          const bytes = Buffer.from(JSON.stringify(toCloudEvent(fact)));
          const from = { at: now, origin: topics.facts, line: inOffset + 1 };
          return { bytes: encodeSetAside(setAsideOf(bytes, noRoom, from)) };
        });
        await setAside.append(inputs, now);
      },
      tell: {
        routed: (position, stamp, tally) => tell.routed(position, stamp, tally),
      },
    });
  };
  const leave = async (): Promise<void> => {
    const one = registrar;
    registrar = null;
    await one?.close();
  };
  const member = keepMember(place, {
    group: "troth.registrar",
    topic: topics.facts,
    assigned: (owned) => {
      if (!owned.includes(0)) void leave();
      else registrar ??= supervise({ name: "registrar", open, clock, log });
    },
  });
  // Closed last: whoever takes over then finds everything written and the snapshot saved.
  stop.defer("group", () => member.leave());
  stop.defer("registrar", leave);
  return {
    health: () => registrar?.stopped() ?? null,
    waits: () => {
      if (registrar !== null) return registrar.waits();
      if (!member.isMember()) return joining(member, "troth.registrar");
      return [{ for: "turn", what: "stands by: another identity is the registrar" }];
    },
    // Whoever stands by is as ready as one can be.
    ready: () => {
      if (!member.isMember()) return "the group is being joined";
      const isRestored = registrar === null || registrar.current() !== null;
      return isRestored ? null : "the registrar is being restored";
    },
  };
}

const noRoom = {
  reason: "waiting-room-full",
  field: "subject",
  message:
    "too many events already wait for this reference to be linked to a customer: send an identity.linked event for it, then send this one again",
} as const;
