import { createHash } from "node:crypto";
import type { Snapshot, Snapshots } from "@troth/log";
import { type Clock, isRetryable, type ObjectStore } from "@troth/runtime";

export type SharedSnapshotsOptions = {
  readonly local: Snapshots;
  /** Where whoever takes the partition over finds them. */
  readonly store: ObjectStore;
  readonly prefix: string;
  readonly clock: Clock;
  /** At most so often. */
  readonly everyMs: number;
  /** A snapshot that could not be shared or read is no trouble but for the time it would have saved. */
  readonly skipped: (key: string, why: unknown) => void;
};

/** Of each partition; more than one, since the newest may turn out damaged. */
const kept = 3;
const nameShape = /\/(\d{16})-([0-9a-f]{16})$/;
const hashOf = (bytes: Uint8Array): string =>
  createHash("sha256").update(bytes).digest("hex").slice(0, 16);

/** Snapshots on this machine's disk and, now and then, where other machines find them. */
export function openSharedSnapshots(options: SharedSnapshotsOptions): Snapshots {
  const { local, store, prefix, clock, everyMs, skipped } = options;
  let sharedAt = Number.NEGATIVE_INFINITY;

  const newest = async (beyond: number): Promise<Snapshot | null> => {
    const keys = (await store.list(`${prefix}/`)).filter((key) => nameShape.test(key)).reverse();
    for (const key of keys) {
      const [, digits = "", hash] = nameShape.exec(key) ?? [];
      const position = Number(digits);
      if (position <= beyond) return null;
      const bytes = await store.get(key);
      if (bytes !== null && hashOf(bytes) === hash) return { position, bytes };
      skipped(key, "its content is not what its name says");
    }
    return null;
  };

  const removeOld = async (): Promise<void> => {
    const keys = (await store.list(`${prefix}/`)).filter((key) => nameShape.test(key));
    for (const key of keys.slice(0, -kept)) await store.remove(key);
  };

  return {
    save: async (snapshot) => {
      await local.save(snapshot);
      if (clock.now() - sharedAt < everyMs) return;
      const name = String(snapshot.position).padStart(16, "0");
      const key = `${prefix}/${name}-${hashOf(snapshot.bytes)}`;
      try {
        await store.putIfAbsent(key, snapshot.bytes);
        sharedAt = clock.now();
        await removeOld();
      } catch (error) {
        if (!isRetryable(error)) throw error;
        skipped(key, error);
      }
    },
    load: async () => {
      const own = await local.load();
      try {
        return (await newest(own?.position ?? -1)) ?? own;
      } catch (error) {
        if (!isRetryable(error)) throw error;
        skipped(prefix, error);
        return own;
      }
    },
  };
}
