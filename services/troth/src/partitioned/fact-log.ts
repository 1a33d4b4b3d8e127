import { decodeFact, type Fact, invariant } from "@troth/events";
import type { LogInput } from "@troth/log";

/**
 * What the log of facts holds: facts as they are encoded, ticks that only move log time, and the
 * policy that holds from there on. A fact's frame alone is five bytes and begins with 0.
 */
export type FactRecord =
  | { readonly kind: "fact"; readonly fact: Fact }
  | { readonly kind: "tick" }
  | { readonly kind: "policy"; readonly hash: string };

const tickMark = 1;
const policyMark = 2;

export const tick: LogInput = { bytes: Uint8Array.of(tickMark) };

export const policySwitch = (hash: string): LogInput => ({
  bytes: Buffer.concat([Uint8Array.of(policyMark), Buffer.from(hash)]),
});

export function readFactRecord(bytes: Buffer, offset: number): FactRecord {
  if (bytes[0] === tickMark && bytes.length === 1) return { kind: "tick" };
  if (bytes[0] === policyMark) return { kind: "policy", hash: bytes.toString("utf8", 1) };
  const decoded = decodeFact(bytes);
  // Only facts that passed the door are in this log, behind a checksum.
  invariant(decoded.ok, `record ${offset} of the facts log is no fact`);
  return { kind: "fact", fact: decoded.value };
}
