import { openDice } from "./dice.ts";

/** A figure with the middle 95% of what it would have been with other customers. */
export type Interval = {
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
};

export type Resampling = { readonly resamples: number; readonly seed: number };

const rounded = (value: number): number => Math.round(value * 1e6) / 1e6;

/**
 * Intervals of several figures at once, by drawing customers with replacement. `figures` is given how
 * often each row counts and answers with one number a figure, or null where it has no meaning.
 * Rows of one customer are drawn together: what they answer is not independent.
 */
export function bootstrap<Name extends string>(
  customers: readonly string[],
  figures: (times: readonly number[]) => Readonly<Record<Name, number | null>>,
  { resamples, seed }: Resampling,
): Readonly<Record<Name, Interval>> {
  const groupOf = new Map<string, number>();
  const group = customers.map((customer) => {
    const known = groupOf.get(customer) ?? groupOf.size;
    groupOf.set(customer, known);
    return known;
  });
  const measured = figures(group.map(() => 1));
  const names = Object.keys(measured) as Name[];
  const drawn = new Map<Name, number[]>(names.map((name) => [name, []]));
  const dice = openDice(seed);
  for (let i = 0; i < resamples; i += 1) {
    const counts = new Int32Array(groupOf.size);
    for (let k = 0; k < groupOf.size; k += 1) {
      const one = dice(groupOf.size);
      counts[one] = (counts[one] ?? 0) + 1;
    }
    const again = figures(group.map((one) => counts[one] ?? 0));
    for (const name of names) {
      const value = again[name];
      if (value !== null) drawn.get(name)?.push(value);
    }
  }
  const interval = (name: Name): Interval => {
    const values = (drawn.get(name) ?? []).sort((a, b) => a - b);
    const at = (share: number): number | null => {
      const value = values[Math.floor(share * (values.length - 1) + 0.5)];
      return value === undefined ? null : rounded(value);
    };
    const value = measured[name];
    return { value: value === null ? null : rounded(value), low: at(0.025), high: at(0.975) };
  };
  return Object.fromEntries(names.map((name) => [name, interval(name)])) as Record<Name, Interval>;
}
