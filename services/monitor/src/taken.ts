import type { Taking } from "@troth/engine";

/** A snapshot, taken a little at a time between whatever else there is to do. */
export async function taken(taking: Taking): Promise<readonly Buffer[]> {
  while (!taking.step()) await new Promise((resolve) => setImmediate(resolve));
  return taking.pieces();
}
