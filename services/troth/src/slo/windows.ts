/** One pair of windows of a burn-rate alert: both must burn, so that it fires soon and ends soon. */
export type BurnWindow = {
  readonly severity: "page" | "ticket";
  /** Share of the whole budget that is used up in the long window when it fires. */
  readonly budgetShare: number;
  readonly long: string;
  readonly longHours: number;
  readonly short: string;
  /** Fewer broken promises than this in the long window say nothing: a small link has bad hours. */
  readonly brokenMin: number;
};

/** Sloth's windows for thirty days (google-30d): 2 % in an hour, 5 % in six, 10 % in one day and in three. */
export const burnWindows: readonly BurnWindow[] = [
  { severity: "page", budgetShare: 0.02, long: "1h", longHours: 1, short: "5m", brokenMin: 5 },
  { severity: "page", budgetShare: 0.05, long: "6h", longHours: 6, short: "30m", brokenMin: 10 },
  { severity: "ticket", budgetShare: 0.1, long: "1d", longHours: 24, short: "2h", brokenMin: 10 },
  { severity: "ticket", budgetShare: 0.1, long: "3d", longHours: 72, short: "6h", brokenMin: 10 },
];

/** How many times faster than allowed the budget burns when so much of it goes in so long. */
export const burnFactor = ({ budgetShare, longHours }: BurnWindow, windowHours: number): number =>
  Math.round(((budgetShare * windowHours) / longHours) * 1e6) / 1e6;
