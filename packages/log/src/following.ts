/** Readers that wait for more: woken when records become durable or the log closes. */
export type Following = {
  readonly wake: () => void;
  /** Resolves at the next `wake`, or when `signal` aborts. */
  readonly wait: (signal: AbortSignal) => Promise<void>;
};

export function openFollowing(): Following {
  const waiting = new Set<() => void>();
  return {
    wake: () => {
      for (const resume of [...waiting]) resume();
    },
    wait: (signal) =>
      new Promise((resolve) => {
        if (signal.aborted) return resolve();
        const resume = (): void => {
          waiting.delete(resume);
          signal.removeEventListener("abort", resume);
          resolve();
        };
        waiting.add(resume);
        signal.addEventListener("abort", resume);
      }),
  };
}

/** One record at a time out of batches. */
export async function* flatten<T>(
  batches: AsyncIterable<readonly T[]>,
): AsyncGenerator<T, void, undefined> {
  for await (const batch of batches) yield* batch;
}
