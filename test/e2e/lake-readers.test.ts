import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { amountUnits, isoTime } from "@troth/events";
import { type ColumnType, tables } from "@troth/lake";
import { openFolderStore } from "@troth/runtime";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type JudgedDay, judgedDay } from "../support/judged-day.ts";
import { writeLakeOf } from "../support/lake-of.ts";
import { noPython, runPython } from "../support/python.ts";
import { root } from "../support/source.ts";
import { runTroth } from "../support/troth.ts";

const dir = mkdtempSync(join(tmpdir(), "troth-lake-readers-"));
let day: JudgedDay;

beforeAll(async () => {
  day = await judgedDay(60);
  const store = await openFolderStore(dir);
  await writeLakeOf(day, store, { records: 1_500 });
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Tables a made-up day has rows for; it undoes no link. */
const held = tables.filter(({ name }) => name !== "identity");
const names = JSON.stringify(held.map(({ name }) => name));

const rowsOf = (name: string) => {
  const table = tables.find((one) => one.name === name);
  return day.outputs.filter((output) => table?.row(output) !== null);
};

/** What all orders cost, worked out from the outputs themselves. */
const ordersCost = (): string => {
  const units = day.facts.reduce((sum, { fact }) => {
    const money = fact?.data["totalAmount"];
    const stated = typeof money === "object" && money !== null && "amount" in money;
    return stated ? sum + amountUnits(String(money.amount)) : sum;
  }, 0);
  return (units / 10_000).toFixed(4);
};

const amounts = (): string => {
  const table = tables.find(({ name }) => name === "noise");
  const at = table?.columns.findIndex(({ name }) => name === "amount") ?? -1;
  const units = rowsOf("noise").reduce((sum, output) => {
    const cell = table?.row(output)?.[at];
    return typeof cell === "number" ? sum + cell : sum;
  }, 0);
  return (units / 10_000).toFixed(4);
};

const readme = readFileSync(`${root}services/lake/README.md`, "utf8");
const examples = (language: string): readonly string[] =>
  [...readme.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, "g"))].map(
    (match) => match[1] ?? "",
  );
const script = (name: string): string =>
  readFileSync(`${root}test/support/readers/${name}.py`, "utf8");

type Told = {
  readonly types: Readonly<Record<string, string>>;
  readonly rows: number;
  readonly first: string;
  readonly last: string;
};

const noArrow = noPython("pyarrow", "pandas");
describe.skipIf(noArrow !== null)(
  `pyarrow and pandas read the lake${noArrow === null ? "" : ` (${noArrow})`}`,
  { timeout: 240_000 },
  () => {
    const types: Readonly<Record<ColumnType, string>> = {
      text: "string",
      json: "string",
      texts: "list<element: string not null>",
      int: "int32",
      long: "int64",
      decimal: "decimal128(18, 4)",
      double: "double",
      flag: "bool",
      instant: "timestamp[ms, tz=UTC]",
    };
    type Arrow = Told & {
      readonly frame: number;
      readonly sorted: boolean;
      readonly statistics: boolean;
      readonly groupRows: number;
      readonly amounts?: string;
      readonly isDecimal?: boolean;
    };

    test("with the types, rows, moments and exact amounts that were written, sorted and with statistics", async () => {
      const told: Record<string, Arrow> = JSON.parse(
        await runPython(script("read-with-pyarrow"), [dir, names]),
      );
      for (const { name, columns } of held) {
        const one = told[name];
        const rows = rowsOf(name);
        for (const column of columns) {
          expect(one?.types[column.name], `${name}.${column.name}`).toBe(types[column.type]);
        }
        expect(one).toMatchObject({ rows: rows.length, frame: rows.length, sorted: true });
        expect(one).toMatchObject({ statistics: true });
        expect(Date.parse(one?.first ?? "")).toBe(rows[0]?.stamp);
        expect(Date.parse(one?.last ?? "")).toBe(rows.at(-1)?.stamp);
        expect(one?.groupRows).toBeLessThanOrEqual(2_000);
      }
      expect(told["noise"]).toMatchObject({ isDecimal: true, amounts: amounts() });
      expect(Number(amounts())).toBeGreaterThan(0);
    });

    test("and the README's example for pandas runs as it stands", async () => {
      const [example] = examples("python");
      expect(example).toBeDefined();
      const said = await runPython(`import os\nos.chdir(${JSON.stringify(dir)})\n${example}`, []);
      expect(said).toMatch(/broken/);
    });
  },
);

const noAvro = noPython("fastavro", "cramjam");
describe.skipIf(noAvro !== null)(
  `fastavro reads the facts${noAvro === null ? "" : ` (${noAvro})`}`,
  { timeout: 240_000 },
  () => {
    test("each once, with moments as moments and money as decimals", async () => {
      const told = JSON.parse(await runPython(script("read-with-fastavro"), [dir]));
      expect(told.offsets).toEqual(day.facts.map(({ offset }) => offset));
      expect(told.times).toEqual(["datetime"]);
      expect(Number(told.amounts)).toBeGreaterThan(0);
      expect(told.amounts).toBe(ordersCost());
      const orders = day.facts.filter(({ fact }) => fact?.kind === "order.placed").length;
      expect(told.kinds).toMatchObject({ "order.placed": orders, tick: 1 });
    });
  },
);

