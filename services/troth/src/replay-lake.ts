import { type Filed, invariant, type Output } from "@troth/events";
import { openLake } from "@troth/lake";
import { patiently, systemClock } from "@troth/runtime";
import { openLakeToWrite } from "./lake-place.ts";

/** A replay has no log of its own, so all replays share one name for it: same input, same bytes. */
const replayGenesis = "00000000-0000-4000-8000-000000000000";

export type ReplayLake = {
  readonly file: (record: Filed) => void;
  readonly fold: (output: Output) => void;
  readonly drained: () => Promise<void>;
  /** Writes what is left; after this the lake is complete. */
  readonly close: () => Promise<void>;
};

const waits = (error: unknown): void =>
  void process.stderr.write(
    `lake: the store does not answer and is tried again: ${String(error)}\n`,
  );

/** The lake of one whole run; over a place that holds the same run it changes nothing. */
export async function openReplayLake(place: string): Promise<ReplayLake> {
  const store = await openLakeToWrite(place, waits);
  const patience = { clock: systemClock, stop: new AbortController().signal, failed: waits };
  const options = { store, genesis: replayGenesis, begin: "anew" } as const;
  const lake = await patiently(() => openLake(options), patience);
  invariant(lake !== null, "nobody tells a replay to stop");
  return {
    file: lake.file,
    fold: lake.fold,
    drained: async () => void (await patiently(async () => lake.drained(), patience)),
    close: async () => void (await patiently(lake.finish, patience)),
  };
}
