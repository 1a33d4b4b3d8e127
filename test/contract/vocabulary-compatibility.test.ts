import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { schemaIdOf } from "../../packages/events/src/avro.ts";
import { faultsBetween } from "../../packages/events/src/compatibility.ts";
import {
  avroSchemaOf,
  decisionKinds,
  decisionSchemaOf,
  kinds,
} from "../../packages/events/src/index.ts";

// BACKWARD_TRANSITIVE: the present schemas read whatever any release has written.
const root = join(import.meta.dirname, "../..");

function git(...args: string[]): string[] {
  return execFileSync("git", args, {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  })
    .split("\n")
    .filter((line) => line !== "");
}

/** An unpacked archive of the sources has no tags, and nothing to hold the schemas against. */
function tags(): string[] {
  return existsSync(join(root, ".git")) ? git("tag") : [];
}

type Released = { readonly tag: string; readonly file: string; readonly schema: unknown };

const released: Released[] = tags().flatMap((tag) =>
  git("ls-tree", "-r", "--name-only", tag, "schemas/")
    .filter((file) => /^schemas\/(noise|decisions)\/[^/]+\.avsc$/.test(file))
    .map((file) => ({ tag, file, schema: JSON.parse(git("show", `${tag}:${file}`).join("\n")) })),
);

const present = new Map<string, unknown>([
  ...kinds.map((kind) => [`schemas/noise/${kind}.avsc`, avroSchemaOf(kind)] as const),
  ...decisionKinds.map(
    (kind) => [`schemas/decisions/${kind}.avsc`, decisionSchemaOf(kind)] as const,
  ),
]);

describe("what any release wrote can still be read", () => {
  if (released.length === 0) {
    it("(nothing is released yet: no tag has schemas, so only the checker itself is checked)", () => {
      expect(released).toEqual([]);
    });
    return;
  }
  it.each(released)("$file of $tag", ({ file, schema }) => {
    expect(present.has(file), "the kind is gone").toBe(true);
    expect(faultsBetween(present.get(file), schema)).toEqual([]);
  });

  it("because every released schema is the present one or kept in superseded/", () => {
    const superseded = git("ls-files", "schemas/*/superseded/*.avsc");
    for (const { tag, file, schema } of released) {
      const id = schemaIdOf(schema);
      const known =
        schemaIdOf(present.get(file)) === id || superseded.some((kept) => kept.includes(`.${id}.`));
      expect(known, `${file} of ${tag}: run generate with the tags fetched`).toBe(true);
    }
  });
});

const record = (...fields: unknown[]): object => ({ type: "record", name: "r", fields });
const decimal = (scale: number): unknown => ({
  type: "bytes",
  logicalType: "decimal",
  precision: 15,
  scale,
});
const a = { name: "a", type: "string" };

describe("the checker", () => {
  it.each([
    ["a field added without a default", record(a, { name: "b", type: "string" }), record(a)],
    ["text made a number", record({ name: "a", type: "long" }), record(a)],
    ["a long made an int", record({ name: "a", type: "int" }), record({ name: "a", type: "long" })],
    [
      "an optional field made required",
      record(a),
      record({ name: "a", type: ["null", "string"], default: null }),
    ],
    ["the record renamed", { ...record(a), name: "s" }, record(a)],
    [
      "the scale of money changed",
      record({ name: "a", type: decimal(2) }),
      record({ name: "a", type: decimal(4) }),
    ],
    [
      "the scale of optional money changed",
      record({ name: "a", type: ["null", decimal(2)] }),
      record({ name: "a", type: ["null", decimal(4)] }),
    ],
    [
      "a moment made a plain number",
      record({ name: "a", type: "long" }),
      record({ name: "a", type: { type: "long", logicalType: "timestamp-millis" } }),
    ],
  ])("finds %s", (_, reader, writer) => {
    expect(faultsBetween(reader, writer)).not.toEqual([]);
  });

  it.each([
    [
      "a field added with a default",
      record(a, { name: "b", type: ["null", "string"], default: null }),
      record(a),
    ],
    ["a field dropped", record(a), record(a, { name: "b", type: "string" })],
    [
      "a required field made optional",
      record({ name: "a", type: ["null", "string"], default: null }),
      record(a),
    ],
    ["an int made a long", record({ name: "a", type: "long" }), record({ name: "a", type: "int" })],
    ["better words in the documentation", record({ ...a, doc: "A." }), record(a)],
  ])("lets pass %s", (_, reader, writer) => {
    expect(faultsBetween(reader, writer)).toEqual([]);
  });

  it("lets pass a field of ours taken out and another put in, but not a point that moved", () => {
    const now = avroSchemaOf("order.placed");
    const changed = (from: string, to: string): unknown =>
      JSON.parse(JSON.stringify(now).replace(from, to));
    expect(faultsBetween(now, changed('"name":"itemCount"', '"name":"totalItems"'))).toEqual([]);
    expect(faultsBetween(now, changed('"scale":4', '"scale":2'))).not.toEqual([]);
  });
});
