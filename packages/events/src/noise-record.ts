import { decodeFact, encodeFact } from "./codec.ts";
import type { SourceDecision } from "./decision.ts";
import type { Fact } from "./fact.ts";
import type { Reference } from "./reference.ts";
import { invariant } from "./result.ts";

/** A name as it was given, and the pseudonym the judge knows it by. */
export type Named = { readonly reference: Reference; readonly key: string };

/** The same record goes to all partitions; what all would say alike, only one of them says. */
type ForAll = { readonly speaks: boolean };

/** One thing the registrar hands to the judge of a partition. */
export type NoiseBody =
  | {
      readonly kind: "fact";
      readonly customer: Named;
      /** Key of the customer it was addressed to before merges. */
      readonly origin: string;
      readonly fact: Fact;
    }
  | {
      readonly kind: "retract";
      readonly customer: Named;
      /** `identityOf` of each fact to take back. */
      readonly facts: readonly string[];
    }
  | {
      readonly kind: "merge" | "split";
      /** merge: who is absorbed; split: who leaves. */
      readonly part: Named;
      /** The customer that absorbs, or that is left. */
      readonly whole: Named;
      /**
       * Null when both are of this partition. Else this one's side, the partition of the other side,
       * and the number of the exchange between them: it grows over the whole log.
       */
      readonly across: Across | null;
    }
  | ({ readonly kind: "cohort"; readonly fact: Fact } & ForAll)
  | {
      readonly kind: "source";
      /** Index of the policy's source rule. */
      readonly source: number;
      readonly change: "watched" | "silent" | "back";
      /** For silent: when it was last heard. */
      readonly heard: number;
      /** What the partition that speaks for all says of it. */
      readonly says: SourceDecision | null;
    }
  | { readonly kind: "tick" }
  /** From here on the partition is judged under this policy. */
  | { readonly kind: "policy"; readonly hash: string };

export type Across = {
  readonly side: "loses" | "gains";
  readonly other: number;
  readonly exchange: number;
};

/**
 * One entry of a partition's noise log. `number` counts the records of the partition from 0 without a
 * gap, whatever offsets the log gives them: a copy written twice is known by it, and so is a hole.
 */
export type NoiseRecord = {
  readonly number: number;
  /** Offset of the fact that caused it. */
  readonly inOffset: number;
  /** Log time; never goes back within a partition. */
  readonly stamp: number;
  readonly body: NoiseBody;
};

/** A record with a fact: this byte, the length of its head, the head as JSON, the logged fact. */
const factMark = 3;
const frameBytes = 5;

/** Records without a fact are JSON. */
export function encodeNoise(record: NoiseRecord): Buffer {
  const { body } = record;
  if (!("fact" in body)) return Buffer.from(JSON.stringify(record));
  const { number, inOffset, stamp } = record;
  const head = JSON.stringify({ number, inOffset, stamp, body: { ...body, fact: undefined } });
  return joinNoise(Buffer.from(head), encodeFact(body.fact));
}

export type SplitNoise = { readonly head: Buffer; readonly fact: Buffer };

/** Head and logged fact as they lie in the record; null for one without a fact. */
export function splitNoise(bytes: Uint8Array): SplitNoise | null {
  if (bytes[0] !== factMark) return null;
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = frameBytes + view.readUInt32BE(1);
  return { head: view.subarray(frameBytes, end), fact: view.subarray(end) };
}

export function joinNoise(head: Uint8Array, fact: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(frameBytes + head.length + fact.length);
  bytes[0] = factMark;
  bytes.writeUInt32BE(head.length, 1);
  bytes.set(head, frameBytes);
  bytes.set(fact, frameBytes + head.length);
  return bytes;
}

/** The inverse, for records whose checksum the log has verified; throws on anything else. */
export function decodeNoise(bytes: Uint8Array): NoiseRecord {
  const split = splitNoise(bytes);
  if (split === null) return JSON.parse(textOf(bytes));
  const record = JSON.parse(textOf(split.head));
  const fact = decodeFact(split.fact);
  invariant(fact.ok, "a record of noise holds a fact that is none");
  record.body.fact = fact.value;
  return record;
}

const textOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");

/** Which of `partitions` a customer belongs to: for good, as their number is fixed at birth. */
export const partitionOf = (key: string, partitions: number): number =>
  Number.parseInt(key.slice(0, 12), 16) % partitions;
