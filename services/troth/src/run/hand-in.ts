import { parseEvent, parseLine } from "@troth/events";
import { defaultLimits, receive } from "@troth/intake";
import type { DoorLogs } from "./door-logs.ts";
import type { Place } from "./place.ts";

/** Hands a service's own events in where all events come in: stored for good, or not at all. */
export const handIn =
  ({ clock, log }: Pick<Place, "clock" | "log">, door: Pick<DoorLogs, "append">) =>
  async (events: readonly unknown[]): Promise<"stored" | "refused"> => {
    const { status, body } = await receive(
      {
        contentType: "application/cloudevents-batch+json",
        contentEncoding: "identity",
        body: Buffer.from(JSON.stringify(events)),
      },
      {
        parse: { line: parseLine, event: parseEvent },
        append: door.append,
        clock,
        limits: defaultLimits,
        tell: {
          admitted: () => undefined,
          answered: () => undefined,
          turnedAway: (why) => log.warn("an act was turned away", { why }),
          failed: (error) => log.warn("an act could not be stored", { error: String(error) }),
        },
      },
    );
    const isStored = status === 202 && "setAsideTotal" in body && body.setAsideTotal === 0;
    return isStored ? "stored" : "refused";
  };
