/*
 * What a packed customer's flags mean; writer and reader share it.
 */

/** What a customer has besides pledges; most have little of it. */
export const has = { loose: 1, noises: 2, extras: 4 } as const;

export const factFlags = { named: 1, revised: 2, foreign: 4 } as const;

/** Severity takes the lowest three bits. */
export const rowFlags = { severity: 7, value: 8, limit: 16, perMille: 32 } as const;

/** A pledge's key may be that of one of so many before it. */
export const keysBack = 8;
