import { openSite, type Site } from "../partitioned/site.ts";
import { type Supervised, supervise } from "../partitioned/supervise.ts";
import { joining, keepMember } from "./member.ts";
import {
  checkRetention,
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

/** Judges the partitions the group gives it: restored, read on from their own place, then judged. */
export async function runMonitor(place: Place): Promise<Service> {
  const { kafka, clock, log, stop } = place;
  const partitions = await partitionsOf(kafka);
  await checkRetention(place);
  const tell = openFleetTell(place.metrics);
  const sites = new Map<number, Supervised<Site>>();

  const open = async (partition: number): Promise<Site> => {
    const [noise, decisions, flags, ...transfers] = await Promise.all([
      openTopic(kafka, topics.noise, partition),
      openTopic(kafka, topics.decisions, partition),
      openTopic(kafka, topics.flags, partition),
      ...numbered(partitions).map((one) => openTopic(kafka, topics.transfers, one)),
    ]);
    return openSite({
      partition,
      noise,
      decisions,
      transfers,
      flags,
      snapshots: await snapshotsOf(place, `monitor-${partition}`, noise.genesis),
      policies: place.policies,
      clock,
      traces: place.traces,
      ...snapshotEvery,
      tell: { judged: tell.judged },
    });
  };
  const member = keepMember(place, {
    group: "troth.monitor",
    topic: topics.noise,
    assigned: (owned) => {
      for (const [partition, site] of sites) {
        if (owned.includes(partition)) continue;
        sites.delete(partition);
        // Whoever has it now writes the same; what this one still writes is dropped by readers.
        void site.close();
        tell.left(partition);
      }
      for (const partition of owned) {
        if (sites.has(partition)) continue;
        const name = `partition ${partition}`;
        sites.set(partition, supervise({ name, open: () => open(partition), clock, log }));
      }
    },
  });
  // Closed last: whoever takes over then finds everything written and the snapshot saved.
  stop.defer("group", () => member.leave());
  stop.defer("sites", async () => {
    await Promise.all([...sites.values()].map((site) => site.close()));
  });
  return {
    health: () => [...sites.values()].flatMap((site) => site.stopped() ?? []).join("; ") || null,
    waits: () => [
      ...joining(member, "troth.monitor"),
      ...[...sites.values()].flatMap((site) => site.waits()),
    ],
    ready: () => {
      if (!member.isMember()) return "the group is being joined";
      const restoring = [...sites].filter(([, site]) => site.current() === null);
      return restoring.length === 0
        ? null
        : `being restored: partitions ${restoring.map(([one]) => one).join(", ")}`;
    },
  };
}
