import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import fc from "fast-check";
import { Kafka } from "kafkajs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { anyFactOf } from "../../packages/events/src/fact.arbitrary.ts";
import {
  decodeNoise,
  encodeFact,
  encodeNoise,
  encodeOutput,
  kinds,
  type NoiseRecord,
} from "../../packages/events/src/index.ts";
import { type KafkaLogs, type KafkaSettings, openKafka } from "../../packages/log/src/index.ts";
import { type Connection, openConnection } from "../../packages/log/src/kafka/connection.ts";
import { headerName } from "../../packages/log/src/kafka/message.ts";
import { systemRng } from "../../packages/runtime/src/index.ts";
import { applyTopics } from "../../services/troth/src/topics/apply.ts";
import { logOptionsOf, type Role, readTopicTable } from "../../services/troth/src/topics/table.ts";
import { noKafka, startKafka, type TestKafka } from "../support/kafka.ts";

const table = await readTopicTable();
const roles: readonly Role[] = ["intake", "registrar", "monitor", "desk", "lake", "notify"];
const groups = ["troth.registrar", "troth.monitor"];
const userOf = (role: Role): string => `troth-${role}`;
const patience = { connectionTimeout: 5_000, requestTimeout: 10_000 };
const facts = kinds.flatMap((kind) => fc.sample(anyFactOf(kind), { numRuns: 2, seed: 7 }));

/** Everything an error of kafkajs says, wherever it keeps it. */
function wordsOf(error: unknown, depth = 0): string {
  if (typeof error !== "object" || error === null || depth > 4) return "";
  const { message, cause, errors, partitions, error: inner } = Object(error);
  const within = [cause, inner, ...(errors ?? []), ...(partitions ?? [])];
  return [message ?? "", ...within.map((one) => wordsOf(one, depth + 1))].join(" ");
}

/** "yes", or what the broker says to one it does not let. */
async function answer(attempt: () => Promise<unknown>): Promise<string> {
  try {
    await attempt();
    return "yes";
  } catch (error) {
    const said = wordsOf(error);
    // Of a group one may not see kafkajs says that nobody coordinates it.
    return /authori[sz]|find group coordinator/i.test(said) ? "refused" : `other: ${said}`;
  }
}

