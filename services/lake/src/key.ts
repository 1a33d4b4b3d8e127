import { isoTime } from "@troth/events";

/** How long a `date=` partition is; its name is the period's first day. */
export const periods = ["day", "month"] as const;
export type Period = (typeof periods)[number];

const dayMs = 86_400_000;
/** The day last asked for: what is asked of one after the other is mostly of one day. */
let latest = { day: Number.NaN, date: "" };

/** UTC day or first day of the month of a moment, as `date_trunc` gives it. */
export function dateOf(stamp: number, period: Period): string {
  const day = Math.floor(stamp / dayMs);
  if (day !== latest.day) latest = { day, date: isoTime(stamp).slice(0, 10) };
  return period === "day" ? latest.date : `${latest.date.slice(0, 7)}-01`;
}

const digits = 11;
const padded = (offset: number): string => String(offset).padStart(digits, "0");

const range = (from: number, to: number): string => `${padded(from)}-${padded(to)}`;

export const manifestRoot = "_manifest/";
export const manifestPrefix = (partition: number): string => `${manifestRoot}p=${partition}/`;
export const manifestKey = (partition: number, from: number, to: number): string =>
  `${manifestPrefix(partition)}${range(from, to)}.json`;

export const retiredRoot = "_retired/";
export const tombstoneKey = (partition: number, number: number): string =>
  `${retiredRoot}p=${partition}/${String(number).padStart(8, "0")}.json`;

/** Partition a manifest's key speaks of; null when it is no manifest's key. */
export function partitionOf(key: string): number | null {
  const found = /^_manifest\/p=(0|[1-9]\d{0,5})\/[^/]+\.json$/.exec(key);
  return found?.[1] === undefined ? null : Number(found[1]);
}

export type ObjectName = {
  readonly table: string;
  readonly date: string;
  readonly kind: string;
  readonly partition: number;
  readonly from: number;
  readonly to: number;
  readonly sha256: string;
};

/** Facts are Avro, everything else is Parquet. */
const endingOf = (table: string): string => (table === "facts" ? "avro" : "parquet");

export const objectKey = (name: ObjectName): string =>
  `${name.table}/date=${name.date}/kind=${name.kind}/p=${name.partition}/${range(name.from, name.to)}-${name.sha256.slice(0, 8)}.${endingOf(name.table)}`;

/** Table, date and kind in a key; null when it is no object's key. */
export function partsOfKey(
  key: string,
): { readonly table: string; readonly date: string; readonly kind: string } | null {
  const found =
    /^([a-z]+)\/date=(\d{4}-\d{2}-\d{2})\/kind=([a-z.-]+)\/p=\d+\/\d{11,}-\d{11,}-[0-9a-f]{8}\.(?:parquet|avro)$/.exec(
      key,
    );
  const [, table, date, kind] = found ?? [];
  if (table === undefined || date === undefined || kind === undefined) return null;
  return { table, date, kind };
}
