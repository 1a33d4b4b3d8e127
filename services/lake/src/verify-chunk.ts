import { isBeyond } from "@troth/events";
import type { ObjectStore } from "@troth/runtime";
import { dateOf, objectKey } from "./key.ts";
import { type Manifest, type ManifestObject, type Place, sha256 } from "./manifest.ts";
import { readRows, rowCount } from "./parquet.ts";
import { baseTables, typedTables } from "./table.ts";
import type { Fault } from "./verify.ts";

type Report = (fault: Fault, key: string, says: string) => void;

const keyShape =
  /^(?<table>[a-z]+)\/date=(?<date>\d{4}-\d{2}-\d{2})\/kind=(?<kind>[a-z.-]+)\/p=0\/(?<range>\d{11,}-\d{11,})-(?<hash>[0-9a-f]{8})\.parquet$/;

type Parts = { readonly table: string; readonly date: string; readonly kind: string };

/** Table, date and kind in a key, if the key is the one these contents must have. */
function partsOf(manifest: Manifest, object: ManifestObject): Parts | null {
  const found = keyShape.exec(object.key)?.groups;
  const { table = "", date = "", kind = "" } = found ?? {};
  const { from, to } = manifest;
  const right = objectKey({ table, date, kind, from, to, sha256: object.sha256 });
  return object.key === right ? { table, date, kind } : null;
}

type Row = Place & { readonly stamp: number; readonly kind: string };

const columns = ["inOffset", "seq", "logTime", "kind"];

function rowOf(read: Readonly<Record<string, unknown>>): Row {
  const time = read["logTime"];
  return {
    inOffset: Number(read["inOffset"]),
    seq: Number(read["seq"]),
    stamp: time instanceof Date ? time.getTime() : Number.NaN,
    kind: String(read["kind"]),
  };
}

/** The rows of one object, or null when it is not what the manifest says. */
async function readObject(
  store: ObjectStore,
  object: ManifestObject,
  report: Report,
): Promise<readonly Row[] | null> {
  const bytes = await store.get(object.key);
  if (bytes === null) return null;
  if (bytes.length !== object.bytes || sha256(bytes) !== object.sha256) {
    report("changed-object", object.key, "its bytes are not those that were written");
    return null;
  }
  try {
    const rows = (await readRows(bytes, columns)).map(rowOf);
    if (rows.length !== object.rows || rowCount(bytes) !== object.rows) {
      report("wrong-rows", object.key, `${rows.length} rows, the manifest says ${object.rows}`);
    }
    return rows;
  } catch (error) {
    report("unreadable-object", object.key, `it is no Parquet file: ${String(error)}`);
    return null;
  }
}

/** Rows lie in the chunk, in order, under the date and kind their key names. */
function verifyRows(
  manifest: Manifest,
  key: string,
  parts: Parts,
  rows: readonly Row[],
  report: Report,
): void {
  let before: Place | null = null;
  for (const row of rows) {
    const inside = !isBeyond(manifest.first, row) && !isBeyond(row, manifest.last);
    const inOrder = before === null || isBeyond(row, before);
    const here = row.kind === parts.kind && dateOf(row.stamp, manifest.period) === parts.date;
    if (!inside || !inOrder || !here) {
      report("wrong-rows", key, `the row at ${row.inOffset}.${row.seq} does not belong there`);
      return;
    }
    before = row;
  }
}

const placeOf = (row: Place): string => `${row.inOffset}.${row.seq}`;

/** Every output of the chunk once, each fact's outputs counted from 0 without a hole. */
function verifyPlaces(manifest: Manifest, key: string, rows: readonly Row[], report: Report): void {
  const sorted = [...rows].sort((a, b) => a.inOffset - b.inOffset || a.seq - b.seq);
  let before: Place = { inOffset: -1, seq: -1 };
  for (const row of sorted) {
    const follows = row.inOffset === before.inOffset ? row.seq === before.seq + 1 : row.seq === 0;
    if (!follows)
      report("wrong-rows", key, `the row at ${placeOf(row)} follows ${placeOf(before)}`);
    before = row;
  }
  const first = sorted[0];
  const last = sorted.at(-1);
  if (
    sorted.length !== manifest.outputs ||
    first === undefined ||
    last === undefined ||
    placeOf(first) !== placeOf(manifest.first) ||
    placeOf(last) !== placeOf(manifest.last)
  ) {
    report("wrong-rows", key, `${sorted.length} outputs are held, ${manifest.outputs} claimed`);
  }
}

const typedOf: Readonly<Record<string, string>> = {
  pledge: "pledges",
  alert: "alerts",
  flag: "flags",
  survey: "surveys",
};

/** The tables of typed decisions hold the very decisions that `decisions` holds. */
function verifyTyped(key: string, held: ReadonlyMap<string, readonly Row[]>, report: Report): void {
  const decisions = held.get("decisions") ?? [];
  for (const table of typedTables) {
    const said = decisions.filter(({ kind }) => typedOf[kind] === table).map(placeOf);
    const again = new Set((held.get(table) ?? []).map(placeOf));
    if (said.length !== again.size || said.some((place) => !again.has(place))) {
      report("wrong-rows", key, `${table} and decisions do not hold the same`);
    }
  }
}

/** Reads every object of one chunk back and holds it against its manifest. */
export async function verifyChunk(
  store: ObjectStore,
  key: string,
  manifest: Manifest,
  report: Report,
): Promise<void> {
  const held = new Map<string, Row[]>();
  let whole = true;
  for (const object of manifest.objects) {
    const parts = partsOf(manifest, object);
    if (parts === null)
      report("misplaced-object", object.key, "its name is not that of its content");
    const rows = await readObject(store, object, report);
    if (rows === null || parts === null) {
      whole = false;
      continue;
    }
    verifyRows(manifest, object.key, parts, rows, report);
    const others = held.get(parts.table) ?? [];
    for (const row of rows) others.push(row);
    held.set(parts.table, others);
  }
  // With an object gone the sums below cannot be right, and the reason is already said.
  if (!whole) return;
  verifyPlaces(
    manifest,
    key,
    baseTables.flatMap((table) => held.get(table) ?? []),
    report,
  );
  verifyTyped(key, held, report);
}
