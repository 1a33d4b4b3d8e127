import { type IntakeOptions, openIntake } from "@troth/intake";
import {
  type Clock,
  type Disk,
  type Rng,
  systemClock,
  systemDisk,
  systemRng,
} from "@troth/runtime";

/** What the embedded troth stands on: this machine, or a simulated one. */
export type World = {
  readonly clock: Clock;
  readonly disk: Disk;
  readonly rng: Rng;
  readonly openDoor: (options: IntakeOptions) => Promise<Door>;
};

/** Where events come in; `port` is 0 when there is no socket. */
export type Door = { readonly port: number; readonly close: () => Promise<void> };

export const systemWorld: World = {
  clock: systemClock,
  disk: systemDisk,
  rng: systemRng,
  openDoor: openIntake,
};
