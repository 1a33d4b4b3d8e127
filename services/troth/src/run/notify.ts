import { join } from "node:path";
import { type Channel, type Notify, openLogChannel, openNotify } from "@troth/notify";
import { systemDisk } from "@troth/runtime";
import { type Supervised, supervise } from "../partitioned/supervise.ts";
import { type Following, follow } from "./follow.ts";
import { numbered, openTopic, type Place, partitionsOf, type Service, topics } from "./place.ts";

/** The voice: one journal for each partition, as each has its own places. */
export async function runNotify(place: Place): Promise<Service> {
  const { kafka, clock, log, stop } = place;
  const channels: readonly Channel[] = [openLogChannel(log)];
  const open = async (partition: number): Promise<Following> => {
    const decisions = await openTopic(kafka, topics.decisions, partition);
    const notify: Notify = await openNotify({
      channels,
      dir: join(place.data, `notify-${partition}`),
      disk: systemDisk,
      clock,
      tell: {
        sent: () => undefined,
        failed: (channel, _, why, againMs) =>
          log.warn("a message did not arrive", { channel, why, againMs }),
        gaveUp: (channel, _, why) => log.error("a message was given up", { channel, why }),
        torn: (bytes) => log.warn("a torn journal was cut", { bytes }),
        stuck: (error) => log.error("nothing can be sent", { error: String(error) }),
      },
    });
    const following = await follow(decisions, (output) => notify.fold(output));
    // What was over before this start pages nobody.
    void following.caughtUp.then(() => notify.caughtUp());
    return {
      ...following,
      close: async () => {
        await following.close();
        await notify.close();
      },
    };
  };
  const readers: readonly Supervised<Following>[] = numbered(await partitionsOf(kafka)).map((one) =>
    supervise({ name: `notify, partition ${one}`, open: () => open(one), clock, log }),
  );
  stop.defer("readers", async () => {
    await Promise.all(readers.map((reader) => reader.close()));
  });
  return {
    health: () => readers.flatMap((reader) => reader.stopped() ?? []).join("; ") || null,
    ready: () => null,
    waits: () => readers.flatMap((reader) => reader.waits()),
  };
}
