import { type ObjectStore, s3Probe } from "@troth/runtime";
import { manifestKey, manifestRoot, partitionOf, retiredRoot, tombstoneKey } from "./key.ts";
import { decodeManifest, type Manifest, sha256 } from "./manifest.ts";
import { factsTable, tableNames } from "./table.ts";
import { type Sign, tombstonesIn } from "./tombstone.ts";
import { verifyChunk } from "./verify-chunk.ts";

export const faults = [
  "no-manifest",
  "damaged-manifest",
  "misnamed-manifest",
  "another-genesis",
  "gap",
  "overlap",
  "broken-chain",
  "missing-object",
  "changed-object",
  "misplaced-object",
  "unreadable-object",
  "wrong-rows",
  "unclaimed-object",
  "claimed-twice",
  "stranger",
  "damaged-tombstone",
] as const;
export type Fault = (typeof faults)[number];

export type Finding = {
  readonly fault: Fault;
  /** The object it was found at. */
  readonly key: string;
  /** What is wrong, and what it means. */
  readonly says: string;
};

export type Audit = {
  readonly findings: readonly Finding[];
  readonly chunks: number;
  readonly objects: number;
  /** Facts held themselves; 0 in a lake of outputs alone. */
  readonly facts: number;
  readonly outputs: number;
  readonly bytes: number;
  /** Objects that were taken away on purpose. */
  readonly retired: number;
};

export type VerifyOptions = {
  /** UUID the lake must be of; without it, the first manifest's. */
  readonly genesis?: string;
  /**
   * What the log of outputs holds up to: the lake's own objects cannot tell that its newest chunks
   * were taken away together with their manifests.
   */
  readonly outputsAtLeast?: number;
  /** Makes the signature that every tombstone must have. */
  readonly sign?: Sign;
  /** Hears after each chunk how many there are in all. */
  readonly at?: (chunks: number) => void;
};

type Report = (fault: Fault, key: string, says: string) => void;

type Link = { readonly key: string; readonly manifest: Manifest; readonly hash: string };

/** Reads every manifest that can be read, in order of its key. */
async function readChain(
  store: ObjectStore,
  keys: readonly string[],
  report: Report,
): Promise<readonly Link[]> {
  const chain: Link[] = [];
  for (const key of keys) {
    const bytes = (await store.get(key)) ?? Buffer.alloc(0);
    const manifest = decodeManifest(bytes);
    if (typeof manifest === "string") {
      report("damaged-manifest", key, `${manifest}; what it claimed is not known any more`);
      continue;
    }
    const right = manifestKey(manifest.partition, manifest.from, manifest.to);
    if (key !== right) report("misnamed-manifest", key, `it speaks of ${right}`);
    chain.push({ key, manifest, hash: sha256(bytes) });
  }
  return chain;
}

/** Holds each manifest against the one before it. */
function verifyChain(chain: readonly Link[], of: string | undefined, report: Report): void {
  let before: Link | null = null;
  for (const link of chain) {
    const { key, manifest } = link;
    if (manifest.genesis !== of) {
      report("another-genesis", key, `it is of log ${manifest.genesis}, not of ${of}`);
    }
    const expected = (before?.manifest.to ?? -1) + 1;
    const { from, to, first, last } = manifest;
    if (from > expected) report("gap", key, `offsets ${expected} to ${from - 1} are missing`);
    if (from < expected)
      report("overlap", key, `offsets ${from} to ${expected - 1} are held twice`);
    const facts = manifest.facts > 0;
    const inside =
      (first?.inOffset ?? from) >= from &&
      (facts ? (last?.inOffset ?? to) <= to : last?.inOffset === to);
    if (!inside || to < from) {
      report("broken-chain", key, "its places lie outside its own range");
    }
    if (before !== null && facts !== before.manifest.facts > 0) {
      report("gap", key, "some chunks hold the facts of the log, others do not");
    }
    const chained =
      manifest.previous === (before?.hash ?? null) &&
      manifest.number === (before?.manifest.number ?? 0) + 1 &&
      manifest.before === (before?.manifest.before ?? 0) + (before?.manifest.outputs ?? 0) &&
      manifest.period === (before?.manifest.period ?? manifest.period);
    if (!chained) {
      report(
        "broken-chain",
        key,
        `it does not follow ${before?.key ?? "nothing"}: one between is missing or changed`,
      );
    }
    before = link;
  }
}

