const one = 1n << 30n;

/** The largest whole number whose 64th power is at most 2^power: floor of 2^(power/64), exactly. */
function root64OfTwoTo(power: bigint): bigint {
  let low = 0n;
  let high = one;
  while (low < high) {
    const middle = (low + high + 1n) / 2n;
    if (middle ** 64n <= 1n << power) low = middle;
    else high = middle - 1n;
  }
  return low;
}

/** `decayTable[i]` is floor(2^30 * 2^(-i/64)), by whole-number arithmetic alone. */
export const decayTable: readonly bigint[] = Array.from({ length: 64 }, (_, i) =>
  root64OfTwoTo(30n * 64n - BigInt(i)),
);

/** Points after `ageMs` with the half-life given, toward zero; a negative age is none. */
export function decayed(points: number, ageMs: number, halfLifeMs: number): number {
  const age = BigInt(Math.max(0, ageMs));
  const step = (age * 64n) / BigInt(halfLifeMs);
  if (step >= 1920n) return 0;
  const entry = decayTable[Number(step % 64n)] ?? 0n;
  const factor = entry >> (step / 64n);
  return Number((BigInt(points) * factor) / one);
}

/** `points * perMille / 1000`, toward zero. */
export const scaled = (points: number, perMille: number): number =>
  Number((BigInt(points) * BigInt(perMille)) / 1000n);
