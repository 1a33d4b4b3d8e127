import type { Rng } from "../ports.ts";

/** A seeded generator (sfc32): the same seed gives the same numbers on every machine. */
export function openSimulatedRng(seed: number): Rng {
  let a = seed | 0;
  let b = Math.imul(seed, 0x9e3779b9) | 0;
  let c = 0x243f6a88;
  let d = 1;
  const word = (): number => {
    const sum = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
  // Neighbouring seeds begin alike; a few rounds drive them apart.
  for (let round = 0; round < 16; round++) word();
  const hex = (digits: number): string => word().toString(16).padStart(8, "0").slice(0, digits);
  return {
    next: () => word() / 0x1_0000_0000,
    uuid: () => {
      const variant = "89ab"[word() & 3] ?? "8";
      return `${hex(8)}-${hex(4)}-4${hex(3)}-${variant}${hex(3)}-${hex(8)}${hex(4)}`;
    },
  };
}
