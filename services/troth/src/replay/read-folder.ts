import { join } from "node:path";
import { readLog } from "@troth/log";
import { systemDisk } from "@troth/runtime";
import { readFactRecord } from "../partitioned/fact-log.ts";
import type { ReadRecord } from "./source.ts";

/**
 * The log of facts of a data folder, which may be running, from the first fact on. `told` hears how
 * far it is.
 */
export async function* readFolder(
  dir: string,
  told: (records: number) => void,
): AsyncGenerator<readonly ReadRecord[]> {
  let records = 0;
  for await (const batch of readLog(join(dir, "facts"), systemDisk)) {
    records += batch.length;
    told(records);
    yield batch.map(({ offset, stamp, bytes }) => {
      const read = readFactRecord(bytes, offset);
      return { stamp, fact: read.kind === "fact" ? read.fact : null };
    });
  }
}
