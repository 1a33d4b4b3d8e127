import type { Snapshots } from "@troth/log";

/** Before this offset of the log nothing has a place beyond `upTo`. */
type Mark = { readonly offset: number; readonly upTo: number };

export type Bookmark = {
  /** Where to read on: everything before is durable. */
  readonly from: number;
  /** All records before this offset were handed on, the highest of them at this place. */
  readonly passed: (offset: number, highest: number) => Promise<void>;
};

const marksMax = 1_000;

/**
 * Where a reader has its own place only, as a lake, remembers how far into the log that is, so that a
 * start does not read all of it again. Lost, the log is read from its beginning: it is no truth.
 */
export async function openBookmark(
  kept: Snapshots,
  /** The highest place whose effect is durable, and all before it. */
  reached: () => number,
): Promise<Bookmark> {
  const saved = await kept.load();
  const old = saved === null ? null : (JSON.parse(saved.bytes.toString("utf8")) as Mark);
  const begin = old !== null && old.upTo <= reached() ? old : { offset: 0, upTo: -1 };
  let highest = begin.upTo;
  const marks: Mark[] = [];
  return {
    from: begin.offset,
    passed: async (offset, place) => {
      highest = Math.max(highest, place);
      // While a store is away marks are not used up; then a few are enough.
      if (marks.length < marksMax) marks.push({ offset, upTo: highest });
      let latest: Mark | undefined;
      for (let mark = marks[0]; mark !== undefined && mark.upTo <= reached(); mark = marks[0]) {
        latest = mark;
        marks.shift();
      }
      if (latest === undefined) return;
      const bytes = Buffer.from(JSON.stringify(latest));
      await kept.save({ position: latest.offset, bytes });
    },
  };
}
