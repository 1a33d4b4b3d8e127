import { type Filed, isKind } from "@troth/events";
import type { ObjectStore } from "@troth/runtime";
import { decodeFactFile } from "./avro-file.ts";
import { manifestRoot, partitionOf, partsOfKey } from "./key.ts";
import { LakeError } from "./lake-error.ts";
import {
  decodeManifest,
  type Manifest,
  type ManifestObject,
  type Place,
  sha256,
} from "./manifest.ts";
import { readRows } from "./parquet.ts";
import { factsTable } from "./table.ts";
import { retiredKeys } from "./tombstone.ts";

/** One thing the judge said, as decisions.jsonl has it. */
export type Said = Place & { readonly decision: string };

/** A closed chunk: the facts of a range, and all that was said of them, each in order. */
export type LakeChunk = {
  readonly from: number;
  readonly to: number;
  readonly facts: readonly Filed[];
  readonly said: readonly Said[];
};

const damaged = (key: string, why: string): LakeError =>
  new LakeError("damaged-lake", `${key}: ${why}; troth verify names everything that is wrong`);

const retired = (from: number, to: number): LakeError =>
  new LakeError(
    "retired",
    `what was heard or said of the facts ${from} to ${to} was retired: nobody can judge this lake anew`,
  );

/** The bytes of an object, held against its manifest. */
export async function bytesOf(store: ObjectStore, object: ManifestObject): Promise<Buffer> {
  const bytes = await store.get(object.key);
  if (bytes === null) throw damaged(object.key, "its manifest claims it, yet it is missing");
  if (sha256(bytes) !== object.sha256) throw damaged(object.key, "it was changed");
  return bytes;
}

export async function factsIn(
  store: ObjectStore,
  object: ManifestObject,
): Promise<readonly Filed[]> {
  const kind = partsOfKey(object.key)?.kind ?? "";
  if (kind !== "tick" && !isKind(kind)) throw damaged(object.key, "no such kind of event");
  return decodeFactFile(kind, await bytesOf(store, object));
}

const saidColumns = ["inOffset", "seq", "decision"];

async function saidIn(store: ObjectStore, object: ManifestObject): Promise<readonly Said[]> {
  const rows = await readRows(await bytesOf(store, object), saidColumns);
  return rows.map((row) => ({
    inOffset: Number(row["inOffset"]),
    seq: Number(row["seq"]),
    decision: String(row["decision"]),
  }));
}

const inTable = (name: string) => (object: ManifestObject) => object.key.startsWith(`${name}/`);

const isNeeded = (object: ManifestObject): boolean =>
  inTable(factsTable)(object) || inTable("decisions")(object);

/** The manifests of each partition in order, each held against the one before. */
export async function chainsOf(
  store: ObjectStore,
): Promise<ReadonlyMap<number, readonly Manifest[]>> {
  const chains = new Map<number, Manifest[]>();
  let previous: string | null = null;
  for (const key of await store.list(manifestRoot)) {
    const partition = partitionOf(key);
    if (partition === null) continue;
    const bytes = (await store.get(key)) ?? Buffer.alloc(0);
    const manifest = decodeManifest(bytes);
    if (typeof manifest === "string") throw damaged(key, manifest);
    const chain = chains.get(partition) ?? [];
    if (chain.length === 0) previous = null;
    const next = (chain.at(-1)?.to ?? -1) + 1;
    if (manifest.from !== next || manifest.previous !== previous) {
      throw damaged(key, `it does not follow what ends before offset ${next}`);
    }
    chain.push(manifest);
    chains.set(partition, chain);
    previous = sha256(bytes);
  }
  if (chains.size === 0) throw new LakeError("damaged-lake", "there is no lake here");
  return chains;
}

/**
 * The log of facts as a lake holds it, and what was said of it then, chunk by chunk from the beginning.
 * Every byte is held against its manifest; anything missing or changed is a `LakeError`. Who wants facts
 * only is given nothing of what was said.
 */
export async function* readChunks(
  store: ObjectStore,
  wanted: "facts" | "all" = "all",
): AsyncGenerator<LakeChunk> {
  const chains = await chainsOf(store);
  const chain = chains.get(0);
  if (chain === undefined || chains.size > 1) {
    throw new LakeError(
      "damaged-lake",
      "this lake has several partitions, which cross; it cannot be judged anew as one",
    );
  }
  const gone = await retiredKeys(store);
  for (const { from, to, facts: held, objects } of chain) {
    if (held === 0) {
      throw new LakeError(
        "facts-missing",
        `the lake holds what was said of facts ${from} to ${to}, not the facts`,
      );
    }
    const facts: Filed[] = [];
    const said: Said[] = [];
    const needed = objects.filter((one) => isNeeded(one) && gone.has(one.key));
    if (needed.length > 0) throw retired(from, to);
    for (const object of objects.filter(inTable(factsTable))) {
      for (const one of await factsIn(store, object)) facts.push(one);
    }
    const spoken = wanted === "all" ? objects.filter(inTable("decisions")) : [];
    for (const object of spoken) {
      for (const one of await saidIn(store, object)) said.push(one);
    }
    facts.sort((a, b) => a.offset - b.offset);
    said.sort((a, b) => a.inOffset - b.inOffset || a.seq - b.seq);
    yield { from, to, facts, said };
  }
}
