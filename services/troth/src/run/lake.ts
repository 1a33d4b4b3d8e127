import { join } from "node:path";
import type { Output } from "@troth/events";
import { type Lake, openLake } from "@troth/lake";
import { openSnapshots } from "@troth/log";
import { patiently, systemDisk } from "@troth/runtime";
import { openLakeToWrite } from "../lake-place.ts";
import { type Supervised, supervise } from "../partitioned/supervise.ts";
import { openWaits } from "../partitioned/waits.ts";
import { openBookmark } from "./bookmark.ts";
import { type Following, follow } from "./follow.ts";
import { numbered, openTopic, type Place, partitionsOf, type Service, topics } from "./place.ts";

/**
 * The memory: every partition's decisions as tables in a lake of its own, `p=0`, `p=1` …, as each is a
 * log of its own; each goes on behind what its lake holds already.
 */
export async function runLake(place: Place, where: string): Promise<Service> {
  const { kafka, clock, log, stop } = place;
  const waits = (error: unknown): void =>
    log.warn("the lake waits for its store", { error: String(error) });
  const patience = { clock, stop: stop.signal, failed: waits };
  const opening = openWaits();
  /** A store that does not answer yet is waited for, however long; nothing is read meanwhile. */
  const openStored = async (partition: number, genesis: string): Promise<Lake> => {
    const resumed = patiently(async () => {
      const store = await openLakeToWrite(`${where}/p=${partition}`, waits);
      return openLake({ store, genesis, partition, begin: "resume" });
    }, patience);
    const what = `the lake's store is to say what it holds of partition ${partition}`;
    const lake = await opening.while("store", what, resumed);
    if (lake === null) throw new Error("told to stop before the store answered");
    return lake;
  };
  const open = async (partition: number): Promise<Following> => {
    const decisions = await openTopic(kafka, topics.decisions, partition);
    const { genesis } = decisions;
    const lake = await openStored(partition, genesis);
    const writing = openWaits();
    const bookmark = await openBookmark(
      await openSnapshots(join(place.data, `lake-${partition}`), systemDisk, { genesis }),
      lake.reached,
    );
    const fold = async (output: Output): Promise<void> => {
      lake.fold(output);
      // Taken up: asked for twice, the failure of a write under way would be nobody's, and end all.
      let begun = lake.drained();
      if (begun === undefined) return;
      const draining = patiently(() => {
        const work = begun ?? lake.drained() ?? Promise.resolve();
        begun = undefined;
        return work;
      }, patience);
      const what = `the lake's store is to take tables of partition ${partition}`;
      await writing.while("store", what, draining);
    };
    const following = await follow(decisions, fold, {
      from: bookmark.from,
      batchEnded: bookmark.passed,
    });
    return { ...following, waits: writing.now };
  };
  const readers: readonly Supervised<Following>[] = numbered(await partitionsOf(kafka)).map((one) =>
    supervise({ name: `lake, partition ${one}`, open: () => open(one), clock, log }),
  );
  stop.defer("readers", async () => {
    await Promise.all(readers.map((reader) => reader.close()));
  });
  return {
    health: () => readers.flatMap((reader) => reader.stopped() ?? []).join("; ") || null,
    ready: () => (opening.now().length === 0 ? null : "the lake's store does not answer yet"),
    waits: () => [...opening.now(), ...readers.flatMap((reader) => reader.waits())],
    says: `lake   ${where}`,
  };
}