describe.skipIf(noKafka !== null)(
  noKafka === null ? "topics on a Kafka that asks who it is" : `topics: ${noKafka}`,
  () => {
    let broker: TestKafka;
    let ca: string;

    beforeAll(async () => {
      broker = await startKafka({ secure: { users: roles.map(userOf) } });
      ca = join(broker.dir, "ca.pem");
      writeFileSync(ca, broker.ca ?? "");
    });
    afterAll(() => broker?.close());

    const settingsOf = (user: string, dev = true): KafkaSettings => ({
      brokers: broker.addresses,
      clientId: user,
      dev,
      tls: { ca: broker.ca ?? "" },
      sasl: { mechanism: "scram-sha-512", username: user, password: broker.passwordOf(user) },
      deadlineMs: 10_000,
    });
    async function as<T>(role: Role, use: (kafka: KafkaLogs) => Promise<T>): Promise<T> {
      const kafka = await openKafka(settingsOf(userOf(role)));
      try {
        return await use(kafka);
      } finally {
        await kafka.close();
      }
    }
    const troth = async (...words: readonly string[]) => {
      const login = ["--tls-ca", ca, "--sasl-user", "admin"];
      const args = ["--conditions=@troth/source", "--import", "tsx", "services/troth/src/main.ts"];
      const env = { ...process.env, TROTH_SASL_PASSWORD: broker.passwordOf("admin") };
      const brokers = ["--brokers", broker.addresses.join(",")];
      const command = [...args, "topics", "apply", ...brokers, ...login, ...words];
      return promisify(execFile)("node", command, { env }).then(
        ({ stdout }) => ({ code: 0, stdout, stderr: "" }),
        ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
      );
    };

    test("apply says what it would do, does it, and has nothing left to do", async () => {
      const planned = await troth("--dev", "--partitions", "2", "--acls", "--dry-run");
      expect(planned.code).toBe(1);
      expect(planned.stdout).toContain("create troth.noise: 2 partitions, 1 replicas");
      expect(planned.stdout).toMatch(/would allow \d+ operations/);
      const applied = await troth("--dev", "--partitions", "2", "--acls");
      expect([applied.code, applied.stdout]).toEqual([
        0,
        planned.stdout.replace("would allow", "allowed"),
      ]);
      const admin = await openKafka(settingsOf("admin"));
      const size = { partitions: 2, dev: true };
      const options = { ...size, dryRun: true, uuid: systemRng.uuid };
      const again = await applyTopics(admin, table, options);
      expect(again.map(({ does }) => does)).toEqual(table.topics.map(() => "keep"));
      await expect(applyTopics(admin, table, { ...options, partitions: 3 })).rejects.toThrow(
        "their number is fixed at birth",
      );
      const loose = { ...table, settings: { ...table.settings, "max.message.bytes": "1000000" } };
      const changed = await applyTopics(admin, loose, { ...options, dryRun: false });
      expect(changed.map(({ does }) => does)).toEqual(table.topics.map(() => "alter"));
      expect(changed[0]?.says).toBe("max.message.bytes 8388608 -> 1000000");
      await applyTopics(admin, table, { ...options, dryRun: false });
      // Outside --dev one copy is not enough, and no log is opened before that is put right.
      await expect(applyTopics(admin, table, { ...options, dev: false })).rejects.toThrow(
        "1 replicas, 3 are needed",
      );
      await admin.close();
      const strict = await openKafka(settingsOf("admin", false));
      await expect(strict.open("troth.facts", 0)).rejects.toMatchObject({ code: "unsafe" });
      await strict.close();
    });

    test("each role does what it must through its logs, in the form others can read", async () => {
      const written = facts.map((fact) => encodeFact(fact));
      await as("intake", async (kafka) => {
        const log = await kafka.open("troth.facts", 0, logOptionsOf("troth.facts"));
        await log.append(
          [...written, Buffer.of(1)].map((bytes) => ({ bytes })),
          1_000,
        );
        const aside = await kafka.open("troth.set-aside", 0);
        await aside.append([{ bytes: Buffer.from("{}") }], 1);
      });
      const customer = { reference: "customer:1", key: "00ff" };
      const bodies: readonly NoiseRecord["body"][] = [
        ...facts.map((fact) => ({ kind: "fact" as const, customer, origin: "00ff", fact })),
        { kind: "retract", customer, facts: ["a\u0000b"] },
        { kind: "merge", part: customer, whole: customer, across: null },
        { kind: "tick" },
      ];
      const noise = bodies.map((body, number) => ({ number, inOffset: number, stamp: 5, body }));
      await as("registrar", async (kafka) => {
        const log = await kafka.open("troth.facts", 0, logOptionsOf("troth.facts"));
        const read: Buffer[] = [];
        for await (const { bytes } of log.read(0)) read.push(bytes);
        expect(read).toEqual([...written, Buffer.of(1)]);
        const out = await kafka.open("troth.noise", 1, logOptionsOf("troth.noise"));
        await out.append(
          noise.map((record) => ({ bytes: encodeNoise(record) })),
          5,
        );
      });
      const said = encodeOutput({
        inOffset: 3,
        seq: 0,
        stamp: 5,
        body: { kind: "retraction", customer: "customer:1", facts: [] },
      });
      const flags = [1, 2, 3].map((n) =>
        Buffer.from(`{"at":{"key":"k","n":${n}},"flag":${n === 3 ? "null" : `{"level":${n}}`}}`),
      );
      await as("monitor", async (kafka) => {
        const log = await kafka.open("troth.noise", 1, logOptionsOf("troth.noise"));
        const read: NoiseRecord[] = [];
        for await (const { bytes } of log.read(0)) read.push(decodeNoise(bytes));
        expect(read).toEqual(noise);
        const decisions = await kafka.open("troth.decisions", 0, logOptionsOf("troth.decisions"));
        await decisions.append([{ bytes: said }], 5);
        const board = await kafka.open("troth.flags", 0, logOptionsOf("troth.flags"));
        await board.append(
          flags.map((bytes) => ({ bytes })),
          5,
        );
        await (await kafka.open("troth.transfers", 1)).append([{ bytes: Buffer.of(1) }], 5);
      });
      for (const role of ["desk", "lake", "notify"] as const)
        await as(role, async (kafka) => {
          // How many partitions there are says the topic of noise, to whom may not read it too.
          expect((await kafka.describe("troth.noise"))?.partitions).toBe(2);
          const log = await kafka.open("troth.decisions", 0, logOptionsOf("troth.decisions"));
          for await (const { bytes } of log.read(0)) expect(bytes).toEqual(said);
          if (role !== "desk") return;
          const board = await kafka.open("troth.flags", 0, logOptionsOf("troth.flags"));
          const read: Buffer[] = [];
          for await (const { bytes } of board.read(0)) read.push(bytes);
          expect(read.map(String)).toEqual(flags.map(String));
        });
    });

    test("what stands on Kafka is a CloudEvent in binary mode with Confluent's header", async () => {
      const kafka = new Kafka(broker.config());
      const connection = await openConnection(kafka, { ...broker.config(), ...patience });
      const { messages } = await connection.fetch("troth.facts", 0, 1, { ms: 0, bytesMax: 1e6 });
      const fact = facts[0];
      const message = messages.find(({ offset }) => offset === 1);
      const header = (name: string): string => message?.text(headerName(name)) ?? "";
      expect(message?.key?.toString() ?? null).toBe(fact?.subject ?? null);
      expect([
        header("ce_specversion"),
        header("ce_id"),
        header("ce_source"),
        header("ce_type"),
      ]).toEqual(["1.0", fact?.id, fact?.source, `org.troth.${fact?.kind}.v1`]);
      expect(header("content-type")).toBe("application/avro");
      expect(header("ce_time")).toBe(new Date(fact?.time ?? 0).toISOString());
      expect(message?.value?.[0]).toBe(0);
      const flags = await connection.fetch("troth.flags", 0, 1, { ms: 0, bytesMax: 1e6 });
      const standing = flags.messages.filter(({ offset }) => offset !== 0);
      expect(standing.map(({ key, value }) => [String(key), value === null])).toEqual([
        ["k", false],
        ["k", false],
        ["k", true],
      ]);
      await connection.close();
    });

    test("whatever the table does not name is refused: reading, writing, groups, administration", async () => {
      // The first question about a group makes Kafka create the topic that holds them.
      const warming = new Kafka({ ...broker.config(), ...patience }).admin();
      await warming.connect();
      for (const groupId of groups)
        while ((await answer(() => warming.fetchOffsets({ groupId }))) !== "yes");
      await warming.disconnect();
      const counts = { yes: 0, refused: 0 };
      const wrong: string[] = [];
      const judge = (what: string, expected: boolean, found: string): void => {
        if (found === "yes") counts.yes += 1;
        if (found === "refused") counts.refused += 1;
        if (found !== (expected ? "yes" : "refused")) wrong.push(`${what}: ${found}`);
      };
      for (const role of roles) {
        const config = { ...broker.config(userOf(role)), ...patience, retry: { retries: 0 } };
        const kafka = new Kafka(config);
        let connection: Connection = await openConnection(kafka, config);
        const producer = kafka.producer({ allowAutoTopicCreation: false });
        const admin = kafka.admin();
        await Promise.all([producer.connect(), admin.connect()]);
        for (const { name, read, written } of table.topics) {
          const reading = await answer(() =>
            connection.fetch(name, 0, 0, { ms: 0, bytesMax: 1_000 }),
          );
          judge(`${role} reads ${name}`, read.includes(role), reading);
          if (reading !== "yes") {
            await connection.close();
            connection = await openConnection(kafka, config);
          }
          const messages = [{ partition: 0, key: "probe", value: "probe" }];
          const writing = await answer(() => producer.send({ topic: name, messages }));
          judge(`${role} writes ${name}`, written.includes(role), writing);
        }
        await admin.describeCluster();
        for (const groupId of groups) {
          const asked = await answer(() => admin.fetchOffsets({ groupId }));
          judge(`${role} in ${groupId}`, groupId === `troth.${role}`, asked);
        }
        const topic = "troth.decisions";
        const name = "retention.ms";
        const resources = [{ type: 2, name: topic, configEntries: [{ name, value: "1" }] }];
        const acl = {
          principal: `User:${userOf(role)}`,
          host: "*",
          resourceType: 2,
          resourceName: topic,
          resourcePatternType: 3,
          operation: 2,
          permissionType: 3,
        };
        const partitions = [{ partition: 0, offset: "-1" }];
        const deeds: readonly (readonly [string, () => Promise<unknown>])[] = [
          ["makes a topic", () => admin.createTopics({ topics: [{ topic: `own-${role}` }] })],
          ["deletes a topic", () => admin.deleteTopics({ topics: [topic] })],
          ["sets retention", () => admin.alterConfigs({ validateOnly: false, resources })],
          ["lets itself do anything", () => admin.createAcls({ acl: [acl] })],
          [
            "deletes records",
            async () => {
              await admin.fetchTopicOffsets(topic);
              await admin.deleteTopicRecords({ topic, partitions });
            },
          ],
        ];
        for (const [what, deed] of deeds) judge(`${role} ${what}`, false, await answer(deed));
        await Promise.all([producer.disconnect(), admin.disconnect(), connection.close()]);
      }
      expect(wrong).toEqual([]);
      process.stdout.write(`${counts.yes} operations allowed, ${counts.refused} probes refused\n`);
      expect(counts.refused).toBeGreaterThanOrEqual(60);
      expect(counts.yes).toBe(
        table.topics.reduce((sum, one) => sum + one.read.length + one.written.length, 0) +
          groups.length,
      );
    });
  },
);
