import type { ObjectStore } from "../ports.ts";

/** Objects in memory; what was put cannot be changed through any Buffer handed out. */
export function openSimulatedStore(): ObjectStore {
  const objects = new Map<string, Buffer>();
  return {
    putIfAbsent: async (key, bytes) => {
      if (objects.has(key)) return "exists";
      objects.set(key, Buffer.from(bytes));
      return "created";
    },
    get: async (key) => {
      const found = objects.get(key);
      return found === undefined ? null : Buffer.from(found);
    },
    list: async (prefix) => [...objects.keys()].filter((key) => key.startsWith(prefix)).sort(),
  };
}
