import { isoTime } from "@troth/events";
import type { ObjectStore } from "@troth/runtime";
import { type Period, partsOfKey, retiredRoot, tombstoneKey } from "./key.ts";
import { LakeError } from "./lake-error.ts";
import { type Manifest, type ManifestObject, sha256 } from "./manifest.ts";
import { chainsOf } from "./read.ts";
import { factsTable, type TableName, tableNames } from "./table.ts";
import { encodeTombstone, retiredKeys, type Sign, type Tombstone } from "./tombstone.ts";

export type RetireOptions = {
  readonly store: ObjectStore;
  /** Milliseconds to keep each table; a table that is not named is kept for good. */
  readonly keep: ReadonlyMap<TableName | typeof factsTable, number>;
  readonly asOf: number;
  /** Nobody will judge this lake anew: then facts and decisions may go as well. */
  readonly givesUpBacktest: boolean;
  /** Signs each tombstone with a key that is kept elsewhere. */
  readonly sign?: Sign;
  /** Says what would go, and takes nothing away. */
  readonly isTrial?: boolean;
};

export type Retired = { readonly objects: number; readonly rows: number; readonly bytes: number };

const dayMs = 86_400_000;
/** Tables a back-test judges anew, from the very first fact on, and holds its judgement against. */
const judgedAnew: readonly string[] = [factsTable, "decisions"];

/** First moment after a `date=` partition. */
function endOf(date: string, period: Period): number {
  const begins = new Date(`${date}T00:00:00.000Z`);
  return period === "day"
    ? begins.getTime() + dayMs
    : Date.UTC(begins.getUTCFullYear(), begins.getUTCMonth() + 1, 1);
}

function checkKeep({ keep, givesUpBacktest }: RetireOptions): void {
  for (const table of keep.keys()) {
    if (![factsTable, ...tableNames].some((known) => known === table)) {
      throw new LakeError("cannot-retire", `there is no table ${table}`);
    }
    if (judgedAnew.includes(table) && !givesUpBacktest) {
      throw new LakeError(
        "cannot-retire",
        `${table} is what a back-test judges anew, from the first fact on: without its oldest part no policy can be tried any more`,
      );
    }
  }
}

/** Objects of which every row is older than its table is kept; never any of the newest chunk. */
function dueIn(
  chain: readonly Manifest[],
  { keep, asOf }: RetireOptions,
): readonly ManifestObject[] {
  return chain.slice(0, -1).flatMap(({ objects, period }) =>
    objects.filter(({ key }) => {
      const parts = partsOfKey(key);
      const kept = [...keep].find(([table]) => table === parts?.table)?.[1];
      return parts !== null && kept !== undefined && endOf(parts.date, period) <= asOf - kept;
    }),
  );
}

/**
 * Takes away whole objects that are older than their table is to be kept. What goes is written down
 * first, so that an attempt that was cut short goes on when it is made again, and `verify` stays quiet.
 */
export async function retire(options: RetireOptions): Promise<Retired> {
  const { store, keep, asOf, sign, isTrial = false } = options;
  checkKeep(options);
  const total = { objects: 0, rows: 0, bytes: 0 };
  const there = new Set(await store.list(""));
  const written = await retiredKeys(store);
  for (const [partition, chain] of await chainsOf(store)) {
    const due = dueIn(chain, options).filter(({ key }) => there.has(key));
    for (const { rows, bytes } of due) {
      total.objects += 1;
      total.rows += rows;
      total.bytes += bytes;
    }
    if (isTrial) continue;
    const fresh = due.filter(({ key }) => !written.has(key));
    if (fresh.length > 0) {
      const before = (await store.list(`${retiredRoot}p=${partition}/`)).at(-1);
      const last = before === undefined ? null : await store.get(before);
      const number = before === undefined ? 1 : Number(/(\d+)\.json$/.exec(before)?.[1]) + 1;
      const tombstone: Tombstone = {
        format: 1,
        genesis: chain[0]?.genesis ?? "",
        partition,
        number,
        asOf: isoTime(asOf),
        keep: Object.fromEntries([...keep].map(([table, ms]) => [table, ms / dayMs])),
        objects: fresh,
        previous: last === null ? null : sha256(last),
      };
      const key = tombstoneKey(partition, number);
      if ((await store.putIfAbsent(key, encodeTombstone(tombstone, sign))) === "exists") {
        throw new LakeError(
          "cannot-retire",
          `${key} is there already: two retire at once; try again`,
        );
      }
    }
    for (const { key } of due) await store.remove(key);
  }
  return total;
}
