/** A member of a group and the partitions it says it holds. */
export type Member = { readonly id: string; readonly holds: readonly number[] };

/**
 * Shares `partitions` evenly and moves as few as that allows, because a partition that moves must
 * be restored elsewhere. The same members with the same claims give the same shares, in any order.
 */
export function shareSticky(
  partitions: readonly number[],
  members: readonly Member[],
): ReadonlyMap<string, readonly number[]> {
  if (members.length === 0) return new Map();
  const free = new Set(partitions);
  const sorted = [...members].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  const claims = sorted.map(({ id, holds }) => {
    // Of two that claim one partition (the first was thought dead) the first by name has it.
    const kept = [...new Set(holds)].filter((one) => free.delete(one)).sort((a, b) => a - b);
    return { id, kept };
  });
  const least = Math.floor(partitions.length / members.length);
  let withOneMore = partitions.length % members.length;
  // Who holds most gives up least: they get the larger shares.
  const byHolding = [...claims].sort((a, b) => b.kept.length - a.kept.length);
  const room = new Map<string, number>();
  for (const { id, kept } of byHolding) {
    const quota = least + (withOneMore > 0 ? 1 : 0);
    if (quota > least) withOneMore -= 1;
    for (const surplus of kept.splice(quota)) free.add(surplus);
    room.set(id, quota - kept.length);
  }
  const unheld = [...free].sort((a, b) => a - b);
  return new Map(
    claims.map(({ id, kept }) => {
      const taken = unheld.splice(0, room.get(id) ?? 0);
      return [id, [...kept, ...taken].sort((a, b) => a - b)];
    }),
  );
}
