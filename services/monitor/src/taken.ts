import type { Taking } from "@troth/engine";

const othersTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A snapshot, taken a little at a time between whatever else there is to do: `turn` resolves when it is our turn again. */
export async function taken(
  taking: Taking,
  turn: () => Promise<void> = othersTurn,
): Promise<readonly Buffer[]> {
  while (!taking.step()) await turn();
  return taking.pieces();
}
