/*
 * What a packed customer's flags mean; writer and reader share it.
 */

/** What a customer has besides pledges; most have little of it. */
export const has = { loose: 1, noises: 2, extras: 4 } as const;

/** With a fact's flags stands its source: its name's number + 1 times `factFlags.all`. */
export const factFlags = { named: 1, revised: 2, foreign: 4, all: 8 } as const;

/** With an item's flags stands, for a mark, its slot. */
export const itemFlags = { value: 1, name: 2, stated: 4, mark: 4 } as const;

/** With a row's flags stand its verdict (lowest) and, highest, its severity. */
export const rowFlags = {
  verdicts: 16,
  value: 16,
  limit: 32,
  perMille: 64,
  severity: 128,
} as const;

/** With a row's revision stands how many facts its evidence has; as many as this: the number follows. */
export const evidenceMost = 3;

/** What lies beside a customer's numbers. */
export const beside = { profile: 1, exposures: 2, revisions: 4, episode: 8 } as const;

/** A pledge's key may be that of one of so many before it. */
export const keysBack = 8;
