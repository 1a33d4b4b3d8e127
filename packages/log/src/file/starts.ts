import { type Cursor, segmentStart } from "./scan.ts";
import type { Segment } from "./segment.ts";

/** Between two places that are kept for long; a reader checks at most this much in vain. */
const spacingBytes = 256 * 1024;
/** The last ones are all kept: who follows the log begins at one of them. */
const recentMax = 64;

type Places = { readonly kept: Cursor[]; readonly recent: Cursor[] };

/** The last cursor at or before an offset in a list whose offsets rise. */
function lastBefore(cursors: readonly Cursor[], offset: number): Cursor | null {
  let [low, high] = [0, cursors.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((cursors[middle]?.offset ?? 0) <= offset) low = middle + 1;
    else high = middle;
  }
  return cursors[low - 1] ?? null;
}

/**
 * Where reading a segment may begin other than at its first byte: frames up to which this process
 * has written or checked everything itself. Without them whoever takes a few records at a time
 * would read and check the whole segment each time.
 */
export class Starts {
  readonly #places = new Map<string, Places>();

  /** All of the segment before the cursor is sound. Cursors not beyond the last are left out. */
  note({ path }: Segment, cursor: Cursor): void {
    const places = this.#places.get(path) ?? { kept: [], recent: [] };
    this.#places.set(path, places);
    const { kept, recent } = places;
    if (cursor.position <= (recent.at(-1)?.position ?? 0)) return;
    recent.push(cursor);
    if (recent.length > 2 * recentMax) recent.splice(0, recentMax);
    if (cursor.position >= (kept.at(-1)?.position ?? 0) + spacingBytes) kept.push(cursor);
  }

  /** The last known place from which a reader comes to the record of an offset. */
  before(segment: Segment, offset: number): Cursor {
    const places = this.#places.get(segment.path);
    if (places === undefined) return segmentStart(segment);
    const { kept, recent } = places;
    return lastBefore(recent, offset) ?? lastBefore(kept, offset) ?? segmentStart(segment);
  }
}
