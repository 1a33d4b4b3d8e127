/** What a service may wait for: a closed set, as it labels a metric. */
export const waitKinds = [
  "brokers",
  "group",
  "turn",
  "restore",
  "registrar",
  "other-partition",
  "store",
  "again",
] as const;
export type WaitKind = (typeof waitKinds)[number];

/** Something that is waited for at the moment, in words for whoever is on call. */
export type Wait = { readonly for: WaitKind; readonly what: string };

/** Work that is under way and not in our own hands. */
export type Waits = {
  readonly while: <T>(kind: WaitKind, what: string, work: Promise<T>) => Promise<T>;
  readonly now: () => readonly Wait[];
};

export function openWaits(): Waits {
  const waits = new Set<Wait>();
  return {
    while: async (kind, what, work) => {
      const wait = { for: kind, what };
      waits.add(wait);
      try {
        return await work;
      } finally {
        waits.delete(wait);
      }
    },
    now: () => [...waits],
  };
}
