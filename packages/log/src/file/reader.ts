import type { Disk, DiskFile } from "@troth/runtime";
import type { Following } from "../following.ts";
import { LogError, logError } from "../log-error.ts";
import type { LogRecord, ReadOptions } from "../port.ts";
import { damageError, readFrames } from "./scan.ts";
import type { Segment } from "./segment.ts";
import type { Starts } from "./starts.ts";

/** What a reader needs to see of the log while it grows. */
export type Growing = {
  readonly segments: () => readonly Segment[];
  /** First offset that is not durable yet, and the position in the last segment it will get. */
  readonly durable: () => { readonly offset: number; readonly position: number };
  readonly closed: () => boolean;
  readonly starts: Starts;
};

function segmentOf(segments: readonly Segment[], offset: number): number {
  let index = segments.length - 1;
  while (index > 0 && (segments[index]?.header.base ?? 0) > offset) index -= 1;
  return index;
}

/** Reads one segment from an offset until it is complete, or the reader has to stop. */
async function* readSegmentBatches(
  file: DiskFile,
  segment: Segment,
  index: number,
  from: number,
  growing: Growing,
  wait: (() => Promise<boolean>) | null,
): AsyncGenerator<readonly LogRecord[], "complete" | "stop", undefined> {
  let cursor = growing.starts.before(segment, from);
  while (true) {
    const isLast = index === growing.segments().length - 1;
    // Asked in this order: a segment that was not the last has its final size.
    const end = isLast ? growing.durable().position : await file.size();
    if (cursor.position < end) {
      const { batch, cursor: next } = await readFrames(file, segment, cursor, end, from);
      if (batch.records.length > 0) yield batch.records;
      if (batch.damage !== null) throw damageError(segment, batch.damage);
      if (batch.frames.at(-1)?.header.kind === "complete") return "complete";
      cursor = next;
      growing.starts.note(segment, cursor);
      continue;
    }
    if (!isLast) throw damageError(segment, { position: end, what: "a segment that ends early" });
    if (wait === null || !(await wait())) return "stop";
  }
}

export async function* readLogBatches(
  disk: Disk,
  growing: Growing,
  following: Following,
  from: number,
  { follow }: ReadOptions,
): AsyncGenerator<readonly LogRecord[], void, undefined> {
  if (growing.closed()) throw new LogError("closed", "the log is closed");
  const { offset } = growing.durable();
  if (from > offset)
    throw new LogError(
      "truncated",
      `${growing.segments().at(-1)?.path}: the log ends with offset ${offset}, and ${from} was asked for: it has lost what was read before`,
    );
  const wait =
    follow === undefined
      ? null
      : async (): Promise<boolean> => {
          if (follow.aborted || growing.closed()) return false;
          await following.wait(follow);
          return !follow.aborted && !growing.closed();
        };
  for (let index = segmentOf(growing.segments(), from); ; index++) {
    const segment = growing.segments()[index];
    if (segment === undefined) return;
    let file: DiskFile | null = null;
    try {
      file = await disk.open(segment.path, "read");
      const batches = readSegmentBatches(file, segment, index, from, growing, wait);
      let step = await batches.next();
      while (step.done !== true) {
        if (follow?.aborted) return;
        yield step.value;
        step = await batches.next();
      }
      if (step.value === "stop") return;
    } catch (error) {
      throw logError(error, `read ${segment.path}`);
    } finally {
      // Nothing was written through it, so nothing can be lost with it.
      await file?.close().catch(() => undefined);
    }
  }
}
