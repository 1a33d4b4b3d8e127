export type Limits = {
  /** One event; a larger one is set aside when in a batch, refused with 413 when alone. */
  readonly eventBytesMax: number;
  /** One request with a batch or lines; refused with 413 beyond. */
  readonly batchBytesMax: number;
  /** Bodies read and not yet answered, all requests together; refused with 503 beyond. */
  readonly pendingBytesMax: number;
  /** From the first byte of a request to its last: whoever sends slower is cut off. */
  readonly requestMsMax: number;
  readonly connectionsMax: number;
  /** Answers list at most so many events set aside; their number is always told. */
  readonly setAsideListedMax: number;
  /** `recordedtime` may lie so far ahead of our clock; clocks differ. */
  readonly aheadMsMax: number;
  /** At stopping, requests under way may take so long before they are cut off. */
  readonly stopMsMax: number;
};

export const defaultLimits: Limits = {
  eventBytesMax: 256 * 1024,
  batchBytesMax: 8 * 1024 * 1024,
  pendingBytesMax: 64 * 1024 * 1024,
  requestMsMax: 10_000,
  connectionsMax: 1_000,
  setAsideListedMax: 1_000,
  aheadMsMax: 5 * 60_000,
  stopMsMax: 4_000,
};
