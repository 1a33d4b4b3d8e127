import type { Log } from "@troth/log";

/** A log, and how often somebody began to read it. */
export function countedLog(log: Log): { readonly log: Log; readonly reads: () => number } {
  let reads = 0;
  const readBatches: Log["readBatches"] = (...given) => {
    reads += 1;
    return log.readBatches(...given);
  };
  return { log: { ...log, readBatches }, reads: () => reads };
}
