import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { parseDuration } from "@troth/events";
import { Ajv } from "ajv";
import { describe, expect, test } from "vitest";
import { asKafkaAcls, permissionsOf } from "./acls.ts";
import { asyncApiOf } from "./asyncapi.ts";
import { partitionsOf, readTopicTable, replicasOf, settingsOf } from "./table.ts";

const table = await readTopicTable();
const roles = Object.keys(table.roles);
const size = { partitions: 16, dev: false };
const schemas = join(import.meta.dirname, "../../../../schemas");

describe("the table of topics", () => {
  test("names every topic once, each with roles that exist, a reader and a retention that is one", () => {
    expect(new Set(table.topics.map(({ name }) => name)).size).toBe(table.topics.length);
    for (const topic of table.topics) {
      expect(topic.name).toMatch(/^troth\.[a-z-]+$/);
      for (const role of [...topic.written, ...topic.read]) expect(roles).toContain(role);
      // What was set aside is for people, who read it as administrators.
      if (topic.name !== "troth.set-aside") expect(topic.read.length).toBeGreaterThan(0);
      if (topic.retention !== null) expect(parseDuration(topic.retention)).toBeGreaterThan(0);
      if (topic.cleanup === "compact") expect(topic.retention).toBeNull();
      if (topic.group !== null)
        expect(topic.read.map((role) => `troth.${role}`)).toContain(topic.group);
    }
  });

  test("asks for three copies of which two are there, unless on a developer's machine", () => {
    for (const topic of table.topics) {
      const settings = settingsOf(table, topic, size);
      expect([replicasOf(table, size), settings["min.insync.replicas"]]).toEqual([3, "2"]);
      expect(settings["unclean.leader.election.enable"]).toBe("false");
      const dev = { ...size, dev: true };
      const alone = settingsOf(table, topic, dev);
      expect([replicasOf(table, dev), alone["min.insync.replicas"]]).toEqual([1, "1"]);
    }
  });

  test("spreads customers over the number given, and puts what has one order in one partition", () => {
    const counts = Object.fromEntries(
      table.topics.map((one) => [one.name, partitionsOf(one, size)]),
    );
    expect(counts).toMatchObject({ "troth.facts": 1, "troth.noise": 16, "troth.decisions": 16 });
  });
});

describe("the permissions made of it", () => {
  const permissions = permissionsOf(table, { principalPrefix: "User:t-" });

  test("let nobody write who does not, and name each only once", () => {
    const writes = permissions.filter(({ operation }) => operation === "write");
    expect(writes.map(({ principal, name }) => `${principal} ${name}`).sort()).toEqual(
      table.topics
        .flatMap(({ name, written }) => written.map((role) => `User:t-${role} ${name}`))
        .sort(),
    );
    expect(new Set(asKafkaAcls(permissions)).size).toBe(permissions.length);
  });

  test("let two roles join a group, each its own", () => {
    const groups = permissions.filter(({ resource }) => resource === "group");
    expect(groups.map(({ principal, name }) => `${principal} ${name}`)).toEqual([
      "User:t-registrar troth.registrar",
      "User:t-monitor troth.monitor",
    ]);
  });
});

describe("the AsyncAPI document", () => {
  const written: unknown = JSON.parse(readFileSync(join(schemas, "asyncapi.json"), "utf8"));
  const load = createRequire(import.meta.url);
  const specification: object = load("@asyncapi/specs/schemas/3.0.0.json");
  // It carries draft 7 of JSON Schema within itself; formats say nothing of structure.
  const ajv = new Ajv({
    meta: false,
    validateSchema: false,
    strict: false,
    validateFormats: false,
  });
  const validate = ajv.compile(specification);

  test("is what the table says today (troth topics asyncapi > schemas/asyncapi.json)", () => {
    expect(written).toEqual(JSON.parse(JSON.stringify(asyncApiOf(table))));
  });

  test("is valid by the published schema of AsyncAPI 3, which refuses a wrong one", () => {
    validate(written);
    expect(validate.errors).toBeNull();
    const text = JSON.stringify(written);
    for (const [right, wrong] of [
      ['"action":"send"', '"action":"sends"'],
      ['"address":"troth.noise"', '"address":7'],
      ['"partitions":16', '"partitions":"many"'],
      ['"asyncapi":"3.0.0"', '"asyncapi":"2.6.0"'],
    ] as const) {
      expect(text).toContain(right);
      expect(validate(JSON.parse(text.replace(right, wrong)))).toBe(false);
    }
  });

  test("refers to nothing that is not there", () => {
    const text = JSON.stringify(written);
    const refs = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref]) => ref ?? "");
    expect(refs.length).toBeGreaterThan(100);
    for (const ref of new Set(refs)) {
      if (ref.startsWith("./")) {
        expect(readFileSync(join(schemas, ref), "utf8")).toContain('"type": "record"');
        continue;
      }
      let at: unknown = written;
      for (const step of ref.slice(2).split("/")) {
        expect(at).toHaveProperty([step]);
        at = Object(at)[step];
      }
    }
  });
});
