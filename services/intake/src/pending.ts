import type { IncomingHttpHeaders } from "node:http";

/** Bytes of bodies that are in memory, or will be once they have come in. */
export type Pending = {
  readonly bytes: () => number;
  /** Takes room for a body and returns what gives it back; null when there is none. */
  readonly take: (bytes: number) => (() => void) | null;
};

export function openPending(bytesMax: number): Pending {
  let held = 0;
  return {
    bytes: () => held,
    take: (bytes) => {
      if (held + bytes > bytesMax) return null;
      held += bytes;
      let isHeld = true;
      return () => {
        if (isHeld) held -= bytes;
        isHeld = false;
      };
    },
  };
}

/** The room a request needs. One that does not say its length may have any that is allowed. */
export function announcedBytes(headers: IncomingHttpHeaders, batchBytesMax: number): number {
  const length = Number(headers["content-length"] ?? Number.NaN);
  return Number.isSafeInteger(length) && length >= 0
    ? Math.min(length, batchBytesMax)
    : batchBytesMax;
}
