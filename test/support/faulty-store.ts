import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openFaultProxy } from "./fault-proxy.ts";
import { noS3, startS3 } from "./s3.ts";

/** Where a fleet's lake and snapshots are: an S3 server behind a proxy of faults, or a folder without one. */
export type FaultyStore = {
  readonly place: string;
  /** The usual environment of an S3 client. */
  readonly env: Readonly<Record<string, string>>;
  /** The folder in which the objects below a name lie. */
  readonly folderOf: (name: string) => string;
  /** From now on, three seconds of every ten, most connections meet a fault. */
  readonly begin: () => void;
  /** All is well again; gives how many faults were met. */
  readonly end: () => number;
  readonly [Symbol.asyncDispose]: () => Promise<void>;
};

const bucket = "fleet";
const everyMs = 10_000;
const forMs = 3_000;
const faultyShare = 0.6;

export async function openFaultyStore(seed: number): Promise<FaultyStore> {
  if (noS3 !== null) {
    const dir = mkdtempSync(join(tmpdir(), "troth-store-"));
    return {
      ...{ place: dir, env: {}, folderOf: (name) => join(dir, name) },
      ...{ begin: () => undefined, end: () => 0 },
      [Symbol.asyncDispose]: async () => rmSync(dir, { recursive: true, force: true }),
    };
  }
  const server = await startS3({ buckets: [bucket] });
  const proxy = await openFaultProxy(Number(new URL(server.endpoint).port), seed);
  let cycle: NodeJS.Timeout | undefined;
  let recovery: NodeJS.Timeout | undefined;
  const fail = (): void => {
    proxy.share(faultyShare);
    recovery = setTimeout(() => proxy.share(0), forMs);
  };
  const end = (): number => {
    clearInterval(cycle);
    clearTimeout(recovery);
    proxy.share(0);
    return [...proxy.met.values()].reduce((sum, one) => sum + one, 0);
  };
  return {
    place: `s3://${bucket}`,
    env: {
      AWS_ENDPOINT_URL: proxy.endpoint,
      AWS_REGION: server.region,
      AWS_ACCESS_KEY_ID: server.accessKey,
      AWS_SECRET_ACCESS_KEY: server.secretKey,
    },
    folderOf: (name) => join(server.root, bucket, name),
    begin: () => {
      cycle = setInterval(fail, everyMs);
    },
    end,
    [Symbol.asyncDispose]: async () => {
      end();
      await proxy.close();
      await server.close();
    },
  };
}
