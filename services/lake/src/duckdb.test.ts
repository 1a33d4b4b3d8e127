import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openFolderStore } from "@troth/runtime";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { tablesInWords } from "./documentation.ts";
import { outputsOf, writeRun } from "./fixture.ts";
import { tables } from "./tables.ts";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const queries = [...readme.matchAll(/```sql\n([\s\S]*?)```/g)].map((match) => match[1] ?? "");

const duckdb = await import("@duckdb/node-api").catch(() => null);
const missing = duckdb === null ? " (skipped: DuckDB does not load on this machine)" : "";

type Row = Readonly<Record<string, unknown>>;

const outputs = outputsOf(120);
const dir = mkdtempSync(join(tmpdir(), "troth-lake-"));
let ask: (sql: string) => Promise<readonly Row[]> = () => Promise.reject(new Error("not open"));

beforeAll(async () => {
  await writeRun(await openFolderStore(dir), outputs);
  if (duckdb === null) return;
  const instance = await duckdb.DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  ask = async (sql) => {
    const here = sql.replace(/read_parquet\('/g, `read_parquet('${dir}/`);
    return (await connection.runAndReadAll(here)).getRowObjectsJson();
  };
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const from = (table: string): string => `read_parquet('${table}/**/*.parquet')`;

describe.skipIf(duckdb === null)(`DuckDB reads the lake${missing}`, () => {
  const types = {
    text: "VARCHAR",
    json: "VARCHAR",
    texts: "VARCHAR[]",
    int: "INTEGER",
    long: "BIGINT",
    decimal: "DECIMAL(18,4)",
    double: "DOUBLE",
    flag: "BOOLEAN",
    instant: "TIMESTAMP WITH TIME ZONE",
  } as const;

  test.each(tables)(
    "with the columns and types of $name, and a date and kind to prune by",
    async ({ name, columns }) => {
      const described = await ask(`DESCRIBE SELECT * FROM ${from(name)}`);
      const found = described.map((row) => [row["column_name"], row["column_type"]]);
      expect(found).toEqual(
        expect.arrayContaining(columns.map((column) => [column.name, types[column.type]])),
      );
      expect(found).toContainEqual(["date", "DATE"]);
      expect(found).toHaveLength(columns.length + (columns.some((c) => c.name === "kind") ? 2 : 3));
    },
  );

  test("with every output in exactly one of the three base tables", async () => {
    const union = ["noise", "decisions", "identity"]
      .map((table) => `SELECT inOffset, seq FROM ${from(table)}`)
      .join(" UNION ALL ");
    const [row] = await ask(
      `SELECT count(*) AS n, count(DISTINCT (inOffset, seq)) AS d FROM (${union})`,
    );
    expect(row).toEqual({ n: String(outputs.length), d: String(outputs.length) });
  });

  test("with times to the millisecond, whole points and lists as they were", async () => {
    const alert = outputs.find(({ body }) => body.kind === "alert");
    if (alert?.body.kind !== "alert") throw new Error("no alert");
    const [row] = await ask(
      `SELECT epoch_ms(logTime) AS logTime, epoch_ms(becameAt) AS becameAt, score, leadSeverity, evidence, parts
       FROM ${from("alerts")} WHERE alertId = '${alert.body.alertId}'`,
    );
    expect(row).toEqual({
      logTime: String(alert.stamp),
      becameAt: String(alert.body.at),
      score: String(alert.body.score),
      leadSeverity: 3,
      evidence: [...new Set(alert.body.parts.flatMap((part) => part.evidence))],
      parts: expect.stringContaining(`"points":${alert.body.lead?.points}`),
    });
  });

  test("with amounts exact to the ten-thousandth, below zero too", async () => {
    const rows =
      await ask(`SELECT id, CAST(amount AS VARCHAR) AS amount, currency FROM ${from("noise")}
       WHERE kind = 'order.placed' ORDER BY inOffset LIMIT 2`);
    expect(rows).toEqual([
      { id: "e0", amount: "0.1000", currency: "EUR" },
      { id: "e4", amount: "-4.1234", currency: "EUR" },
    ]);
    const [sum] = await ask(`SELECT typeof(sum(amount)) AS type FROM ${from("noise")}`);
    expect(sum?.["type"]).toMatch(/^DECIMAL\(38,4\)/);
  });

  test("with text of any language and JSON that parses", async () => {
    const [row] = await ask(
      `SELECT data->'attributes'->>'note' AS note, data->>'expectedArrivalUntil' AS due
       FROM ${from("noise")} WHERE id = 'e4'`,
    );
    expect(row).toEqual({
      note: "naïve “quotes” \u2028 4",
      due: "2024-01-30T12:00:00.000Z",
    });
  });

  test("with all evidence of alerts resolving to events", async () => {
    const [row] = await ask(
      `SELECT count(*) AS evidence, count(event.id) AS found FROM
         (SELECT DISTINCT unnest(evidence) AS id FROM ${from("alerts")}) AS given
         LEFT JOIN ${from("noise")} AS event USING (id)`,
    );
    expect(Number(row?.["evidence"])).toBeGreaterThan(30);
    expect(row?.["found"]).toEqual(row?.["evidence"]);
  });

  test("and answers the five queries of the README", async () => {
    expect(queries).toHaveLength(5);
    const answers = [];
    for (const query of queries) answers.push(await ask(query));
    expect(answers.map((rows) => rows.length > 0)).toEqual([true, true, true, true, true]);
    const pledges = answers[0]?.reduce((sum, row) => sum + Number(row["pledges"]), 0);
    expect(pledges).toBe(outputs.filter(({ body }) => body.kind === "pledge").length);
  });
});

test("the README lists the tables and columns that are written", () => {
  expect(readme).toContain(tablesInWords());
});
