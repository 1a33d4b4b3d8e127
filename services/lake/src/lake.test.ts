import { type Filed, isKind } from "@troth/events";
import { type ObjectStore, openSimulatedStore, WorldError } from "@troth/runtime";
import { describe, expect, test } from "vitest";
import { decodeFactFile, encodeFactFile } from "./avro-file.ts";
import { contents, factsOf, genesis, inOrder, often, outputsOf, writeRun } from "./fixture.ts";
import { partsOfKey } from "./key.ts";
import { openLake } from "./lake.ts";
import { readRows } from "./parquet.ts";
import { verify } from "./verify.ts";

const outputs = outputsOf(120);
const noWindow = { windowMs: Number.POSITIVE_INFINITY, longestMs: Number.POSITIVE_INFINITY };
const bySixty = { records: 60, ...noWindow };

const tableRows = async (store: ObjectStore, table: string) => {
  const rows: Readonly<Record<string, unknown>>[] = [];
  for (const key of await store.list(`${table}/`)) {
    const bytes = (await store.get(key)) ?? Buffer.alloc(0);
    rows.push(...(await readRows(bytes, ["inOffset", "seq", "logTime"])));
  }
  return rows;
};

describe("a lake", () => {
  test("gives the same bytes for the same outputs, and is whole", async () => {
    const [one, two] = [openSimulatedStore(), openSimulatedStore()];
    await writeRun(one, outputs);
    await writeRun(two, outputs);
    expect(await contents(one)).toEqual(await contents(two));
    const audit = await verify(one, { genesis, outputsAtLeast: outputs.length });
    expect(audit).toMatchObject({ findings: [], outputs: outputs.length });
    expect(audit.chunks).toBeGreaterThan(5);
  });

  test("holds every output once, in the table of its kind", async () => {
    const store = openSimulatedStore();
    await writeRun(store, outputs);
    const count = (...kinds: string[]) =>
      outputs.filter(({ body }) => kinds.includes(body.kind)).length;
    expect(await tableRows(store, "noise")).toHaveLength(count("noise"));
    expect(await tableRows(store, "identity")).toHaveLength(count("merge", "split", "retraction"));
    expect(await tableRows(store, "pledges")).toHaveLength(count("pledge"));
    expect(await tableRows(store, "surveys")).toHaveLength(count("survey"));
    expect(await tableRows(store, "decisions")).toHaveLength(
      count("pledge", "alert", "flag", "survey", "source", "cohort"),
    );
  });

  test("names objects by table, first day of the month, kind and offsets", async () => {
    const store = openSimulatedStore();
    await writeRun(store, outputs);
    const keys = await store.list("alerts/");
    expect(keys[0]).toMatch(
      /^alerts\/date=2024-01-01\/kind=alert\/p=0\/00000000000-000000000\d\d-[0-9a-f]{8}\.parquet$/,
    );
    expect(keys.at(-1)).toContain("date=2024-02-01");
    expect((await store.list("_manifest/"))[1]).toMatch(/^_manifest\/p=0\/\d{11}-\d{11}\.json$/);
  });

  test("never parts the outputs of one fact", async () => {
    const store = openSimulatedStore();
    await writeRun(store, outputs, { records: 1 });
    const facts = new Set(outputs.map(({ inOffset }) => inOffset));
    expect((await store.list("_manifest/")).length).toBe(facts.size);
    expect((await verify(store)).findings).toEqual([]);
  });

  test("closes on log time, size and text, whichever comes first, and not otherwise", async () => {
    const chunks = async (closing: Parameters<typeof writeRun>[2]) => {
      const store = openSimulatedStore();
      await writeRun(store, outputs, closing);
      return (await store.list("_manifest/")).length;
    };
    const never = {
      records: 1e9,
      chars: 1e9,
      windowMs: 1e15,
      windowRecords: 0,
      longestMs: 1e15,
    };
    expect(await chunks(never)).toBe(1);
    expect(await chunks({ ...never, longestMs: 24 * 3_600_000 })).toBe(5);
    expect(await chunks({ ...never, windowMs: 24 * 3_600_000 })).toBe(5);
    expect(await chunks({ ...never, windowMs: 3_600_000, windowRecords: 100 })).toBe(4);
    expect(await chunks({ ...never, chars: 10_000 })).toBeGreaterThan(5);
  });

  test("drops what it already holds, and goes on where its last manifest ends", async () => {
    const [whole, resumed] = [openSimulatedStore(), openSimulatedStore()];
    for (const [store, stops] of [
      [whole, []],
      [resumed, [0, 50, 51, 130, 200]],
    ] as const) {
      for (const stop of [...stops, outputs.length]) {
        const lake = await openLake({ store, genesis, begin: "resume", closing: often });
        for (const output of outputs.slice(0, stop)) {
          lake.fold(output);
          if (stop % 2 === 0) lake.fold(output);
        }
        await lake.drained();
      }
    }
    expect(await contents(resumed)).toEqual(await contents(whole));
    expect((await verify(resumed)).findings).toEqual([]);
  });

  test("killed before or after any one put, it ends with the same bytes as if never killed", async () => {
    const whole = openSimulatedStore();
    const some = outputs.slice(0, 80);
    const facts = factsOf((some.at(-1)?.inOffset ?? 0) + 3);
    await writeRun(whole, some, bySixty, facts);
    const puts = (await contents(whole)).size;
    for (let strike = 1; strike <= puts; strike++) {
      for (const when of ["before", "after"]) {
        const store = openSimulatedStore();
        let count = 0;
        const dying: ObjectStore = {
          ...store,
          putIfAbsent: async (key, bytes) => {
            count += 1;
            if (count > strike || (count === strike && when === "before")) {
              throw new WorldError("crashed", "the machine went down");
            }
            const outcome = await store.putIfAbsent(key, bytes);
            if (count === strike) throw new WorldError("crashed", "the machine went down");
            return outcome;
          },
        };
        await expect(writeRun(dying, some, bySixty, facts)).rejects.toThrow("went down");
        const lake = await openLake({ store, genesis, begin: "resume", closing: bySixty });
        for (const give of inOrder(facts, some)) give(lake);
        await lake.finish();
        expect(await contents(store), `${when} put ${strike}`).toEqual(await contents(whole));
      }
    }
  });

  test("tries again after a failure that may pass, and loses nothing", async () => {
    const [whole, store] = [openSimulatedStore(), openSimulatedStore()];
    await writeRun(whole, outputs);
    let count = 0;
    const flaky: ObjectStore = {
      ...store,
      putIfAbsent: (key, bytes) => {
        count += 1;
        if (count % 3 === 0) return Promise.reject(new WorldError("unreachable", "no route"));
        return store.putIfAbsent(key, bytes);
      },
    };
    const lake = await openLake({ store: flaky, genesis, begin: "anew", closing: often });
    for (const output of outputs) lake.fold(output);
    let failures = 0;
    for (let done = false; !done; ) {
      try {
        await lake.finish();
        done = true;
      } catch (error) {
        expect(error).toMatchObject({ code: "unreachable" });
        failures += 1;
      }
    }
    expect(failures).toBeGreaterThan(0);
    expect(await contents(store)).toEqual(await contents(whole));
  });
});

