/** Widths and kinds of the usual panels. */
export const small = { kind: "stat", width: 6, height: 4 } as const;
export const half = { kind: "timeseries", width: 12 } as const;
export const third = { kind: "timeseries", width: 8 } as const;
