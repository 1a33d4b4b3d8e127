import { createHash } from "node:crypto";
import type { Refusal, RefusalReason } from "@troth/events";

/** Something that came in and is no event: kept so that it can be put right and sent again. */
export type SetAside = {
  /** UTC milliseconds of our clock. */
  readonly at: number;
  /** Where it came from: `http`, or the name of a file. */
  readonly origin: string;
  /** Counts lines of a file or request, or elements of a batch, from 1. */
  readonly line: number;
  readonly reason: RefusalReason;
  readonly field: string | null;
  readonly message: string;
  /** Size and SHA-256 (hex) of all of it; `raw` holds only its beginning if it is large. */
  readonly size: number;
  readonly sha256: string;
  readonly raw: Uint8Array;
};

/** Of something larger only this much is kept: what is too large is told by its beginning. */
export const rawBytesMax = 256 * 1024;

export const setAsideOf = (
  bytes: Uint8Array,
  refusal: Refusal,
  from: { readonly at: number; readonly origin: string; readonly line: number },
): SetAside => ({
  at: from.at,
  origin: from.origin,
  line: from.line,
  reason: refusal.reason,
  field: refusal.field,
  message: refusal.message,
  size: bytes.length,
  sha256: createHash("sha256").update(bytes).digest("hex"),
  raw: bytes.length > rawBytesMax ? bytes.subarray(0, rawBytesMax) : bytes,
});

/** One JSON line; `raw` in Base64, since what was refused may be any bytes. */
export const encodeSetAside = (item: SetAside): Buffer =>
  Buffer.from(JSON.stringify({ ...item, raw: Buffer.from(item.raw).toString("base64") }));
