import { type Filed, filedKindOf, isBeyond, isKind } from "@troth/events";
import type { ObjectStore } from "@troth/runtime";
import { decodeFactFile } from "./avro-file.ts";
import { dateOf, objectKey, partsOfKey } from "./key.ts";
import { type Manifest, type ManifestObject, type Place, sha256 } from "./manifest.ts";
import { readRows, rowCount } from "./parquet.ts";
import { baseTables, factsTable, typedTables } from "./table.ts";
import type { Fault } from "./verify.ts";

type Report = (fault: Fault, key: string, says: string) => void;

type Parts = { readonly table: string; readonly date: string; readonly kind: string };

/** Table, date and kind in a key, if the key is the one these contents must have. */
function partsOf(manifest: Manifest, object: ManifestObject): Parts | null {
  const parts = partsOfKey(object.key);
  if (parts === null) return null;
  const { partition, from, to } = manifest;
  const right = objectKey({ ...parts, partition, from, to, sha256: object.sha256 });
  return object.key === right ? parts : null;
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

const rowOfFact = (record: Filed): Row => ({
  inOffset: record.offset,
  seq: 0,
  stamp: record.stamp,
  kind: filedKindOf(record),
});

async function rowsIn(parts: Parts, bytes: Buffer): Promise<readonly Row[]> {
  if (parts.table !== factsTable) {
    const rows = (await readRows(bytes, columns)).map(rowOf);
    if (rows.length !== rowCount(bytes)) throw new RangeError("its footer counts other rows");
    return rows;
  }
  if (parts.kind !== "tick" && !isKind(parts.kind)) throw new RangeError("no such kind of event");
  return decodeFactFile(parts.kind, bytes).map(rowOfFact);
}

/** The rows of one object, or null when it is not what the manifest says. */
async function readObject(
  store: ObjectStore,
  object: ManifestObject,
  parts: Parts,
  report: Report,
): Promise<readonly Row[] | null> {
  const bytes = await store.get(object.key);
  if (bytes === null) return null;
  if (bytes.length !== object.bytes || sha256(bytes) !== object.sha256) {
    report("changed-object", object.key, "its bytes are not those that were written");
    return null;
  }
  try {
    const rows = await rowsIn(parts, bytes);
    if (rows.length !== object.rows) {
      report("wrong-rows", object.key, `${rows.length} rows, the manifest says ${object.rows}`);
    }
    return rows;
  } catch (error) {
    report("unreadable-object", object.key, `it cannot be read: ${String(error)}`);
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
  const inside = (row: Row): boolean => {
    if (parts.table === factsTable) {
      return row.inOffset >= manifest.from && row.inOffset <= manifest.to;
    }
    const { first, last } = manifest;
    return first !== null && last !== null && !isBeyond(first, row) && !isBeyond(row, last);
  };
  for (const row of rows) {
    const inOrder = before === null || isBeyond(row, before);
    const here = row.kind === parts.kind && dateOf(row.stamp, manifest.period) === parts.date;
    if (!inside(row) || !inOrder || !here) {
      report("wrong-rows", key, `the row at ${row.inOffset}.${row.seq} does not belong there`);
      return;
    }
    before = row;
  }
}

const placeOf = (row: Place): string => `${row.inOffset}.${row.seq}`;

const samePlace = (held: Place | undefined, claimed: Place | null): boolean =>
  held === undefined || claimed === null
    ? held === undefined && claimed === null
    : placeOf(held) === placeOf(claimed);

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
    !samePlace(first, manifest.first) ||
    !samePlace(last, manifest.last)
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

/** Every fact of the range once, and every output under the log time of its fact. */
function verifyFacts(
  manifest: Manifest,
  key: string,
  facts: readonly Row[],
  outputs: readonly Row[],
  report: Report,
): void {
  if (manifest.facts === 0 && facts.length === 0) return;
  const stamps = new Map(facts.map((row) => [row.inOffset, row.stamp]));
  const wanted = manifest.to - manifest.from + 1;
  if (manifest.facts !== wanted || facts.length !== wanted || stamps.size !== wanted) {
    report("wrong-rows", key, `${stamps.size} facts are held of ${wanted} in its range`);
    return;
  }
  let before = Number.NEGATIVE_INFINITY;
  for (let offset = manifest.from; offset <= manifest.to; offset += 1) {
    const stamp = stamps.get(offset) ?? Number.NaN;
    if (!(stamp >= before)) {
      report("wrong-rows", key, `log time goes back at fact ${offset}, or the fact is missing`);
      return;
    }
    before = stamp;
  }
  const strange = outputs.find((row) => stamps.get(row.inOffset) !== row.stamp);
  if (strange !== undefined) {
    report("wrong-rows", key, `the output ${placeOf(strange)} has another log time than its fact`);
  }
}

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
    if (parts === null) {
      report("misplaced-object", object.key, "its name is not that of its content");
    }
    const read = parts ?? partsOfKey(object.key);
    const rows = read === null ? null : await readObject(store, object, read, report);
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
  const outputs = baseTables.flatMap((table) => held.get(table) ?? []);
  verifyPlaces(manifest, key, outputs, report);
  verifyFacts(manifest, key, held.get(factsTable) ?? [], outputs, report);
  verifyTyped(key, held, report);
}
