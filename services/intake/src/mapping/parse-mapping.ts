import { err, isKind, kinds, ok, type Result, tableOf } from "@troth/events";
import {
  collectProblems,
  type PolicyError,
  type Problems,
  placed,
  readDocument,
  readShape,
  shown,
  suggest,
} from "@troth/policy";
import { compileExpression, type Expression } from "./expression.ts";
import type { EventRule, Mapping } from "./mapping.ts";
import { type EventText, type MappingText, mappingShape } from "./shape.ts";

type Path = readonly (string | number)[];

function compile(
  given: string | number | boolean | undefined,
  path: Path,
  problems: Problems,
): Expression | null {
  if (given === undefined) return null;
  if (typeof given !== "string") return () => ({ kind: "value", value: given });
  const compiled = compileExpression(given);
  if (compiled.ok) return compiled.value;
  const { offset, found, remedy } = compiled.error;
  problems.add({ path, part: "value", offset, found, expected: "a CEL expression", remedy });
  return null;
}

const nothing: Expression = () => ({ kind: "missing", name: "" });

function compileRule(text: EventText, path: Path, problems: Problems): EventRule | null {
  const known = isKind(text.kind);
  if (!known) {
    problems.add({
      path: [...path, "kind"],
      part: "value",
      found: `the kind ${shown(text.kind)}`,
      expected: "a kind of event",
      remedy: suggest(text.kind, kinds),
    });
  }
  const fields = isKind(text.kind) ? Object.keys(tableOf(text.kind).fields) : [];
  const data = new Map<string, Expression>();
  for (const [name, given] of Object.entries(text.data)) {
    const at = [...path, "data", name];
    if (known && !fields.includes(name)) {
      const found = `the field ${shown(name)}`;
      const expected = `a field of ${text.kind}`;
      problems.add({ path: at, part: "key", found, expected, remedy: suggest(name, fields) });
    }
    data.set(name, compile(given, at, problems) ?? nothing);
  }
  const of = (name: Exclude<keyof EventText, "kind" | "data">): Expression | null =>
    compile(text[name], [...path, name], problems);
  const rule = {
    when: of("when"),
    each: of("each"),
    id: of("id"),
    subject: of("subject"),
    time: of("time") ?? nothing,
    recordedtime: of("recordedtime"),
    tenant: of("tenant"),
    data,
  };
  return isKind(text.kind) ? { kind: text.kind, ...rule } : null;
}

function checkName(name: string, problems: Problems): void {
  if (/^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(name)) return;
  const expected = "small letters, digits and hyphens";
  const remedy = "write it such as shop-orders";
  problems.add({ path: ["mapping"], part: "value", found: shown(name), expected, remedy });
}

function checkFrom({ from }: MappingText, problems: Problems): void {
  const add = (name: string, found: string, remedy: string): void =>
    problems.add({ path: ["from", name], part: "key", found, expected: "another form", remedy });
  if (from.delimiter !== undefined && from.format !== "csv") {
    add("delimiter", "a delimiter", "only format: csv has one; remove it");
  }
  if ((from.registry ?? from.schema) !== undefined && ["csv", "json"].includes(from.format)) {
    const name = from.registry === undefined ? "schema" : "registry";
    add(name, `a ${name}`, "only formats avro and debezium have one; remove it");
  }
  if (from.registry !== undefined && from.schema !== undefined) {
    add("schema", "registry and schema", "keep one of them");
  }
  if (from.format === "csv" && from.topic !== undefined) {
    add("topic", "a topic of CSV", "CSV is read from files; remove `topic`");
  }
}

/**
 * A mapping from YAML, or everything that is wrong with it, in the order of the lines. `file` is
 * what errors call it. Never throws.
 */
export function parseMapping(
  text: string,
  file = "mapping.yaml",
): Result<Mapping, readonly PolicyError[]> {
  const document = readDocument(text);
  const problems = collectProblems();
  let mapping: Mapping | null = null;
  if (document.value !== undefined) {
    const read = readShape(mappingShape, document.value, [], problems);
    if (read !== null) {
      const { mapping: name, source, from, events } = read.value;
      checkName(name, problems);
      checkFrom(read.value, problems);
      const rules = events.map((event, i) => compileRule(event, ["events", i], problems));
      mapping = {
        name,
        source: source ?? `urn:mapping:${name}`,
        from,
        events: rules.filter((rule) => rule !== null),
      };
    }
  }
  const errors = placed(document, problems.list);
  if (mapping !== null && errors.length === 0) return ok(mapping);
  return err(errors.map((error) => ({ file, ...error })));
}
