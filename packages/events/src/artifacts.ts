import { avroSchemaOf, decisionSchemaOf, loggedSchemaOf, schemaIdOf } from "./avro.ts";
import { decisionKinds } from "./decision-tables.ts";
import { vocabularyPage } from "./documentation.ts";
import { kinds } from "./kinds/index.ts";

/** A released schema that is no longer the present one; logs may still hold records of it. */
export type Superseded = {
  readonly family: "noise" | "decisions";
  readonly kind: string;
  readonly schema: unknown;
};

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** Where a superseded schema is kept, under schemas/. */
export const supersededFile = ({ family, kind, schema }: Superseded): string =>
  `${family}/superseded/${kind}.${schemaIdOf(schema)}.avsc`;

type Ids = { readonly data: number; readonly fact: number };
const factIds = (data: unknown): Ids => ({
  data: schemaIdOf(data),
  fact: schemaIdOf(loggedSchemaOf(data)),
});

const registryHead = `// biome-ignore-all format: written by a machine.
// Written by generate.ts from the tables; schemas/ holds the same for other languages.
type Superseded = { readonly id: number; readonly kind: string; readonly schema: string };
`;

function registry(
  facts: ReadonlyMap<string, Ids>,
  decisions: ReadonlyMap<string, number>,
  superseded: readonly Superseded[],
): string {
  const entry = ({ family, kind, schema }: Superseded): string => {
    const id = family === "noise" ? factIds(schema).fact : schemaIdOf(schema);
    return `  { id: ${id}, kind: ${JSON.stringify(kind)}, schema: ${JSON.stringify(JSON.stringify(schema))} },`;
  };
  const list = (name: string, family: Superseded["family"]): string => {
    const entries = superseded.filter((one) => one.family === family).map(entry);
    const body = entries.length === 0 ? "[]" : `[\n${entries.join("\n")}\n]`;
    return `export const ${name}: readonly Superseded[] = ${body};`;
  };
  const key = (kind: string): string => (/^\w+$/.test(kind) ? kind : JSON.stringify(kind));
  return [
    registryHead,
    "/** Id of the logged record (envelope and data) of each kind of fact. */",
    "export const factIds = {",
    ...[...facts].map(([kind, { fact }]) => `  ${key(kind)}: ${fact},`),
    "} as const;",
    "",
    "/** Id of the record of each kind of decision. */",
    "export const decisionIds = {",
    ...[...decisions].map(([kind, id]) => `  ${key(kind)}: ${id},`),
    "} as const;",
    "",
    list("supersededFacts", "noise"),
    list("supersededDecisions", "decisions"),
    "",
  ].join("\n");
}

/** Every generated file, by its path from the root of the repository. */
export function artifacts(superseded: readonly Superseded[]): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  const facts = new Map<string, Ids>();
  for (const kind of kinds) {
    const schema = avroSchemaOf(kind);
    facts.set(kind, factIds(schema));
    files.set(`schemas/noise/${kind}.avsc`, json(schema));
  }
  const decisions = new Map<string, number>();
  for (const kind of decisionKinds) {
    const schema = decisionSchemaOf(kind);
    decisions.set(kind, schemaIdOf(schema));
    files.set(`schemas/decisions/${kind}.avsc`, json(schema));
  }
  for (const one of superseded) files.set(`schemas/${supersededFile(one)}`, json(one.schema));
  files.set("schemas/noise/ids.json", json(Object.fromEntries(facts)));
  files.set("schemas/decisions/ids.json", json(Object.fromEntries(decisions)));
  files.set("schemas/README.md", vocabularyPage());
  files.set("packages/events/src/registry.ts", registry(facts, decisions, superseded));
  return files;
}
