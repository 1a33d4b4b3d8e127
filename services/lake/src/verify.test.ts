import type { Filed } from "@troth/events";
import { type ObjectStore, openSimulatedStore } from "@troth/runtime";
import { beforeAll, describe, expect, test } from "vitest";
import { decodeFactFile, encodeFactFile } from "./avro-file.ts";
import { factsOf, genesis, often, outputsOf, writeRun } from "./fixture.ts";
import { manifestKey } from "./key.ts";
import { decodeManifest, encodeManifest, type Manifest, sha256 } from "./manifest.ts";
import { type Fault, verify } from "./verify.ts";

const outputs = outputsOf(120);
type Objects = Map<string, Buffer>;
let whole: ReadonlyMap<string, Buffer> = new Map();

const load = async (store: ObjectStore): Promise<Objects> => {
  const found: Objects = new Map();
  for (const key of await store.list("")) found.set(key, (await store.get(key)) ?? Buffer.alloc(0));
  return found;
};

beforeAll(async () => {
  const store = openSimulatedStore();
  await writeRun(store, outputs, often, factsOf(120));
  whole = await load(store);
});

const storeOf = (objects: ReadonlyMap<string, Buffer>): ObjectStore => ({
  putIfAbsent: () => Promise.reject(new Error("an audit writes nothing")),
  get: (key) => Promise.resolve(objects.get(key) ?? null),
  list: (prefix) =>
    Promise.resolve([...objects.keys()].filter((key) => key.startsWith(prefix)).sort()),
  remove: () => Promise.reject(new Error("an audit removes nothing")),
});

const manifests = (objects: Objects): string[] =>
  [...objects.keys()].filter((key) => key.startsWith("_manifest/")).sort();
const dataOf = (objects: Objects, table: string): string[] =>
  [...objects.keys()].filter((key) => key.startsWith(`${table}/`)).sort();
const at = (keys: readonly string[], index: number): string => keys.at(index) ?? "none";
const bytesOf = (objects: Objects, key: string): Buffer => objects.get(key) ?? Buffer.alloc(0);

const readManifest = (objects: Objects, key: string): Manifest => {
  const manifest = decodeManifest(bytesOf(objects, key));
  if (typeof manifest === "string") throw new Error(manifest);
  return manifest;
};

/** Changes a manifest as a clever hand would: sealed again, and every later one chained to it. */
function forge(objects: Objects, index: number, change: (manifest: Manifest) => Manifest): void {
  let previous: string | null = null;
  for (const [n, key] of manifests(objects).entries()) {
    const manifest = { ...readManifest(objects, key), previous };
    const bytes = encodeManifest(n === index ? change(manifest) : manifest);
    objects.set(key, bytes);
    previous = sha256(bytes);
  }
}

const flip = (objects: Objects, key: string, place: number): void => {
  const bytes = Buffer.from(bytesOf(objects, key));
  bytes[place] = (bytes[place] ?? 0) ^ 1;
  objects.set(key, bytes);
};

const rename = (objects: Objects, from: string, to: string): void => {
  objects.set(to, bytesOf(objects, from));
  objects.delete(from);
};

/** Puts other bytes under a key and makes its manifest agree, name and all. */
function replaceObject(objects: Objects, index: number, prefix: string, bytes: Buffer): void {
  forge(objects, index, (manifest) => ({
    ...manifest,
    objects: manifest.objects
      .map((object) => {
        if (!object.key.startsWith(prefix)) return object;
        const hash = sha256(bytes);
        const key = object.key.replace(/[0-9a-f]{8}(\.\w+)$/, `${hash.slice(0, 8)}$1`);
        objects.delete(object.key);
        objects.set(key, bytes);
        return { ...object, key, bytes: bytes.length, sha256: hash };
      })
      .sort((a, b) => (a.key < b.key ? -1 : 1)),
  }));
}

const orders = "facts/date=2024-02-01/kind=order.placed/";

