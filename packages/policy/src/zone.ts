import { dayMs } from "./quantity.ts";

/**
 * A time zone as a table of offsets, so that judging is arithmetic: the table is drawn up once, when
 * a policy is compiled, and covers every instant a fact can carry (1990 to 2100).
 */
export type Zone = {
  readonly id: string;
  /** Milliseconds to add to UTC at that UTC moment. */
  readonly offsetAt: (utcMs: number) => number;
  /**
   * UTC moment of a wall-clock time, itself given as if it were UTC. A time that happens twice is
   * the first one; a time the clocks skip is as much later as they skip (as Temporal's "compatible").
   */
  readonly toUtc: (wallMs: number) => number;
};

const tableFrom = Date.UTC(1990, 0, 1);
const tableUntil = Date.UTC(2100, 0, 1);
/** No zone has kept an offset for less than this since 1990 (Morocco's Ramadan is about 29 days). */
const strideMs = 14 * dayMs;
const minuteMs = 60_000;
const offsetShape = /GMT(?:([+-])(\d{2}):(\d{2})(?::(\d{2}))?)?$/u;

function offsetReader(id: string): ((utcMs: number) => number) | null {
  try {
    const format = new Intl.DateTimeFormat("en-US", { timeZone: id, timeZoneName: "longOffset" });
    return (utcMs) => {
      const match = offsetShape.exec(format.format(utcMs));
      const [, sign, hours = "0", minutes = "0", seconds = "0"] = match ?? [];
      const size = (Number(hours) * 60 + Number(minutes)) * minuteMs + Number(seconds) * 1_000;
      return sign === "-" ? 0 - size : size;
    };
  } catch {
    return null;
  }
}

type Table = { readonly starts: readonly number[]; readonly offsets: readonly number[] };

function drawTable(read: (utcMs: number) => number): Table {
  const starts = [Number.NEGATIVE_INFINITY];
  let last = read(tableFrom);
  const offsets = [last];
  for (let at = tableFrom + strideMs; at <= tableUntil; at += strideMs) {
    const offset = read(at);
    if (offset === last) continue;
    let before = at - strideMs;
    let after = at;
    while (after - before > minuteMs) {
      const middle = before + Math.floor((after - before) / minuteMs / 2) * minuteMs;
      if (read(middle) === last) before = middle;
      else after = middle;
    }
    starts.push(after);
    offsets.push(offset);
    last = offset;
  }
  return { starts, offsets };
}

function lookUp({ starts, offsets }: Table): (utcMs: number) => number {
  if (offsets.length === 1) {
    const only = offsets[0] ?? 0;
    return () => only;
  }
  return (utcMs) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= utcMs) low = middle;
      else high = middle - 1;
    }
    return offsets[low] ?? 0;
  };
}

const drawn = new Map<string, Zone>();
const drawnMax = 64;
const nameShape = /^[A-Za-z][A-Za-z0-9_+-]*(?:\/[A-Za-z0-9_+-]+){0,2}$/u;

/** The zone of an IANA name; null if there is no such zone. Drawing one up takes about 0.1 s, once. */
export function zoneOf(id: string): Zone | null {
  const known = drawn.get(id);
  if (known !== undefined) return known;
  const read = nameShape.test(id) ? offsetReader(id) : null;
  if (read === null) return null;
  const offsetAt = lookUp(drawTable(read));
  const toUtc = (wallMs: number): number => {
    const before = offsetAt(wallMs - dayMs);
    const early = wallMs - before;
    if (offsetAt(early) === before) return early;
    const late = wallMs - offsetAt(wallMs + dayMs);
    return offsetAt(late) === wallMs - late ? late : early;
  };
  const zone: Zone = { id, offsetAt, toUtc };
  if (drawn.size < drawnMax) drawn.set(id, zone);
  return zone;
}
