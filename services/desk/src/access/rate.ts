import type { Clock } from "@troth/runtime";

type Bucket = { tokens: number; at: number };
const bucketsMax = 20_000;

/** So many at once, so many a second after that, for each key. */
export function openRate(clock: Clock, burst: number, perSecond: number) {
  const buckets = new Map<string, Bucket>();
  return {
    /** Takes one; gives how many seconds to wait when there is none. */
    take: (key: string): number => {
      const now = clock.now();
      const bucket = buckets.get(key) ?? { tokens: burst, at: now };
      const passed = Math.max(0, now - bucket.at);
      bucket.tokens = Math.min(burst, bucket.tokens + (passed / 1_000) * perSecond);
      bucket.at = now;
      buckets.delete(key);
      buckets.set(key, bucket);
      if (buckets.size > bucketsMax) {
        const [oldest] = buckets.keys();
        if (oldest !== undefined) buckets.delete(oldest);
      }
      if (bucket.tokens < 1) return Math.ceil((1 - bucket.tokens) / perSecond);
      bucket.tokens -= 1;
      return 0;
    },
  };
}
