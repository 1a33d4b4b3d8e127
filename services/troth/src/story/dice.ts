import { openSimulatedRng } from "@troth/runtime";

/** Chance from a seed alone: the same seed and page throw the same numbers on every machine. */
export type Dice = {
  /** A whole number from `least` to `most`, both possible. */
  readonly whole: (least: number, most: number) => number;
  readonly chance: (probability: number) => boolean;
  readonly pick: <Item>(first: Item, ...others: readonly Item[]) => Item;
};

export function diceOf(seed: number, page: number): Dice {
  const rng = openSimulatedRng((seed + Math.imul(page + 1, 0x9e37_79b1)) | 0);
  const whole = (least: number, most: number): number =>
    least + Math.floor(rng.next() * (most - least + 1));
  return {
    whole,
    chance: (probability) => rng.next() < probability,
    pick: (first, ...others) => [first, ...others][whole(0, others.length)] ?? first,
  };
}
