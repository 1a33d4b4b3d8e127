import { isoTime } from "@troth/events";

/** How long a `date=` partition is; its name is the period's first day. */
export const periods = ["day", "month"] as const;
export type Period = (typeof periods)[number];

/** UTC day or first day of the month of a moment, as `date_trunc` gives it. */
export function dateOf(stamp: number, period: Period): string {
  const day = isoTime(stamp).slice(0, 10);
  return period === "day" ? day : `${day.slice(0, 7)}-01`;
}

const digits = 11;
const padded = (offset: number): string => String(offset).padStart(digits, "0");

const range = (from: number, to: number): string => `${padded(from)}-${padded(to)}`;

export const manifestPrefix = "_manifest/p=0/";
export const manifestKey = (from: number, to: number): string =>
  `${manifestPrefix}${range(from, to)}.json`;

export type ObjectName = {
  readonly table: string;
  readonly date: string;
  readonly kind: string;
  readonly from: number;
  readonly to: number;
  readonly sha256: string;
};

export const objectKey = (name: ObjectName): string =>
  `${name.table}/date=${name.date}/kind=${name.kind}/p=0/${range(name.from, name.to)}-${name.sha256.slice(0, 8)}.parquet`;
