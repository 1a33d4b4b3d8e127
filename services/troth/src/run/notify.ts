import { join } from "node:path";
import { Tenants } from "@troth/events";
import { type Channel, type Notify, openLogChannel, openNotify } from "@troth/notify";
import { systemDisk } from "@troth/runtime";
import { Names, openedAnew } from "../keys/names.ts";
import { type Outside, takeOn } from "../outside.ts";
import { type Supervised, supervise } from "../partitioned/supervise.ts";
import { openToldSpans, type ToldSpans } from "../told-spans.ts";
import { openDoorLogs } from "./door-logs.ts";
import { type Following, follow } from "./follow.ts";
import { handIn } from "./hand-in.ts";
import { numbered, openTopic, type Place, partitionsOf, type Service, topics } from "./place.ts";

/** Channels that say names where journal and log keep pseudonyms, if there are keys to know them by. */
async function openedChannels(
  { kafka, keys, stop }: Place,
  channels: readonly Channel[],
): Promise<readonly Channel[]> {
  if (keys === null || channels.length === 0) return channels;
  const names = new Names(keys);
  const facts = await openTopic(kafka, topics.facts, 0);
  stop.defer("facts", () => facts.close());
  const opened = openedAnew(facts, names);
  return channels.map((channel) => ({
    ...channel,
    send: async (message, id) => channel.send(await opened(() => names.open(message)), id),
  }));
}

/** The voice over all partitions: one journal, so that caps and sums are over all of them. */
async function openVoice(
  place: Place,
  outside: Outside,
  partitions: number,
): Promise<{ readonly notify: Notify; readonly told: ToldSpans }> {
  const { clock, log, traces } = place;
  const told = openToldSpans(traces);
  const count = place.notified();
  const notify = await openNotify({
    channels: [openLogChannel(log), ...(await openedChannels(place, outside.channels))],
    partitions,
    dir: join(place.data, "notify"),
    disk: systemDisk,
    clock,
    tell: {
      sent: (channel, message) => {
        count(channel, "sent");
        told.sent(message.id);
      },
      failed: (channel, _, why, againMs) => {
        count(channel, "failed");
        log.warn("a message did not arrive", { channel, why, againMs });
      },
      gaveUp: (channel, message, why) => {
        count(channel, "gave-up");
        told.sent(message.id);
        log.error("a message was given up", { channel, why });
      },
      torn: (bytes) => log.warn("a torn journal was cut", { bytes }),
      stuck: (error) => log.error("nothing can be sent", { error: String(error) }),
    },
  });
  return { notify, told };
}

/** The voice: everybody outside is told by one process, which has read all that was said before. */
export async function runNotify(place: Place, outside: Outside): Promise<Service> {
  const { kafka, clock, log, stop } = place;
  const partitions = numbered(await partitionsOf(kafka));
  const tenants = new Tenants();
  const { notify, told } = await openVoice(place, outside, partitions.length);
  stop.defer("voice", () => notify.close());
  const behind = new Set(partitions);
  const open = async (partition: number): Promise<Following> => {
    const decisions = await openTopic(kafka, topics.decisions, partition);
    const following = await follow(decisions, (output, trace) => {
      if (trace !== undefined && output.body.kind === "alert")
        told.begin(output.body.alertId, trace);
      tenants.fold(output);
      notify.fold(output, partition);
    });
    // What was over before this start pages nobody; that is known once every partition is read.
    void following.caughtUp.then(() => {
      if (behind.delete(partition) && behind.size === 0) notify.caughtUp();
    });
    return following;
  };
  const readers: readonly Supervised<Following>[] = partitions.map((one) =>
    supervise({ name: `notify, partition ${one}`, open: () => open(one), clock, log }),
  );
  stop.defer("readers", async () => {
    await Promise.all(readers.map((reader) => reader.close()));
  });
  const door = await openDoorLogs(place);
  stop.defer("door", door.close);
  const hand = handIn(place, door);
  const takenOn = takeOn({
    customerOf: notify.customerOf,
    tenantOf: (customer) => tenants.of(customer),
    hand: async (events) => (await hand(events)) === "stored",
    clock,
  });
  const watch = outside.watch(takenOn);
  stop.defer("silences", () => Promise.resolve(watch.close()));
  return {
    health: () => readers.flatMap((reader) => reader.stopped() ?? []).join("; ") || null,
    ready: () =>
      behind.size === 0
        ? null
        : `what was said before is being read: partitions ${[...behind].join(", ")}`,
    waits: () => [...readers.flatMap((reader) => reader.waits()), ...door.waits()],
    receive: (posted) => outside.receive(posted, takenOn),
  };
}
