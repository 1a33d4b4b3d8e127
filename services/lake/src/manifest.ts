import { createHash } from "node:crypto";
import { canonicalJson } from "@troth/events";
import type { Period } from "./key.ts";

/** Where an output stands: the offset of the fact that caused it and its number among its outputs. */
export type Place = { readonly inOffset: number; readonly seq: number };

export type ManifestObject = {
  readonly key: string;
  readonly rows: number;
  readonly bytes: number;
  readonly sha256: string;
};

/**
 * One closed chunk of the log of outputs: which objects hold it. Written after them, so that what a
 * manifest names is there; whoever opens the lake goes on behind the last manifest.
 */
export type Manifest = {
  readonly format: 2;
  /** UUID of the log of outputs. */
  readonly genesis: string;
  readonly partition: number;
  readonly period: Period;
  /** Counts the chunks, from 1. */
  readonly number: number;
  /** Offsets of the facts it covers, both ends included; `from` follows the last `to`. */
  readonly from: number;
  readonly to: number;
  /** How many of these facts it holds itself: all of them, or none in a lake of outputs alone. */
  readonly facts: number;
  /** Places of its first and last output; null when these facts had none. */
  readonly first: Place | null;
  readonly last: Place | null;
  /** Outputs in all chunks before this one, and in it. */
  readonly before: number;
  readonly outputs: number;
  /** SHA-256 of the manifest before it; null for the first. */
  readonly previous: string | null;
  /** In order of their keys. */
  readonly objects: readonly ManifestObject[];
};

export const sha256 = (bytes: Uint8Array | string): string =>
  createHash("sha256").update(bytes).digest("hex");

/** Canonical JSON, sealed by its own SHA-256 in the member `seal`. */
export const encodeManifest = (manifest: Manifest): Buffer =>
  Buffer.from(`${canonicalJson({ ...manifest, seal: sha256(canonicalJson(manifest)) })}\n`);

type Members = Readonly<Record<string, unknown>>;

const isMembers = (value: unknown): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isCount = (value: unknown): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
const isHash = (value: unknown): boolean =>
  typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
const isPlace = (value: unknown): boolean =>
  value === null || (isMembers(value) && isCount(value["inOffset"]) && isCount(value["seq"]));
const isObject = (value: unknown): boolean =>
  isMembers(value) &&
  typeof value["key"] === "string" &&
  isCount(value["rows"]) &&
  isCount(value["bytes"]) &&
  isHash(value["sha256"]);

const counted = ["partition", "number", "from", "to", "facts", "before", "outputs"];

const isManifest = (value: unknown): value is Manifest =>
  isMembers(value) &&
  value["format"] === 2 &&
  typeof value["genesis"] === "string" &&
  (value["period"] === "day" || value["period"] === "month") &&
  counted.every((name) => isCount(value[name])) &&
  isPlace(value["first"]) &&
  isPlace(value["last"]) &&
  (value["previous"] === null || isHash(value["previous"])) &&
  Array.isArray(value["objects"]) &&
  value["objects"].every(isObject);

/** The manifest in these bytes, or in words why they hold none. */
export function decodeManifest(bytes: Buffer): Manifest | string {
  let read: unknown;
  try {
    read = JSON.parse(bytes.toString("utf8"));
  } catch {
    return "it is no JSON";
  }
  if (!isMembers(read)) return "it is no JSON object";
  const { seal, ...manifest } = read;
  if (seal !== sha256(canonicalJson(manifest))) return "its seal does not fit its content";
  if (!isManifest(manifest)) return "it is no manifest of format 2";
  // Bytes changed without changing the meaning are not what was written either.
  return encodeManifest(manifest).equals(bytes) ? manifest : "it is not written as it was sealed";
}
