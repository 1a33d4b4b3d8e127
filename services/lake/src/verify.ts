import type { ObjectStore } from "@troth/runtime";
import { manifestKey, manifestPrefix } from "./key.ts";
import { decodeManifest, type Manifest, sha256 } from "./manifest.ts";
import { tableNames } from "./table.ts";
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
  readonly outputs: number;
  readonly bytes: number;
};

export type VerifyOptions = {
  /** UUID the lake must be of; without it, the first manifest's. */
  readonly genesis?: string;
  /**
   * What the log of outputs holds up to: the lake's own objects cannot tell that its newest chunks
   * were taken away together with their manifests.
   */
  readonly outputsAtLeast?: number;
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
    if (key !== manifestKey(manifest.from, manifest.to)) {
      report("misnamed-manifest", key, `it speaks of ${manifestKey(manifest.from, manifest.to)}`);
    }
    chain.push({ key, manifest, hash: sha256(bytes) });
  }
  return chain;
}

/** Holds each manifest against the one before it. */
function verifyChain(chain: readonly Link[], genesis: string | undefined, report: Report): void {
  const of = genesis ?? chain[0]?.manifest.genesis;
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
    if (first.inOffset < from || last.inOffset !== to || to < from) {
      report("broken-chain", key, "its places lie outside its own range");
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

/** Everything in the store is a manifest, an object some manifest claims, or does not belong. */
function verifyClaims(chain: readonly Link[], keys: ReadonlySet<string>, report: Report): void {
  const claimed = new Map<string, string>();
  for (const {
    key: manifest,
    manifest: { objects },
  } of chain) {
    for (const { key } of objects) {
      const other = claimed.get(key);
      if (other !== undefined) report("claimed-twice", key, `by ${other} and by ${manifest}`);
      claimed.set(key, manifest);
      if (!keys.has(key)) report("missing-object", key, `${manifest} claims it`);
    }
  }
  for (const key of keys) {
    if (key.startsWith(manifestPrefix) && key.endsWith(".json")) continue;
    if (claimed.has(key)) continue;
    const inTable = tableNames.some((name) => key.startsWith(`${name}/`));
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
  const manifests = keys.filter((key) => key.startsWith(manifestPrefix) && key.endsWith(".json"));
  const chain = await readChain(store, manifests, report);
  if (manifests.length === 0) report("no-manifest", manifestPrefix, "there is no lake here");
  verifyChain(chain, options.genesis, report);
  verifyClaims(chain, new Set(keys), report);
  let objects = 0;
  let bytes = 0;
  for (const { key, manifest } of chain) {
    await verifyChunk(store, key, manifest, report);
    objects += manifest.objects.length;
    for (const object of manifest.objects) bytes += object.bytes;
  }
  const outputs = chain.reduce((sum, { manifest }) => sum + manifest.outputs, 0);
  const wanted = options.outputsAtLeast ?? 0;
  if (outputs < wanted) {
    report(
      "gap",
      manifests.at(-1) ?? manifestPrefix,
      `${wanted - outputs} outputs of the log are missing at the end`,
    );
  }
  return { findings, chunks: chain.length, objects, outputs, bytes };
}
