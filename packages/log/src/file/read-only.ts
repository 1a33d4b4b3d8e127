import type { Disk, DiskFile } from "@troth/runtime";
import type { LogRecord } from "../port.ts";
import { damageError, hasLaterGroup, readFrames, segmentStart } from "./scan.ts";
import { baseOfName, isSegmentName, readSegment, type Segment } from "./segment.ts";

async function* readSegmentAsItIs(
  file: DiskFile,
  segment: Segment,
): AsyncGenerator<readonly LogRecord[], "whole" | "unfinished", undefined> {
  const size = await file.size();
  let cursor = segmentStart(segment);
  while (cursor.position < size) {
    const { batch, cursor: next } = await readFrames(file, segment, cursor, size, 0);
    if (batch.records.length > 0) yield batch.records;
    if (batch.damage !== null) {
      const { position } = batch.damage;
      if (await hasLaterGroup(file, segment, position, size, next.offset))
        throw damageError(segment, batch.damage);
      return "unfinished";
    }
    cursor = next;
  }
  return "whole";
}

/**
 * The records of a log's folder in arrays, without taking its lock or mending anything, so also
 * while its owner runs. Ends before what is being written, or was torn by a crash; what had been
 * durable and is damaged fails as `corrupt`, as it would for the owner.
 */
export async function* readLog(
  dir: string,
  disk: Disk,
): AsyncGenerator<readonly LogRecord[], void, undefined> {
  let unfinished: Segment | null = null;
  for (const name of (await disk.list(dir)).filter(isSegmentName)) {
    const segment = await readSegment(disk, `${dir}/${name}`, baseOfName(name));
    const file = await disk.open(segment.path, "read");
    try {
      const batches = readSegmentAsItIs(file, segment);
      for (let step = await batches.next(); ; step = await batches.next()) {
        if (step.done === true) {
          if (step.value === "unfinished") unfinished = segment;
          break;
        }
        // A crash can leave an empty segment behind an unfinished one, but never records.
        if (unfinished !== null) {
          const position = segmentStart(segment).position;
          throw damageError(unfinished, {
            position,
            what: "damage, yet segments with records follow",
          });
        }
        yield step.value;
      }
    } finally {
      await file.close().catch(() => undefined);
    }
  }
}
