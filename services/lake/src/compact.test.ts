import { type ObjectStore, openSimulatedStore, WorldError } from "@troth/runtime";
import { describe, expect, test } from "vitest";
import { compact } from "./compact.ts";
import { contents, factsOf, genesis, inOrder, often, outputsOf, writeRun } from "./fixture.ts";
import { openLake } from "./lake.ts";
import { readCells } from "./parquet.ts";
import { tables } from "./tables.ts";
import { verify } from "./verify.ts";

const outputs = outputsOf(200);
const facts = factsOf(200);

async function small(): Promise<ObjectStore> {
  const store = openSimulatedStore();
  await writeRun(store, outputs, often, facts);
  return store;
}

async function rowsOf(store: ObjectStore): Promise<Readonly<Record<string, unknown>>> {
  const rows: Record<string, unknown> = {};
  for (const { name, columns } of tables) {
    const held = [];
    for (const key of await store.list(`${name}/`)) {
      held.push(...(await readCells((await store.get(key)) ?? Buffer.alloc(0), columns)));
    }
    rows[name] = held.sort((a, b) => Number(a[0]) - Number(b[0]) || Number(a[1]) - Number(b[1]));
  }
  return rows;
}

describe("a lake of small files written anew", () => {
  test("has fewer and larger ones, the very same rows, and is whole", async () => {
    const [from, to] = [await small(), openSimulatedStore()];
    const before = await contents(from);
    const { chunks, objects } = await compact({ from, to, records: 300 });
    expect(chunks.after).toBeLessThan(chunks.before / 4);
    expect(objects.after).toBeLessThan(objects.before / 3);
    const audit = await verify(to, { genesis, outputsAtLeast: outputs.length });
    expect(audit).toMatchObject({ findings: [], facts: 200, outputs: outputs.length });
    expect(await rowsOf(to)).toEqual(await rowsOf(from));
    // Nothing of the old one was touched: whoever reads it notices nothing.
    expect(await contents(from)).toEqual(before);
  });

  test("is the same bytes again, also after an attempt that was cut short", async () => {
    const from = await small();
    const whole = openSimulatedStore();
    await compact({ from, to: whole, records: 300 });
    const puts = (await contents(whole)).size;
    for (let strike = 1; strike < puts; strike += 5) {
      const to = openSimulatedStore();
      let left = strike;
      const dying: ObjectStore = {
        ...to,
        putIfAbsent: (key, bytes) => {
          left -= 1;
          if (left < 0) return Promise.reject(new WorldError("crashed", "the machine went down"));
          return to.putIfAbsent(key, bytes);
        },
      };
      await expect(compact({ from, to: dying, records: 300 })).rejects.toThrow("went down");
      await compact({ from, to, records: 300 });
      expect(await contents(to)).toEqual(await contents(whole));
    }
  });

  test("can be written on where the old one ended", async () => {
    const [from, to] = [await small(), openSimulatedStore()];
    await compact({ from, to });
    const more = outputsOf(260);
    const lake = await openLake({ store: to, genesis, begin: "resume", closing: often });
    expect(lake.reached()).toBe(199);
    for (const give of inOrder(factsOf(260), more)) give(lake);
    await lake.finish();
    const audit = await verify(to, { genesis, outputsAtLeast: more.length });
    expect(audit).toMatchObject({ findings: [], facts: 260, outputs: more.length });
  });

  test("is refused where the old one is damaged, or another lake is in the way", async () => {
    const from = await small();
    const [key = ""] = await from.list("pledges/");
    const holed: ObjectStore = {
      ...from,
      get: async (one) => (one === key ? Buffer.from("PAR1") : from.get(one)),
    };
    const damaged = compact({ from: holed, to: openSimulatedStore() });
    await expect(damaged).rejects.toMatchObject({ code: "damaged-lake" });
    const other = openSimulatedStore();
    await writeRun(other, outputsOf(220), { records: 100 });
    const onto = compact({ from, to: other });
    await expect(onto).rejects.toMatchObject({ code: "another-run" });
  });
});
