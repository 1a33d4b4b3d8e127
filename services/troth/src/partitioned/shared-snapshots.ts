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
/** Sharing takes at most this share of the time. */
const timesTheCost = 5;
/** A service that is told to stop has five seconds for everything. */
const lastWithinMs = 2_000;
const nameShape = /\/(\d{16})-([0-9a-f]{16})$/;
type ToSave = Parameters<Snapshots["save"]>[0];

/** Resolves when the work is done, or when that takes too long; the work goes on. */
const within = (clock: Clock, ms: number, work: Promise<void>): Promise<void> =>
  new Promise((resolve) => {
    const timer = clock.setTimer(ms, resolve);
    void work.finally(() => {
      timer.cancel();
      resolve();
    });
  });

const hashOf = (bytes: Uint8Array): string =>
  createHash("sha256").update(bytes).digest("hex").slice(0, 16);

/** Snapshots on this machine's disk and, now and then, where other machines find them. */
export function openSharedSnapshots(options: SharedSnapshotsOptions): Snapshots {
  const { local, store, prefix, clock, everyMs, skipped } = options;
  let sharedAt = Number.NEGATIVE_INFINITY;
  let costMs = 0;
  let sharing: Promise<void> | null = null;
  let failure: { readonly error: unknown } | null = null;

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

  const share = async ({ position, bytes }: ToSave): Promise<void> => {
    const name = String(position).padStart(16, "0");
    const key = `${prefix}/${name}-${hashOf(bytes)}`;
    const began = clock.now();
    try {
      await store.putIfAbsent(key, bytes);
      await removeOld();
    } catch (error) {
      if (!isRetryable(error)) failure = { error };
      else skipped(key, error);
    }
    sharedAt = clock.now();
    costMs = Math.max(0, sharedAt - began);
  };

  return {
    // Nobody judges later because the store is slow or away: it is shared beside the work.
    save: async (snapshot) => {
      await local.save(snapshot);
      if (failure !== null) throw failure.error;
      const isTime = clock.now() - sharedAt >= Math.max(everyMs, timesTheCost * costMs);
      if (sharing === null && (isTime || snapshot.isLast)) {
        sharing = share(snapshot).finally(() => {
          sharing = null;
        });
      }
      if (snapshot.isLast && sharing !== null) await within(clock, lastWithinMs, sharing);
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
