import { readFileSync } from "node:fs";
import { dataSchemas, parseLine, toCloudEvent } from "@troth/events";
import { type KafkaLogs, openKafka } from "@troth/log";
import { parsePolicy } from "@troth/policy";
import { systemHttp } from "@troth/runtime";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { openSchemaIds } from "../../services/troth/src/topics/registry.ts";
import { noRegistry, startRegistry, type TestRegistry } from "../support/apicurio.ts";
import { houses } from "../support/houses.ts";
import {
  drained,
  type Fleet,
  openFleet,
  readDecisions,
  readFacts,
  secondOpinion,
} from "../support/kafka-fleet.ts";
import { firstParting } from "../support/partitions.ts";
import { root } from "../support/source.ts";
import { runTroth } from "../support/troth.ts";

const policyPath = `${root}infra/policy/default.yaml`;
const why = noRegistry === null ? "" : ` (skipped: ${noRegistry})`;

describe.skipIf(noRegistry !== null)(`a fleet with a real registry of schemas${why}`, () => {
  let registry: TestRegistry;
  let fleet: Fleet;
  beforeAll(async () => {
    registry = await startRegistry();
    fleet = await openFleet({
      partitions: 2,
      clock: "events",
      policies: [policyPath],
      args: () => ["--registry", registry.url],
    });
  }, 240_000);
  afterAll(async () => {
    await fleet?.close();
    await registry?.close();
  });
  const at = () => ["--brokers", fleet.broker.addresses.join(","), "--dev"];
  const askFor = async (path: string) => (await fetch(registry.url + path)).json();
  /** What stands before the data of each record of a topic: the id of its schema. */
  const idsOn = async (kafka: KafkaLogs, topic: string): Promise<ReadonlySet<number>> => {
    const ids = new Set<number>();
    for await (const { value, headers } of kafka.peek(topic))
      if (headers["ce_specversion"] !== undefined && value !== null) ids.add(value.readUInt32BE(1));
    return ids;
  };

  test("refuses to start before the schemas are registered, and says how to", async () => {
    const refused = await runTroth([
      "policy",
      "activate",
      policyPath,
      ...at(),
      "--registry",
      registry.url,
    ]);
    expect(refused.code).toBe(3);
    expect(refused.err).toContain("troth topics apply --registry registers it");
  }, 60_000);

  test("registers every schema, each to stay readable, and doing it again changes nothing", async () => {
    const apply = ["topics", "apply", ...at(), "--partitions", "2", "--registry", registry.url];
    const applied = await runTroth(apply);
    expect(applied.code, applied.err).toBe(0);
    const all = (await askFor("/subjects")) as readonly string[];
    const subjects = all.filter((one) => !one.endsWith("-value"));
    expect(applied.out).toContain(`${dataSchemas().length} schemas of ${subjects.length} kinds`);
    expect(all).toEqual(expect.arrayContaining(["troth.decisions-value", "troth.flags-value"]));
    expect(await askFor("/config/troth.decisions-value")).toMatchObject({
      compatibilityLevel: "FORWARD_TRANSITIVE",
    });
    expect(subjects.length).toBeGreaterThan(40);
    const [subject = ""] = subjects;
    expect(await askFor(`/config/${subject}`)).toMatchObject({
      compatibilityLevel: "BACKWARD_TRANSITIVE",
    });
    const before = await askFor(`/subjects/${subject}/versions/latest`);
    expect((await runTroth(apply)).code).toBe(0);
    expect(await askFor(`/subjects/${subject}/versions/latest`)).toEqual(before);
  }, 120_000);

  test("writes by the registry's ids, reads what was written by the files' before, and decides as ever", async () => {
    const facts = houses(41, 6, 60).flatMap((event) => {
      const fact = parseLine(JSON.stringify(event));
      return fact.ok ? [fact.value] : [];
    });
    // As a fleet without a registry wrote them.
    await fleet.feed(facts.slice(0, 50));
    const [intake] = await Promise.all([
      fleet.start("intake", 1),
      fleet.start("identity", 1),
      fleet.start("monitor", 1),
    ]);
    const answer = await fetch(intake?.says ?? "", {
      method: "POST",
      headers: { "content-type": "application/cloudevents-batch+json" },
      body: JSON.stringify(facts.slice(50).map(toCloudEvent)),
    });
    expect(answer.status).toBe(202);
    await drained(fleet, 60_000);
    const known = new Set(dataSchemas().map(({ id }) => id));
    const onNoise = await idsOn(fleet.kafka, "troth.noise");
    expect(onNoise.size).toBeGreaterThan(5);
    for (const id of onNoise) {
      expect(known.has(id), "an id of the files").toBe(false);
      const { schema } = (await askFor(`/schemas/ids/${id}`)) as { readonly schema: string };
      expect(JSON.parse(schema)).toMatchObject({ type: "record" });
    }
    const onFacts = [...(await idsOn(fleet.kafka, "troth.facts"))];
    expect(onFacts.some((id) => known.has(id))).toBe(true);
    expect(onFacts.some((id) => !known.has(id))).toBe(true);

    // Whoever asks the registry for a topic's schema can read what is said there.
    for (const topic of ["troth.decisions", "troth.flags"]) {
      const found = await askFor(`/subjects/${topic}-value/versions/latest`);
      const { schema, schemaType } = found as { schema: string; schemaType: string };
      expect(schemaType).toBe("JSON");
      const shape = z.fromJSONSchema(JSON.parse(schema));
      let records = 0;
      for await (const { value, headers } of fleet.kafka.peek(topic)) {
        if (value === null || headers["content-type"] === undefined) continue;
        shape.parse(JSON.parse(value.toString("utf8")));
        records += 1;
      }
      expect(records, topic).toBeGreaterThan(5);
    }

    // Who has not heard of the registry stops at the first of its ids, and is told why.
    await expect(readFacts(fleet.kafka)).rejects.toThrow("--registry");
    const schemaIds = await openSchemaIds(registry.url, {
      http: systemHttp,
      env: {},
      troubled: () => undefined,
    });
    const informed = await openKafka({
      brokers: [...fleet.broker.addresses],
      clientId: "informed",
      dev: true,
      schemaIds,
    });
    try {
      const policy = parsePolicy(readFileSync(policyPath, "utf8"));
      if (!policy.ok) throw new Error("the policy does not compile");
      const read = await readDecisions(informed, 2);
      const oracle = secondOpinion((await readFacts(informed)).facts, policy.value);
      expect(firstParting(read, { ...oracle, flags: [] })).toBeNull();
      expect(read.decisions.length).toBeGreaterThan(50);
    } finally {
      await informed.close();
    }
  }, 180_000);
});
