import { canonicalJson } from "@troth/events";
import type { ObjectStore } from "@troth/runtime";
import { retiredRoot } from "./key.ts";
import { type ManifestObject, sha256 } from "./manifest.ts";

/** What was taken away on purpose: it stays for good, so that whoever verifies knows it from a loss. */
export type Tombstone = {
  readonly format: 1;
  readonly genesis: string;
  readonly partition: number;
  /** Counts the tombstones of a partition, from 1. */
  readonly number: number;
  readonly asOf: string;
  /** How long each table was to be kept, in days. */
  readonly keep: Readonly<Record<string, number>>;
  readonly objects: readonly ManifestObject[];
  /** SHA-256 of the one before it; null for the first. */
  readonly previous: string | null;
};

export type Sign = (text: string) => string;

export const encodeTombstone = (tombstone: Tombstone, sign?: Sign): Buffer => {
  const text = canonicalJson(tombstone);
  const signature = sign === undefined ? {} : { signature: sign(text) };
  return Buffer.from(`${canonicalJson({ ...tombstone, ...signature, seal: sha256(text) })}\n`);
};

/** The tombstone in these bytes, or in words what is wrong with it. */
export function decodeTombstone(bytes: Buffer, sign?: Sign): Tombstone | string {
  try {
    const { seal, signature, ...tombstone } = JSON.parse(bytes.toString("utf8"));
    const text = canonicalJson(tombstone);
    if (seal !== sha256(text)) return "its seal does not fit its content";
    if (tombstone.format !== 1) return "it is no tombstone of format 1";
    if (sign !== undefined && signature !== sign(text)) return "it is not signed with this key";
    return tombstone;
  } catch {
    return "it is no JSON object";
  }
}

/** Every tombstone there is, in order, by its key. */
export async function tombstonesIn(
  store: ObjectStore,
  sign?: Sign,
): Promise<ReadonlyMap<string, Tombstone | string>> {
  const found = new Map<string, Tombstone | string>();
  for (const key of await store.list(retiredRoot)) {
    found.set(key, decodeTombstone((await store.get(key)) ?? Buffer.alloc(0), sign));
  }
  return found;
}

/** Keys of everything that was retired. */
export async function retiredKeys(store: ObjectStore): Promise<ReadonlySet<string>> {
  const keys = new Set<string>();
  for (const tombstone of (await tombstonesIn(store)).values()) {
    if (typeof tombstone === "string") continue;
    for (const { key } of tombstone.objects) keys.add(key);
  }
  return keys;
}
