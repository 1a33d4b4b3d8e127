import { join } from "node:path";
import { type Channel, type Notify, openLogChannel, openNotify } from "@troth/notify";
import { type Span, systemDisk, type Traces } from "@troth/runtime";
import { type Supervised, supervise } from "../partitioned/supervise.ts";
import { type Following, follow } from "./follow.ts";
import { numbered, openTopic, type Place, partitionsOf, type Service, topics } from "./place.ts";

/** Alerts on their way out whose work is still being recorded; of more than that the oldest is ended. */
const onTheirWayMax = 1_000;

/** From when an alert was read until the world was told of it, or nobody is to be told. */
function openTold(traces: Traces) {
  const spans = new Map<string, Span>();
  const end = (alertId: string): void => {
    spans.get(alertId)?.end();
    spans.delete(alertId);
  };
  return {
    begin: (alertId: string, trace: string): void => {
      const span = traces.begin("notify", trace);
      if (span === null) return;
      end(alertId);
      spans.set(alertId, span);
      const [oldest] = spans.keys();
      if (spans.size > onTheirWayMax && oldest !== undefined) end(oldest);
    },
    sent: end,
  };
}

/** The voice: one journal for each partition, as each has its own places. */
export async function runNotify(place: Place): Promise<Service> {
  const { kafka, clock, log, stop } = place;
  const channels: readonly Channel[] = [openLogChannel(log)];
  const open = async (partition: number): Promise<Following> => {
    const decisions = await openTopic(kafka, topics.decisions, partition);
    const told = openTold(place.traces);
    const notify: Notify = await openNotify({
      channels,
      dir: join(place.data, `notify-${partition}`),
      disk: systemDisk,
      clock,
      tell: {
        sent: (_, message) => told.sent(message.id),
        failed: (channel, _, why, againMs) =>
          log.warn("a message did not arrive", { channel, why, againMs }),
        gaveUp: (channel, message, why) => {
          told.sent(message.id);
          log.error("a message was given up", { channel, why });
        },
        torn: (bytes) => log.warn("a torn journal was cut", { bytes }),
        stuck: (error) => log.error("nothing can be sent", { error: String(error) }),
      },
    });
    const following = await follow(decisions, (output, trace) => {
      if (trace !== undefined && output.body.kind === "alert")
        told.begin(output.body.alertId, trace);
      notify.fold(output);
    });
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
