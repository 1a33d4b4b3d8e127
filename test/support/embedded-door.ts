import { readFileSync } from "node:fs";
import { defaultLimits, type IntakeOptions, receive } from "@troth/intake";
import { parsePolicy } from "@troth/policy";
import { openStop, type Stop, systemClock, systemDisk, systemRng } from "@troth/runtime";
import {
  type Embedded,
  type EmbeddedOptions,
  openEmbedded,
} from "../../services/troth/src/embedded/embedded.ts";

type Given = Pick<EmbeddedOptions, "dir" | "clock" | "log" | "tell" | "sizes">;

export type EmbeddedDoor = {
  readonly embedded: Embedded;
  readonly stop: Stop;
  /** Hands a batch of events in as a sender would; gives the status that answers it. */
  readonly handIn: (events: readonly object[]) => Promise<number>;
};

/** The embedded troth on this machine without a socket: events come in at its own door. */
export async function openEmbeddedDoor(policyPath: string, given: Given): Promise<EmbeddedDoor> {
  const parsed = parsePolicy(readFileSync(policyPath, "utf8"));
  if (!parsed.ok) throw new Error("the policy does not compile");
  const doors: IntakeOptions[] = [];
  const stop = openStop({ host: process, clock: systemClock });
  const embedded = await openEmbedded({
    ...given,
    world: {
      clock: systemClock,
      disk: systemDisk,
      rng: systemRng,
      openDoor: async (options) => {
        doors.push(options);
        return { port: 0, close: async () => undefined };
      },
    },
    policy: parsed.value,
    keys: null,
    stop,
    intakePort: 0,
    host: "nowhere",
  });
  const [door] = doors;
  if (door === undefined) throw new Error("the embedded troth opened no door");
  const handIn = async (events: readonly object[]): Promise<number> => {
    const received = {
      contentType: "application/cloudevents-batch+json",
      contentEncoding: "identity",
      body: Buffer.from(JSON.stringify(events)),
    };
    const { status } = await receive(received, { ...door, limits: defaultLimits });
    return status;
  };
  return { embedded, stop, handIn };
}