test("a run written in one go is not cut into days, a lake that is followed is", async () => {
  const manifests = async (begin: "anew" | "resume") => {
    const store = openSimulatedStore();
    const lake = await openLake({ store, genesis, begin });
    for (const output of outputs) lake.fold(output);
    await lake.finish();
    return (await store.list("_manifest/")).length;
  };
  expect(await manifests("anew")).toBe(1);
  expect(await manifests("resume")).toBe(5);
});

describe("the facts of a lake", () => {
  const facts = factsOf(120);

  test("are every record of the log, ticks too, as it was", async () => {
    const store = openSimulatedStore();
    await writeRun(store, outputs, often, facts);
    const held: Filed[] = [];
    for (const key of await store.list("facts/")) {
      const kind = partsOfKey(key)?.kind ?? "";
      if (kind !== "tick" && !isKind(kind)) throw new Error(`strange kind: ${kind}`);
      held.push(...decodeFactFile(kind, (await store.get(key)) ?? Buffer.alloc(0)));
    }
    expect(held.sort((a, b) => a.offset - b.offset)).toEqual(facts);
    expect((await verify(store, { genesis })).findings).toEqual([]);
  });

  test("that led to nothing are held too, with the end of the run", async () => {
    const store = openSimulatedStore();
    await writeRun(store, [], often, facts.slice(0, 90));
    const audit = await verify(store, { genesis });
    expect(audit).toMatchObject({ findings: [], facts: 90, outputs: 0, chunks: 3 });
  });

  test("keep money to the ten-thousandth and fill as many blocks as they need", () => {
    const bills: Filed[] = Array.from({ length: 3_000 }, (_, n) => ({
      offset: n,
      stamp: 1_700_000_000_000 + n,
      fact: {
        id: `b${n}`,
        source: "urn:bills",
        kind: "billing.issued",
        tenant: "default",
        time: 1_700_000_000_000,
        recordedTime: 1_700_000_000_000,
        subject: `customer:${n}`,
        data: {
          billNo: `B-${n}`,
          amountDue: { amount: `${n % 2 === 0 ? "-" : ""}${n + 1}.0007`, currency: "EUR" },
        },
      },
    }));
    const bytes = encodeFactFile(bills);
    expect(bytes.length).toBeGreaterThan(64 * 1024);
    expect(decodeFactFile("billing.issued", bytes)).toEqual(bills);
    const damaged = Buffer.from(bytes);
    damaged[bytes.length - 40] = (damaged[bytes.length - 40] ?? 0) ^ 1;
    expect(() => decodeFactFile("billing.issued", damaged)).toThrow();
    expect(() => decodeFactFile("billing.issued", bytes.subarray(0, -1))).toThrow(RangeError);
  });

  test("are all given or none: where one is left out nothing of its chunk is written", async () => {
    const store = openSimulatedStore();
    const missing = facts.filter(({ offset }) => offset !== 20);
    const run = writeRun(store, outputs, { ...often, records: 60 }, missing);
    await expect(run).rejects.toMatchObject({ code: "facts-missing" });
    const beyond = (await store.list("")).filter(
      (key) => !key.includes("/00000000000-00000000015"),
    );
    expect(beyond).toEqual([]);
  });
});

