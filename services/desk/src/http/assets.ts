import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { extname } from "node:path";
import { gzipSync } from "node:zlib";

export type Asset = {
  readonly bytes: Buffer;
  /** The same, smaller, for browsers that read it. */
  readonly packed: Buffer;
  readonly type: string;
  readonly etag: string;
};

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};
const folder = new URL("../../assets/", import.meta.url);

/** The page's files by name, read once; what is not among them is not served, whatever the path. */
export async function readAssets(): Promise<ReadonlyMap<string, Asset>> {
  const assets = new Map<string, Asset>();
  for (const name of await readdir(folder)) {
    const type = types[extname(name)];
    if (type === undefined) continue;
    const bytes = await readFile(new URL(name, folder));
    const etag = `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 22)}"`;
    assets.set(name, { bytes, packed: gzipSync(bytes, { level: 9 }), type, etag });
  }
  return assets;
}