/** Writes the orders among the facts of one chunk anew, the manifest agreeing even in their number. */
function rewriteOrders(
  objects: Objects,
  change: (facts: readonly Filed[]) => readonly Filed[],
): void {
  const key = manifests(objects).findIndex((one) =>
    readManifest(objects, one).objects.some((object) => object.key.startsWith(orders)),
  );
  const old = readManifest(objects, at(manifests(objects), key)).objects.find((object) =>
    object.key.startsWith(orders),
  );
  const facts = change(decodeFactFile("order.placed", bytesOf(objects, old?.key ?? "")));
  replaceObject(objects, key, orders, encodeFactFile(facts));
  forge(objects, key, (manifest) => ({
    ...manifest,
    objects: manifest.objects.map((object) =>
      object.key.startsWith(orders) ? { ...object, rows: facts.length } : object,
    ),
  }));
}

type Plant = readonly [what: string, fault: Fault, plant: (objects: Objects) => void];

const plants: readonly Plant[] = [
  ["an event object is missing", "missing-object", (o) => o.delete(at(dataOf(o, "noise"), 0))],
  [
    "the last alert object is missing",
    "missing-object",
    (o) => o.delete(at(dataOf(o, "alerts"), -1)),
  ],
  ["a manifest in the middle is missing", "gap", (o) => o.delete(at(manifests(o), 3))],
  ["the first manifest is missing", "gap", (o) => o.delete(at(manifests(o), 0))],
  ["the last manifest is missing", "unclaimed-object", (o) => o.delete(at(manifests(o), -1))],
  [
    "the last chunk is missing with its manifest",
    "gap",
    (o) => {
      const key = at(manifests(o), -1);
      for (const object of readManifest(o, key).objects) o.delete(object.key);
      o.delete(key);
    },
  ],
  [
    "all manifests are missing",
    "no-manifest",
    (o) => {
      for (const key of manifests(o)) o.delete(key);
    },
  ],
  [
    "one bit of an object is flipped",
    "changed-object",
    (o) => flip(o, at(dataOf(o, "pledges"), 2), 300),
  ],
  [
    "the last byte of an object is flipped",
    "changed-object",
    (o) => flip(o, at(dataOf(o, "flags"), 0), -1 + bytesOf(o, at(dataOf(o, "flags"), 0)).length),
  ],
  [
    "an object is cut short",
    "changed-object",
    (o) => o.set(at(dataOf(o, "noise"), 1), bytesOf(o, at(dataOf(o, "noise"), 1)).subarray(0, -9)),
  ],
  [
    "an object is empty",
    "changed-object",
    (o) => o.set(at(dataOf(o, "surveys"), 0), Buffer.alloc(0)),
  ],
  [
    "an object has a byte too many",
    "changed-object",
    (o) => {
      const key = at(dataOf(o, "decisions"), 0);
      o.set(key, Buffer.concat([bytesOf(o, key), Buffer.from("x")]));
    },
  ],
  [
    "two objects have each other's bytes",
    "changed-object",
    (o) => {
      const [one, two] = [at(dataOf(o, "pledges"), 0), at(dataOf(o, "pledges"), 1)];
      const bytes = bytesOf(o, one);
      o.set(one, bytesOf(o, two));
      o.set(two, bytes);
    },
  ],
  [
    "an object was moved to another day",
    "missing-object",
    (o) => {
      const key = at(dataOf(o, "noise"), 0);
      rename(o, key, key.replace("2024-01-01", "2024-02-01"));
    },
  ],
  [
    "an object lies under another day and its manifest agrees",
    "wrong-rows",
    (o) =>
      forge(o, 0, (manifest) => ({
        ...manifest,
        objects: manifest.objects.map((object, n) => {
          if (n > 0) return object;
          const key = object.key.replace("2024-01-01", "2024-03-01");
          rename(o, object.key, key);
          return { ...object, key };
        }),
      })),
  ],
  [
    "an object lies under another kind and its manifest agrees",
    "wrong-rows",
    (o) =>
      forge(o, 1, (manifest) => ({
        ...manifest,
        objects: manifest.objects.map((object) => {
          if (!object.key.includes("kind=order.placed")) return object;
          const key = object.key.replace("kind=order.placed", "kind=visit.missed");
          rename(o, object.key, key);
          return { ...object, key };
        }),
      })),
  ],
  [
    "an object has another chunk's offsets in its name",
    "misplaced-object",
    (o) =>
      forge(o, 1, (manifest) => ({
        ...manifest,
        objects: manifest.objects.map((object, n) => {
          if (n > 0) return object;
          const key = object.key.replace(/p=0\/\d{11}/, "p=0/00000000001");
          rename(o, object.key, key);
          return { ...object, key };
        }),
      })),
  ],
  [
    "an object holds another chunk's rows and its manifest agrees",
    "wrong-rows",
    (o) => replaceObject(o, 2, "flags/", bytesOf(o, at(dataOf(o, "flags"), 0))),
  ],
  [
    "an object is no Parquet and its manifest agrees",
    "unreadable-object",
    (o) => replaceObject(o, 2, "flags/", Buffer.from("PAR1 not really PAR1")),
  ],
  [
    "a manifest leaves an object out",
    "unclaimed-object",
    (o) => forge(o, 1, (manifest) => ({ ...manifest, objects: manifest.objects.slice(1) })),
  ],
  [
    "a manifest and the store leave a base object out",
    "wrong-rows",
    (o) =>
      forge(o, 1, (manifest) => {
        const gone = manifest.objects.find(({ key }) => key.startsWith("noise/"));
        if (gone !== undefined) o.delete(gone.key);
        return { ...manifest, objects: manifest.objects.filter((object) => object !== gone) };
      }),
  ],
  [
    "a manifest and the store leave a typed object out",
    "wrong-rows",
    (o) =>
      forge(o, 1, (manifest) => {
        const gone = manifest.objects.find(({ key }) => key.startsWith("pledges/"));
        if (gone !== undefined) o.delete(gone.key);
        return { ...manifest, objects: manifest.objects.filter((object) => object !== gone) };
      }),
  ],
  [
    "a manifest claims too many rows",
    "wrong-rows",
    (o) =>
      forge(o, 2, (manifest) => ({
        ...manifest,
        objects: manifest.objects.map((object) => ({ ...object, rows: object.rows + 1 })),
      })),
  ],
  [
    "a manifest claims too few outputs",
    "wrong-rows",
    (o) => forge(o, -1 + manifests(o).length, (m) => ({ ...m, outputs: m.outputs - 1 })),
  ],
  [
    "a manifest claims an earlier first place",
    "wrong-rows",
    (o) => forge(o, 1, (m) => ({ ...m, first: { inOffset: m.from, seq: 99 } })),
  ],
  [
    "two manifests claim one object",
    "claimed-twice",
    (o) => {
      const object = readManifest(o, at(manifests(o), 0)).objects[0];
      if (object === undefined) return;
      forge(o, 1, (manifest) => ({ ...manifest, objects: [...manifest.objects, object] }));
    },
  ],
  [
    "a chunk is of another log",
    "another-genesis",
    (o) => forge(o, 4, (m) => ({ ...m, genesis: genesis.replace("0b0d", "ffff") })),
  ],
  [
    "two chunks overlap",
    "overlap",
    (o) => {
      const key = at(manifests(o), 2);
      const manifest = readManifest(o, key);
      o.delete(key);
      o.set(key.replace(/\d{11}-/, "00000000003-"), encodeManifest({ ...manifest, from: 3 }));
    },
  ],
  [
    "a manifest is copied under another name",
    "misnamed-manifest",
    (o) => o.set("_manifest/p=0/99999999990-99999999999.json", bytesOf(o, at(manifests(o), 0))),
  ],
  [
    "a manifest is kept but renumbered",
    "broken-chain",
    (o) => forge(o, 3, (m) => ({ ...m, number: 9 })),
  ],
  [
    "a manifest was written again with other content",
    "broken-chain",
    (o) => {
      const key = at(manifests(o), 2);
      const manifest = readManifest(o, key);
      o.set(key, encodeManifest({ ...manifest, objects: [...manifest.objects].reverse() }));
    },
  ],
  [
    "a manifest is cut short",
    "damaged-manifest",
    (o) => o.set(at(manifests(o), 2), bytesOf(o, at(manifests(o), 2)).subarray(0, -3)),
  ],
  ["a manifest is empty", "damaged-manifest", (o) => o.set(at(manifests(o), 2), Buffer.alloc(0))],
  [
    "a manifest is other JSON",
    "damaged-manifest",
    (o) => o.set(at(manifests(o), 2), Buffer.from("[]")),
  ],
  [
    "an object nobody wrote lies in a table",
    "unclaimed-object",
    (o) => o.set("noise/date=2024-01-01/kind=order.placed/p=0/extra.parquet", Buffer.from("x")),
  ],
  [
    "a copy of an object lies beside it",
    "unclaimed-object",
    (o) => o.set(`${at(dataOf(o, "alerts"), 0)}.copy`, bytesOf(o, at(dataOf(o, "alerts"), 0))),
  ],
  ["an object of facts is missing", "missing-object", (o) => o.delete(at(dataOf(o, "facts"), 1))],
  [
    "one bit of an object of facts is flipped",
    "changed-object",
    (o) => flip(o, at(dataOf(o, "facts"), 0), 2000),
  ],
  ["a fact is left out", "wrong-rows", (o) => rewriteOrders(o, (facts) => facts.slice(1))],
  ["a fact is held twice", "wrong-rows", (o) => rewriteOrders(o, (f) => [...f.slice(0, 1), ...f])],
  ["facts are out of order", "wrong-rows", (o) => rewriteOrders(o, (f) => [...f].reverse())],
  [
    "a fact has the offset of another",
    "wrong-rows",
    (o) => rewriteOrders(o, (facts) => facts.map((one) => ({ ...one, offset: one.offset + 1 }))),
  ],
  [
    "a fact has another log time than what was said of it",
    "wrong-rows",
    (o) => rewriteOrders(o, (facts) => facts.map((one) => ({ ...one, stamp: one.stamp + 1 }))),
  ],
  [
    "a fact lies under another kind and its manifest agrees",
    "unreadable-object",
    (o) => {
      const ticks = at(
        dataOf(o, "facts").filter((key) => key.includes("kind=tick")),
        0,
      );
      replaceObject(o, 4, orders, bytesOf(o, ticks));
    },
  ],
  [
    "an object of facts is no Avro and its manifest agrees",
    "unreadable-object",
    (o) => replaceObject(o, 4, orders, Buffer.from("Obj\u0001 not really Avro")),
  ],
  [
    "a block of facts is damaged and its manifest agrees",
    "unreadable-object",
    (o) => {
      const key = dataOf(o, "facts").find((one) => one.startsWith(orders)) ?? "";
      const bytes = Buffer.from(bytesOf(o, key));
      bytes[bytes.length - 60] = (bytes[bytes.length - 60] ?? 0) ^ 1;
      const index = manifests(o).findIndex((one) =>
        readManifest(o, one).objects.some((object) => object.key === key),
      );
      replaceObject(o, index, key, bytes);
    },
  ],
  [
    "a chunk is without its facts and its manifest agrees",
    "gap",
    (o) =>
      forge(o, 3, (manifest) => {
        const isFact = ({ key }: { readonly key: string }) => key.startsWith("facts/");
        for (const { key } of manifest.objects.filter(isFact)) o.delete(key);
        return { ...manifest, facts: 0, objects: manifest.objects.filter((one) => !isFact(one)) };
      }),
  ],
  [
    "a manifest and the store leave the ticks out",
    "wrong-rows",
    (o) =>
      forge(o, 1, (manifest) => {
        const isTick = ({ key }: { readonly key: string }) => key.includes("kind=tick");
        for (const { key } of manifest.objects.filter(isTick)) o.delete(key);
        return { ...manifest, objects: manifest.objects.filter((one) => !isTick(one)) };
      }),
  ],
  [
    "a manifest claims too many facts",
    "wrong-rows",
    (o) => forge(o, 2, (m) => ({ ...m, facts: m.facts + 1 })),
  ],
  [
    "a manifest claims a longer range than it holds",
    "misplaced-object",
    (o) => {
      const key = at(manifests(o), -1);
      const manifest = readManifest(o, key);
      o.delete(key);
      const longer = { ...manifest, to: manifest.to + 5 };
      o.set(manifestKey(0, longer.from, longer.to), encodeManifest(longer));
    },
  ],
  [
    "a manifest is copied into another partition",
    "misnamed-manifest",
    (o) => {
      const key = at(manifests(o), 0);
      o.set(key.replace("p=0", "p=1"), bytesOf(o, key));
    },
  ],
  [
    "an object was moved to another partition and its manifest agrees",
    "misplaced-object",
    (o) =>
      forge(o, 1, (manifest) => ({
        ...manifest,
        objects: manifest.objects.map((object, n) => {
          if (n > 0) return object;
          const key = object.key.replace("p=0", "p=1");
          rename(o, object.key, key);
          return { ...object, key };
        }),
      })),
  ],
  ["something else lies in the lake", "stranger", (o) => o.set("notes.txt", Buffer.from("x"))],
  [
    "something else lies among the manifests",
    "stranger",
    (o) => o.set("_manifest/p=0/x.txt", Buffer.from("x")),
  ],
];

