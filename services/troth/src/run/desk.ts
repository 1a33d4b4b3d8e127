import { join } from "node:path";
import { createViews, type Hand, isLoopback, openAudit, openDesk, openRecovery } from "@troth/desk";
import type { Policy } from "@troth/policy";
import { systemDisk } from "@troth/runtime";
import { deskOptionsOf, readDeskSettings } from "../desk-settings.ts";
import { latestStamp } from "../live-clock.ts";
import { recoveryTold } from "../recovery-told.ts";
import { type Reading, readPartitions } from "./desk-reading.ts";
import { type DoorLogs, openDoorLogs } from "./door-logs.ts";
import { SharedGoodwill } from "./goodwill.ts";
import { handIn } from "./hand-in.ts";
import { Landed } from "./landed.ts";
import { openTopic, type Place, type Service, topics } from "./place.ts";

/** Longer than this nobody is kept waiting for the judge: what is stored will be seen. */
const shownWithinMs = 5_000;

/** Acts go in where all events do, and are answered once they come back judged, or are at least stored. */
function openHand(place: Place, door: DoorLogs, landed: Landed): Hand {
  const hand = handIn(place, door);
  return async (events) => {
    if ((await hand(events)) === "refused") return "refused";
    const ids = events.map((event) => String(event["id"]));
    return (await landed.wait(ids, shownWithinMs)) ? "shown" : "stored";
  };
}

/** The fund all desks give from, read to its end; null where the policy has none. */
async function openGoodwill(
  { kafka, clock, log, stop }: Place,
  { resolutions }: Policy,
  now: () => number,
): Promise<SharedGoodwill | null> {
  if (resolutions === null) return null;
  const shared = await SharedGoodwill.open({
    log: await openTopic(kafka, topics.goodwill, 0),
    rules: resolutions.fund,
    now,
    clock,
    told: log,
  });
  stop.defer("goodwill", () => shared.close());
  shared.running.catch((error: unknown) => stop.request(`goodwill: ${String(error)}`));
  return shared;
}

/**
 * Log time of all that is stored. Where it follows the events, the last record says it: what is judged
 * may lie far behind.
 */
async function openStoredTime(place: Place, { logTime }: Reading): Promise<() => Promise<number>> {
  if (place.isLive) return async () => logTime();
  const facts = await openTopic(place.kafka, topics.facts, 0);
  place.stop.defer("facts", () => facts.close());
  return async () => Math.max(logTime(), (await latestStamp(facts)) ?? 0);
}

/** The window over all partitions; what it shows it has read, and what people do goes in by the door. */
export async function runDesk(place: Place, policy: Policy): Promise<Service> {
  const { clock, log, stop } = place;
  const settings = await readDeskSettings(process.env["TROTH_DESK"]);
  const views = createViews(policy, settings.emotionFromText ?? false);
  const landed = new Landed(clock);
  const door = await openDoorLogs(place);
  stop.defer("door", door.close);
  const hand = openHand(place, door, landed);
  let reading: Reading | null = null;
  const goodwill = await openGoodwill(place, policy, () => reading?.logTime() ?? 0);
  const read = await readPartitions(place, views, landed);
  reading = read;
  if (goodwill !== null) read.hear((output) => goodwill.hear(output));
  const recovery = openRecovery({
    hand,
    tenantOf: (customer) => views.tenantOf(customer),
    policy,
    isLive: read.isCaughtUp,
    logTime: await openStoredTime(place, read),
    tell: recoveryTold(place.recoveries(), log),
  });
  read.hear(recovery.fold);
  // Where log time follows the events, what was read is history that nobody waits for any more.
  if (place.isLive) void read.caughtUp.then(() => recovery.caughtUp());
  const own = deskOptionsOf(settings);
  const isOpen = own.signIn === null && !isLoopback(place.host);
  if (isOpen) {
    log.warn("the desk listens on 127.0.0.1 only: nobody signs in (TROTH_DESK names no provider)");
  }
  const host = isOpen ? "127.0.0.1" : place.host;
  const audit = await openAudit(join(place.data, "desk"), systemDisk, clock);
  stop.defer("audit", () => audit.close());
  const desk = await openDesk({
    ...own,
    views,
    policy,
    hand,
    ...(goodwill !== null && { goodwill }),
    audit,
    isLive: read.isCaughtUp,
    flagNow: read.flagNow,
    logTime: read.logTime,
    listen: { host, port: place.port === 0 ? 0 : place.port + 1 },
    tell: {
      answered: () => undefined,
      failed: (error) => log.error("the desk failed to answer", { error: String(error) }),
    },
  });
  stop.defer("desk", () => desk.close());
  return {
    health: read.stopped,
    waits: () => [...read.waits(), ...door.waits()],
    ready: () => (read.isCaughtUp() ? null : "the desk is reading what was said so far"),
    port: Number(new URL(desk.url).port),
    says: `desk   ${desk.url}`,
  };
}
