import type { Filed } from "@troth/events";
import type { ObjectStore } from "@troth/runtime";
import { encodeFactFile } from "./avro-file.ts";
import { Gathered } from "./gathered.ts";
import { manifestKey, manifestPrefix, objectKey, partsOfKey } from "./key.ts";
import { LakeError } from "./lake-error.ts";
import { encodeManifest, type Manifest, type ManifestObject, sha256 } from "./manifest.ts";
import { encodeTable, readCells } from "./parquet.ts";
import { putSame } from "./put.ts";
import { bytesOf, chainsOf, factsIn } from "./read.ts";
import { factsTable } from "./table.ts";
import { tables } from "./tables.ts";
import { retiredKeys } from "./tombstone.ts";

export type CompactOptions = {
  readonly from: ObjectStore;
  /** Another place, empty or holding what an earlier attempt wrote. */
  readonly to: ObjectStore;
  /** Chunks are joined until they hold so many facts and outputs; memory follows it. */
  readonly records?: number;
  readonly at?: (chunks: number) => void;
};

export type Compacted = {
  readonly chunks: { readonly before: number; readonly after: number };
  readonly objects: { readonly before: number; readonly after: number };
};

const defaultRecords = 200_000;
/** Nobody waits here, so groups may be as large as scans like them. */
const rowsPerGroup = 50_000;

const recordsIn = ({ facts, outputs }: Manifest): number => facts + outputs;

/** Chunks that follow each other, in groups of at least so many records. */
function grouped(chain: readonly Manifest[], records: number): readonly (readonly Manifest[])[] {
  const groups: Manifest[][] = [];
  let held = Number.POSITIVE_INFINITY;
  for (const manifest of chain) {
    if (held >= records) {
      groups.push([]);
      held = 0;
    }
    groups.at(-1)?.push(manifest);
    held += recordsIn(manifest);
  }
  return groups;
}

/** Objects of one table, date and kind, in order of their offsets. */
function byName(group: readonly Manifest[]): ReadonlyMap<string, readonly ManifestObject[]> {
  const named = new Map<string, ManifestObject[]>();
  for (const { objects } of group) {
    for (const object of objects) {
      const name = object.key.slice(0, object.key.lastIndexOf("/p="));
      const others = named.get(name) ?? [];
      others.push(object);
      named.set(name, others);
    }
  }
  return named;
}

async function joined(
  store: ObjectStore,
  table: string,
  objects: readonly ManifestObject[],
): Promise<{ readonly rows: number; readonly bytes: Uint8Array }> {
  if (table === factsTable) {
    const facts: Filed[] = [];
    for (const object of objects) for (const one of await factsIn(store, object)) facts.push(one);
    return { rows: facts.length, bytes: encodeFactFile(facts) };
  }
  const found = tables.find(({ name }) => name === table);
  if (found === undefined) throw new LakeError("damaged-lake", `there is no table ${table}`);
  const gathered = new Gathered(found.columns);
  for (const object of objects) {
    const cells = await readCells(await bytesOf(store, object), found.columns);
    for (const row of cells) gathered.add(row);
  }
  return { rows: gathered.rows, bytes: await encodeTable(gathered, rowsPerGroup) };
}

async function writeGroup(
  { from, to }: CompactOptions,
  group: readonly Manifest[],
  before: Manifest | null,
): Promise<Manifest> {
  const [first, last] = [group[0], group.at(-1)];
  if (first === undefined || last === undefined) throw new RangeError("a group has a chunk");
  const objects: ManifestObject[] = [];
  for (const held of byName(group).values()) {
    const parts = partsOfKey(held[0]?.key ?? "");
    if (parts === null) throw new LakeError("damaged-lake", `${held[0]?.key} is no object's key`);
    const { rows, bytes } = await joined(from, parts.table, held);
    const hash = sha256(bytes);
    const { partition } = first;
    const key = objectKey({ ...parts, partition, from: first.from, to: last.to, sha256: hash });
    await putSame(to, key, bytes);
    objects.push({ key, rows, bytes: bytes.length, sha256: hash });
  }
  const sum = (count: (manifest: Manifest) => number): number =>
    group.reduce((total, manifest) => total + count(manifest), 0);
  const manifest: Manifest = {
    ...first,
    number: (before?.number ?? 0) + 1,
    to: last.to,
    facts: sum(({ facts }) => facts),
    first: group.find((one) => one.first !== null)?.first ?? null,
    last: group.findLast((one) => one.last !== null)?.last ?? null,
    outputs: sum(({ outputs }) => outputs),
    previous: before === null ? null : sha256(encodeManifest(before)),
    objects: objects.sort((a, b) => (a.key < b.key ? -1 : 1)),
  };
  const key = manifestKey(manifest.partition, manifest.from, manifest.to);
  await putSame(to, key, encodeManifest(manifest));
  return manifest;
}

/**
 * Writes a lake anew with fewer and larger objects, in another place: whoever reads the old one goes on
 * undisturbed, and changes over when it suits them. The same lake gives the same bytes; an attempt that
 * was cut short goes on when it is made again. The new lake can be verified, judged and written on.
 */
export async function compact(options: CompactOptions): Promise<Compacted> {
  const { from, to, records = defaultRecords } = options;
  if ((await retiredKeys(from)).size > 0) {
    throw new LakeError("retired", "parts of this lake were retired: compact first, then retire");
  }
  const chunks = { before: 0, after: 0 };
  const objects = { before: 0, after: 0 };
  for (const [partition, chain] of await chainsOf(from)) {
    let before: Manifest | null = null;
    const written = new Set<string>();
    for (const group of grouped(chain, records)) {
      before = await writeGroup(options, group, before);
      written.add(manifestKey(partition, before.from, before.to));
      chunks.before += group.length;
      chunks.after += 1;
      objects.before += group.reduce((total, one) => total + one.objects.length, 0);
      objects.after += before.objects.length;
      options.at?.(chunks.before);
    }
    const foreign = (await to.list(manifestPrefix(partition))).find((key) => !written.has(key));
    if (foreign !== undefined) {
      throw new LakeError("another-run", `${foreign} is of another lake: give an empty place`);
    }
  }
  return { chunks, objects };
}
