import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { contracts } from "./contract.ts";
import { factsTable } from "./table.ts";
import { tables } from "./tables.ts";

const folder = new URL("../../../schemas/contract/", import.meta.url);

test("the contracts in schemas/contract are those of the tables as they are written", () => {
  const made = [...contracts()];
  const files = readdirSync(folder).sort();
  expect(files).toEqual(made.map(([name]) => `${name}.odcs.yaml`).sort());
  for (const [name, contract] of made) {
    const held = parse(readFileSync(new URL(`${name}.odcs.yaml`, folder), "utf8"));
    expect(held, `${name}: run services/lake/src/generate.ts`).toEqual(contract);
  }
});

test("every table has one, and every column its type, meaning and whether it may be null", () => {
  expect([...contracts().keys()].sort()).toEqual(
    [factsTable, ...tables.map(({ name }) => name)].sort(),
  );
  for (const { name, columns } of tables) {
    const text = JSON.stringify(contracts().get(name));
    for (const column of columns) {
      const found = JSON.stringify({ name: column.name, description: column.says }).slice(1, -1);
      expect(text, `${name}.${column.name}`).toContain(found);
    }
  }
});
