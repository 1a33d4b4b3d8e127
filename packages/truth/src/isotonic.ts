/** From `from` on the share is `share`; both rise. */
export type IsotonicStep = {
  readonly from: number;
  readonly share: number;
  readonly weight: number;
};

type Point = { readonly score: number; readonly bad: boolean; readonly weight: number };

/**
 * The rising step function nearest to the answers (pool adjacent violators), in steps of at least
 * `least` of the whole weight, so that a handful of answers makes no promise.
 */
export function fitIsotonic(points: readonly Point[], least: number): readonly IsotonicStep[] {
  const sorted = [...points].sort((a, b) => a.score - b.score);
  const total = sorted.reduce((sum, one) => sum + one.weight, 0);
  const blocks: { from: number; bad: number; weight: number }[] = [];
  for (let i = 0; i < sorted.length; ) {
    const from = sorted[i]?.score ?? 0;
    const block = { from, bad: 0, weight: 0 };
    // Equal scores stay together, and a block grows until it is heavy enough.
    for (let last = from; i < sorted.length; i += 1) {
      const one = sorted[i];
      if (one === undefined) break;
      if (one.score !== last && block.weight >= least * total) break;
      last = one.score;
      block.weight += one.weight;
      if (one.bad) block.bad += one.weight;
    }
    blocks.push(block);
    for (;;) {
      const above = blocks.at(-1);
      const below = blocks.at(-2);
      if (above === undefined || below === undefined) break;
      if (below.bad * above.weight < above.bad * below.weight) break;
      below.bad += above.bad;
      below.weight += above.weight;
      blocks.pop();
    }
  }
  return blocks.map(({ from, bad, weight }) => ({ from, share: bad / weight, weight }));
}