describe("an audit of a lake", () => {
  test("is held against at least fifty planted faults", () => {
    expect(new Set(plants.map(([what]) => what)).size).toBeGreaterThanOrEqual(50);
  });

  test("finds nothing in a whole one, and counts it", async () => {
    const audit = await verify(storeOf(whole), { genesis, outputsAtLeast: outputs.length });
    expect(audit.findings).toEqual([]);
    expect(audit.outputs).toBe(outputs.length);
    expect(audit.facts).toBe(120);
    expect(audit.objects + audit.chunks).toBe(whole.size);
  });

  test.each(plants)("finds that %s", async (_, fault, plant) => {
    const objects: Objects = new Map(whole);
    plant(objects);
    const audit = await verify(storeOf(objects), { genesis, outputsAtLeast: outputs.length });
    expect(audit.findings.map((finding) => finding.fault)).toContain(fault);
    for (const { key, says } of audit.findings) expect(key.length * says.length).toBeGreaterThan(0);
  });

  test("finds a lake of another log than the one asked for, and an empty place", async () => {
    const other = await verify(storeOf(whole), { genesis: "0b0d0f01-0000-4000-8000-000000000002" });
    expect(other.findings.map(({ fault }) => fault)).toContain("another-genesis");
    const none = await verify(storeOf(new Map()));
    expect(none.findings.map(({ fault }) => fault)).toEqual(["no-manifest"]);
  });

  test("finds a change of any one byte of any manifest", async () => {
    const objects: Objects = new Map(whole);
    for (const key of manifests(objects)) {
      const bytes = bytesOf(objects, key);
      for (let place = 0; place < bytes.length; place++) {
        const changed = Buffer.from(bytes);
        changed[place] = (changed[place] ?? 0) ^ 4;
        expect(typeof decodeManifest(changed), `${key} at ${place}`).toBe("string");
      }
    }
  });
});