const noSpark = noPython("pyspark", "pandas");
describe.skipIf(noSpark !== null)(
  `Spark reads the lake${noSpark === null ? "" : ` (${noSpark})`}`,
  { timeout: 240_000 },
  () => {
    const types: Readonly<Record<ColumnType, string>> = {
      text: "string",
      json: "string",
      texts: "array<string>",
      int: "int",
      long: "bigint",
      decimal: "decimal(18,4)",
      double: "double",
      flag: "boolean",
      instant: "timestamp",
    };

    test("with the types, rows, moments and sums that were written, and answers the README's queries", async () => {
      const queries = examples("sql spark");
      expect(queries.length).toBeGreaterThanOrEqual(3);
      const told: Record<string, Told> & { amounts: string; answers: number[] } = JSON.parse(
        await runPython(script("read-with-spark"), [dir, names, JSON.stringify(queries)]),
      );
      for (const { name, columns } of held) {
        const one = told[name];
        const rows = rowsOf(name);
        for (const column of columns) {
          expect(one?.types[column.name], `${name}.${column.name}`).toBe(types[column.type]);
        }
        expect(one?.rows).toBe(rows.length);
        const stamps = rows.map(({ stamp }) => stamp);
        expect(Date.parse(`${one?.first}Z`)).toBe(Math.min(...stamps));
        expect(Date.parse(`${one?.last}Z`)).toBe(Math.max(...stamps));
        expect(isoTime(stamps[0] ?? 0)).toMatch(/Z$/);
      }
      expect(told.amounts).toBe(amounts());
      expect(told.answers.filter((rows) => rows > 0)).toHaveLength(queries.length);
    }, 240_000);
  },
);

const noOdcs = noPython("open_data_contract_standard", "jsonschema", "yaml");
describe.skipIf(noOdcs !== null)(
  `the contracts of the tables${noOdcs === null ? "" : ` (${noOdcs})`}`,
  { timeout: 240_000 },
  () => {
    test("hold to the schema of the Open Data Contract Standard", async () => {
      const told = JSON.parse(
        await runPython(script("check-contracts"), [`${root}schemas/contract`]),
      );
      expect(Object.keys(told.contracts)).toHaveLength(tables.length + 1);
      expect(Object.values(told.contracts).flat()).toEqual([]);
      // The check itself can fail: a type the standard does not know is told.
      expect(told.broken).toBeGreaterThan(0);
    });
  },
);

const noMining = noPython("pm4py");
describe.skipIf(noMining !== null)(
  `pm4py opens the export${noMining === null ? "" : ` (${noMining})`}`,
  { timeout: 240_000 },
  () => {
    test("with every fact, every promise and alert, and what they are about", async () => {
      const exported = await runTroth(["export", "ocel", dir]);
      expect(exported.code, exported.err).toBe(0);
      const path = join(dir, "..", `${basename(dir)}.jsonocel`);
      writeFileSync(path, exported.out);
      const told = JSON.parse(
        (await runPython(script("open-with-pm4py"), [path]))
          .split("\n")
          .filter((line) => line.startsWith("{"))
          .at(-1) ?? "",
      );
      rmSync(path);
      const facts = day.facts.filter(({ fact }) => fact !== null);
      const pledges = day.outputs.flatMap(({ body }) => (body.kind === "pledge" ? [body] : []));
      const alerts = day.outputs.filter(({ body }) => body.kind === "alert");
      expect(told.events).toBe(facts.length + pledges.length + alerts.length);
      const rows = new Set(pledges.map((one) => `${one.customer} ${one.promiseId} ${one.term}`));
      expect(told.promises).toBe(rows.size);
      expect(told.activities["promise broken"]).toBe(
        pledges.filter(({ verdict }) => verdict === "broken").length,
      );
      expect(told.types).toEqual(expect.arrayContaining(["alert", "customer", "order", "promise"]));
      expect(told.relations).toBeGreaterThan(told.events);
      expect(told.objectRelations).toBeGreaterThan(rows.size);
      expect(Date.parse(told.first)).toBe(Math.min(...facts.map(({ fact }) => fact?.time ?? 0)));
    });
  },
);

const noIceberg = noPython("pyiceberg.catalog.sql", "sqlalchemy");
describe.skipIf(noIceberg !== null)(
  `pyiceberg registers the lake's files${noIceberg === null ? "" : ` (${noIceberg})`}`,
  { timeout: 240_000 },
  () => {
    test("as Iceberg tables by the README's script, and a second run adds nothing", async () => {
      const [example] = examples("python iceberg");
      expect(example).toBeDefined();
      const warehouse = mkdtempSync(join(tmpdir(), "troth-iceberg-"));
      try {
        const run = `import os\nos.chdir(${JSON.stringify(dir)})\nos.environ["WAREHOUSE"] = ${JSON.stringify(warehouse)}\n${example}`;
        const [first, second] = [await runPython(run, []), await runPython(run, [])];
        const counts = Object.fromEntries(held.map(({ name }) => [name, rowsOf(name).length]));
        for (const said of [first, second]) {
          const rows: Record<string, number> = JSON.parse(said.trim().split("\n").at(-1) ?? "");
          expect(rows).toMatchObject(counts);
        }
      } finally {
        rmSync(warehouse, { recursive: true, force: true });
      }
    });
  },
);
