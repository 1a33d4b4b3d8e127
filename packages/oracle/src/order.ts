/** By code unit, never by locale: the same order on every machine. */
export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** What every item carries: when, and the fact it comes from. */
export type Item = { readonly at: number; readonly id: string; readonly source: string };

/** RULES.md 3: "ascending" in a set of items is by time, then event id, then source. */
export const compareItems = (a: Item, b: Item): number =>
  a.at - b.at || compareText(a.id, b.id) || compareText(a.source, b.source);

export const ascending = <T extends Item>(items: readonly T[]): T[] =>
  [...items].sort(compareItems);

export const earliest = <T extends Item>(items: readonly T[]): T | null =>
  ascending(items)[0] ?? null;

export const latest = <T extends Item>(items: readonly T[]): T | null =>
  ascending(items).at(-1) ?? null;

export const sameFact = (a: Pick<Item, "id" | "source">, b: Pick<Item, "id" | "source">): boolean =>
  a.id === b.id && a.source === b.source;

/** Appends to the list under a key, making the list when there is none. */
export function file<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