/** Tombstones follow each other, and speak of objects that a manifest claims. */
async function verifyTombstones(
  store: ObjectStore,
  chain: readonly Link[],
  { sign }: VerifyOptions,
  report: Report,
): Promise<ReadonlySet<string>> {
  const claimed = new Map(
    chain.flatMap(({ manifest }) =>
      manifest.objects.map((one) => [one.key, { sha256: one.sha256, of: manifest }] as const),
    ),
  );
  const gone = new Set<string>();
  const before = new Map<number, string>();
  for (const [key, tombstone] of await tombstonesIn(store, sign)) {
    if (typeof tombstone === "string") {
      report("damaged-tombstone", key, `${tombstone}; what it accounted for is missing`);
      continue;
    }
    const { partition, number, previous, genesis, objects } = tombstone;
    if (key !== tombstoneKey(partition, number) || previous !== (before.get(partition) ?? null)) {
      report("damaged-tombstone", key, "it does not follow the one before it");
    }
    before.set(partition, sha256((await store.get(key)) ?? Buffer.alloc(0)));
    for (const object of objects) {
      const claim = claimed.get(object.key);
      if (claim?.sha256 !== object.sha256 || claim.of.genesis !== genesis) {
        report("damaged-tombstone", key, `no manifest claims ${object.key} as it was`);
      } else gone.add(object.key);
    }
  }
  return gone;
}

/** Everything in the store is a manifest, an object some manifest claims, or does not belong. */
function verifyClaims(
  chain: readonly Link[],
  keys: ReadonlySet<string>,
  gone: ReadonlySet<string>,
  report: Report,
): void {
  const claimed = new Map<string, string>();
  for (const {
    key: manifest,
    manifest: { objects },
  } of chain) {
    for (const { key } of objects) {
      const other = claimed.get(key);
      if (other !== undefined) report("claimed-twice", key, `by ${other} and by ${manifest}`);
      claimed.set(key, manifest);
      if (!keys.has(key) && !gone.has(key)) report("missing-object", key, `${manifest} claims it`);
    }
  }
  for (const key of keys) {
    if (partitionOf(key) !== null || key === s3Probe || key.startsWith(retiredRoot)) continue;
    if (claimed.has(key)) continue;
    const inTable = [factsTable, ...tableNames].some((name) => key.startsWith(`${name}/`));
    if (inTable) {
      report(
        "unclaimed-object",
        key,
        "no manifest names it: a stop in the middle of closing left it, and the next start claims it; or its manifest is gone",
      );
    } else {
      report("stranger", key, "nothing of a lake has such a name");
    }
  }
}

/** Reads a whole lake back and says everything that is wrong with it; an empty list means it is whole. */
export async function verify(store: ObjectStore, options: VerifyOptions = {}): Promise<Audit> {
  const findings: Finding[] = [];
  const report: Report = (fault, key, says) => void findings.push({ fault, key, says });
  const keys = await store.list("");
  const partitions = new Map<number, string[]>();
  for (const key of keys) {
    const partition = partitionOf(key);
    if (partition === null) continue;
    const others = partitions.get(partition) ?? [];
    others.push(key);
    partitions.set(partition, others);
  }
  if (partitions.size === 0) report("no-manifest", manifestRoot, "there is no lake here");
  const links: Link[] = [];
  for (const manifests of partitions.values()) {
    const chain = await readChain(store, manifests, report);
    verifyChain(chain, options.genesis ?? (links[0] ?? chain[0])?.manifest.genesis, report);
    links.push(...chain);
  }
  const gone = await verifyTombstones(store, links, options, report);
  verifyClaims(links, new Set(keys), gone, report);
  const sums = { chunks: links.length, objects: 0, facts: 0, outputs: 0, bytes: 0 };
  const retired = gone.size;
  for (const { key, manifest } of links) {
    await verifyChunk(store, key, manifest, report);
    sums.objects += manifest.objects.length;
    sums.facts += manifest.facts;
    sums.outputs += manifest.outputs;
    for (const object of manifest.objects) sums.bytes += object.bytes;
    options.at?.(sums.chunks);
  }
  const wanted = options.outputsAtLeast ?? 0;
  if (sums.outputs < wanted) {
    const key = links.at(-1)?.key ?? manifestRoot;
    report("gap", key, `${wanted - sums.outputs} outputs of the log are missing at the end`);
  }
  return { findings, retired, ...sums };
}
