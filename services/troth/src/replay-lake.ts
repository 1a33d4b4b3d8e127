import type { Filed, Output } from "@troth/events";
import { openLake } from "@troth/lake";
import { openFolderStore } from "@troth/runtime";

/** A replay has no log of its own, so all replays share one name for it: same input, same bytes. */
const replayGenesis = "00000000-0000-4000-8000-000000000000";

export type ReplayLake = {
  readonly file: (record: Filed) => void;
  readonly fold: (output: Output) => void;
  readonly drained: () => Promise<void>;
  /** Writes what is left; after this the lake is complete. */
  readonly close: () => Promise<void>;
};

/** The lake of one whole run in a folder; over a folder that holds the same run it changes nothing. */
export async function openReplayLake(dir: string): Promise<ReplayLake> {
  const store = await openFolderStore(dir);
  const lake = await openLake({ store, genesis: replayGenesis, begin: "anew" });
  return {
    file: lake.file,
    fold: lake.fold,
    drained: async () => lake.drained(),
    close: lake.finish,
  };
}
