import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { artifacts, type Superseded, supersededFile } from "./artifacts.ts";
import { avroSchemaOf } from "./avro.ts";

const root = join(import.meta.dirname, "../../..");
const families = ["noise", "decisions"] as const;

const filesIn = (folder: string): string[] => {
  try {
    return readdirSync(join(root, folder)).filter((file) => file.endsWith(".avsc"));
  } catch {
    return [];
  }
};

const superseded: Superseded[] = families.flatMap((family) =>
  filesIn(`schemas/${family}/superseded`)
    .sort()
    .map((file) => ({
      family,
      kind: file.replace(/\.\d+\.avsc$/, ""),
      schema: JSON.parse(readFileSync(join(root, "schemas", family, "superseded", file), "utf8")),
    })),
);

describe("what is committed", () => {
  const expected = artifacts(superseded);

  it.each([...expected.keys()])("in %s is what the tables say (else run generate)", (path) => {
    expect(readFileSync(join(root, path), "utf8")).toBe(expected.get(path));
  });

  it("has no schema of a kind that is no more", () => {
    const committed = families.flatMap((family) => [
      ...filesIn(`schemas/${family}`).map((file) => `schemas/${family}/${file}`),
      ...filesIn(`schemas/${family}/superseded`).map(
        (file) => `schemas/${family}/superseded/${file}`,
      ),
    ]);
    expect(committed.filter((path) => !expected.has(path))).toEqual([]);
  });

  it("gives every schema a number of its own", () => {
    const numbers = families.flatMap((family) =>
      [...(expected.get(`schemas/${family}/ids.json`) ?? "").matchAll(/: (\d+)/g)].map(
        ([, id]) => id,
      ),
    );
    expect(numbers.length).toBeGreaterThan(90);
    expect(new Set(numbers).size).toBe(numbers.length);
  });
});

it("a schema released earlier and changed since stays on file and in the registry", () => {
  const now = avroSchemaOf("delivery.status");
  const old: Superseded = {
    family: "noise",
    kind: "delivery.status",
    schema: { ...now, fields: now.fields.slice(0, 5) },
  };
  const files = artifacts([old]);
  expect(files.get(`schemas/${supersededFile(old)}`)).toContain('"name": "status"');
  expect(files.get("packages/events/src/registry.ts")).toMatch(
    /supersededFacts: readonly Superseded\[\] = \[\n {2}\{ id: \d+, kind: "delivery.status"/,
  );
});
