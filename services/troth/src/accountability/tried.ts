/** Promises that came to be kept or broken. */
export type Tried = { readonly kept: number; readonly broken: number };

export const noneTried: Tried = { kept: 0, broken: 0 };

export const triedOf = ({ kept, broken }: Tried): number => kept + broken;

export const plus = (a: Tried, b: Tried): Tried => ({
  kept: a.kept + b.kept,
  broken: a.broken + b.broken,
});

/** Null where nothing was tried. */
export const breakRate = (tried: Tried): number | null =>
  triedOf(tried) === 0 ? null : tried.broken / triedOf(tried);

/** Variance of a break rate, drawn a little to the middle so that none is certain after few promises. */
export function rateVariance(tried: Tried): number {
  const n = triedOf(tried);
  const drawn = (tried.broken + 1) / (n + 2);
  return (drawn * (1 - drawn)) / n;
}
