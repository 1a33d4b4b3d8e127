import type { ObjectStore } from "../ports.ts";
import type { Perform } from "./disk.ts";

export type StoreCall = {
  readonly operation: "putIfAbsent" | "get" | "list" | "remove";
  readonly key: string;
};

export type SimulatedStoreOptions = {
  /** What is stored, shared by all who are given it. */
  readonly objects?: Map<string, Buffer>;
  readonly perform?: Perform<StoreCall>;
};

/** Objects in memory; what was put cannot be changed through any Buffer handed out. */
export function openSimulatedStore(options: SimulatedStoreOptions = {}): ObjectStore {
  const { objects = new Map<string, Buffer>() } = options;
  const { perform = async <T>(_: StoreCall, work: () => T): Promise<T> => work() } = options;
  return {
    putIfAbsent: (key, bytes) =>
      perform({ operation: "putIfAbsent", key }, () => {
        if (objects.has(key)) return "exists";
        objects.set(key, Buffer.from(bytes));
        return "created";
      }),
    get: (key) =>
      perform({ operation: "get", key }, () => {
        const found = objects.get(key);
        return found === undefined ? null : Buffer.from(found);
      }),
    list: (prefix) =>
      perform({ operation: "list", key: prefix }, () =>
        [...objects.keys()].filter((key) => key.startsWith(prefix)).sort(),
      ),
    remove: (key) => perform({ operation: "remove", key }, () => void objects.delete(key)),
  };
}