test("partitions of one log keep chains of their own in one lake", async () => {
  const store = openSimulatedStore();
  for (const partition of [0, 3]) {
    const lake = await openLake({ store, genesis, begin: "resume", partition, closing: often });
    for (const output of outputs) lake.fold(output);
    await lake.finish();
  }
  const audit = await verify(store, { genesis, outputsAtLeast: 2 * outputs.length });
  expect(audit).toMatchObject({ findings: [], outputs: 2 * outputs.length });
  expect((await store.list("_manifest/")).filter((key) => key.includes("p=3"))).not.toEqual([]);
});

describe("a lake refuses", () => {
  test("an object of its own name with other content", async () => {
    const [whole, store] = [openSimulatedStore(), openSimulatedStore()];
    await writeRun(whole, outputs);
    const [key = ""] = await whole.list("flags/");
    await store.putIfAbsent(key, Buffer.from("other"));
    await expect(writeRun(store, outputs)).rejects.toMatchObject({ code: "different-object" });
  });

  test("to go on with the lake of another log, or by other months", async () => {
    const store = openSimulatedStore();
    await writeRun(store, outputs);
    const other = "0b0d0f01-0000-4000-8000-000000000002";
    await expect(openLake({ store, genesis: other, begin: "resume" })).rejects.toMatchObject({
      code: "another-genesis",
    });
    const daily = openLake({ store, genesis, begin: "resume", period: "day" });
    await expect(daily).rejects.toMatchObject({ code: "another-run" });
  });

  test("to go on behind a damaged manifest", async () => {
    const [whole, store] = [openSimulatedStore(), openSimulatedStore()];
    await writeRun(whole, outputs);
    const keys = await whole.list("");
    const last = keys.filter((key) => key.startsWith("_manifest/")).at(-1);
    for (const key of keys) {
      const bytes = (await whole.get(key)) ?? Buffer.alloc(0);
      await store.putIfAbsent(key, key === last ? bytes.subarray(0, -2) : bytes);
    }
    await expect(openLake({ store, genesis, begin: "resume" })).rejects.toMatchObject({
      code: "damaged-manifest",
    });
  });

  test("to write a run over another's lake, shorter or longer, and leaves that one whole", async () => {
    for (const [held, given] of [
      [60, 120],
      [120, 60],
    ] as const) {
      const store = openSimulatedStore();
      await writeRun(store, outputsOf(held), { records: 100 });
      const run = writeRun(store, outputsOf(given), { records: 100 });
      await expect(run).rejects.toMatchObject({ code: "another-run" });
      expect((await verify(store)).findings).toEqual([]);
    }
  });

  test("nothing when the very same run is written again", async () => {
    const store = openSimulatedStore();
    await writeRun(store, outputs);
    const before = await contents(store);
    await writeRun(store, outputs);
    expect(await contents(store)).toEqual(before);
  });
});
