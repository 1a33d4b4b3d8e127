import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Decision,
  decodeOutput,
  encodeFact,
  encodeOutput,
  isBeyond,
  isDecision,
  type Output,
  parseEvent,
  publicPseudonymKey,
} from "@troth/events";
import { type KafkaLogs, openFileLog, openKafka, type Snapshots } from "@troth/log";
import { systemClock, systemDisk, systemRng } from "@troth/runtime";
import {
  defaultPolicyPath,
  fromKafka,
  logOptionsOf,
  openJudge,
  openRegistrar,
  openSite,
  policiesOf,
  readPolicy,
  readTopicTable,
  tick,
  toKafka,
} from "@troth/troth";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { syntheticDay } from "../../services/troth/src/story/synthetic-day.ts";
import { applyTopics } from "../../services/troth/src/topics/apply.ts";
import { noKafka, startKafka, type TestKafka } from "../support/kafka.ts";
import { firstParting } from "../support/partitions.ts";

const policy = await readPolicy(defaultPolicyPath);
const endsAt = Date.UTC(2026, 5, 1, 18);
const partitions = 3;

/** A data folder as `start` leaves it: facts at their recorded times, ticks between, one refusal. */
async function writeFolder(dir: string): Promise<number> {
  await systemDisk.makeDir(dir);
  const meta = { format: 1, policy: policy.hash, clock: "events", demo: false };
  writeFileSync(join(dir, "meta.json"), JSON.stringify(meta));
  const open = (name: string) =>
    openFileLog(join(dir, name), systemDisk, { newGenesis: systemRng.uuid() });
  const facts = await open("facts");
  const appends: Promise<unknown>[] = [];
  let count = 0;
  for (const event of syntheticDay({ seed: 5, endsAt, customers: 120 })) {
    const parsed = parseEvent(event);
    if (!parsed.ok) throw new Error(parsed.error.message);
    const { recordedTime } = parsed.value;
    appends.push(facts.append([{ bytes: encodeFact(parsed.value) }], recordedTime));
    if (count % 50 === 0) appends.push(facts.append([tick], recordedTime + 1));
    count += 1;
  }
  appends.push(facts.append([tick], endsAt + 3 * 86_400_000));
  await Promise.all(appends);
  const end = await facts.end();
  await facts.close();
  const aside = await open("set-aside");
  await aside.append([{ bytes: Buffer.from('{"reason":"not-json"}') }], 1);
  await aside.close();
  return end;
}

/** What the embedded troth says of a data folder, with its place. */
async function judgeFolder(dir: string): Promise<readonly Output[]> {
  const facts = await openFileLog(join(dir, "facts"), systemDisk, { newGenesis: "" });
  const judge = openJudge(policy, null, () => undefined);
  const outputs: Output[] = [];
  for await (const record of facts.read(0)) {
    const bodies: Output["body"][] = [];
    judge.apply(record, bodies);
    for (const [seq, body] of bodies.entries())
      outputs.push({ inOffset: record.offset, seq, stamp: record.stamp, body });
  }
  await facts.close();
  return outputs;
}

const decisionsOf = (outputs: readonly Output[]): readonly Decision[] =>
  outputs.map(({ body }) => body).filter(isDecision);

const forgetful = (): Snapshots => ({ save: async () => undefined, load: async () => null });

/** What the fleet says of the facts on Kafka: a registrar and a site for each partition. */
async function judgeOnKafka(kafka: KafkaLogs): Promise<readonly Decision[]> {
  const log = (topic: string, partition: number) =>
    kafka.open(topic, partition, logOptionsOf(topic));
  const each = (topic: string) =>
    Promise.all([...Array(partitions).keys()].map((partition) => log(topic, partition)));
  const [noise, decisions, transfers, flags] = await Promise.all(
    ["troth.noise", "troth.decisions", "troth.transfers", "troth.flags"].map(each),
  );
  if (!noise || !decisions || !transfers || !flags) throw new Error("no logs");
  const facts = await log("troth.facts", 0);
  const common = {
    policies: policiesOf([policy]),
    clock: systemClock,
    snapshotEveryRecords: 1e9,
    snapshotEveryMs: 1e9,
  };
  const registrar = await openRegistrar({
    ...common,
    facts,
    noise,
    snapshots: forgetful(),
    begins: policy.hash,
    key: publicPseudonymKey,
    live: () => false,
    tickEveryMs: 1e9,
    turnAway: async () => undefined,
    tell: { routed: () => undefined },
  });
  const sites = await Promise.all(
    noise.map((own, partition) => {
      const [said, board] = [decisions[partition], flags[partition]];
      if (said === undefined || board === undefined) throw new Error("no partition");
      return openSite({
        ...common,
        partition,
        noise: own,
        decisions: said,
        transfers,
        flags: board,
        snapshots: forgetful(),
        tell: { judged: () => undefined },
      });
    }),
  );
  const end = await facts.end();
  for (const patience = Date.now() + 60_000; Date.now() < patience; ) {
    const numbers = registrar.numbers();
    const isDone =
      registrar.position() === end && sites.every((site, n) => site.number() === numbers[n]);
    if (isDone) break;
    await Promise.race([
      new Promise((resolve) => setTimeout(resolve, 50)),
      registrar.running,
      ...sites.map((site) => site.running),
    ]);
  }
  for (const machine of [registrar, ...sites]) await machine.close();
  const read: Output[] = [];
  for (const said of decisions) {
    let last = { inOffset: -1, seq: -1 };
    for await (const { bytes } of said.read(0)) {
      const output = decodeOutput(bytes);
      if (isBeyond(output, last)) read.push(output);
      last = isBeyond(output, last) ? output : last;
    }
  }
  return decisionsOf(read);
}

describe.skipIf(noKafka !== null)(
  noKafka === null ? "facts moved between a data folder and Kafka" : `migrate: ${noKafka}`,
  () => {
    const dir = mkdtempSync(join(tmpdir(), "troth-migrate-"));
    const [source, back] = [join(dir, "source"), join(dir, "back")];
    let broker: TestKafka;
    let kafka: KafkaLogs;

    beforeAll(async () => {
      broker = await startKafka();
      kafka = await openKafka({ brokers: broker.addresses, clientId: "migrate", dev: true });
      const options = { partitions, dev: true, dryRun: false, uuid: systemRng.uuid };
      await applyTopics(kafka, await readTopicTable(), options);
    });
    afterAll(async () => {
      await kafka?.close();
      await broker?.close();
      rmSync(dir, { recursive: true, force: true });
    });

    test("are judged alike in the folder, by the fleet, and in a folder made from Kafka", async () => {
      const end = await writeFolder(source);
      const embedded = await judgeFolder(source);
      const decisions = decisionsOf(embedded);
      expect(decisions.length).toBeGreaterThan(300);

      // Cut short in the middle, as a kill would: run again, it goes on behind what is there.
      const cut = { ...kafka, open: cutShortAfter(kafka, 400) };
      await expect(toKafka(source, cut, () => undefined)).rejects.toThrow("cut short");
      const went = await toKafka(source, kafka, () => undefined);
      expect(went.facts.before).toBeGreaterThan(0);
      expect(went.facts.before + went.facts.copied).toBe(end + 1);
      expect(went.setAside).toEqual({ before: 0, copied: 1 });
      expect((await toKafka(source, kafka, () => undefined)).facts).toEqual({
        before: end + 1,
        copied: 0,
      });

      const onKafka = await judgeOnKafka(kafka);
      expect(firstParting({ decisions, flags: [] }, { decisions: onKafka, flags: [] })).toBeNull();

      const came = await fromKafka(back, kafka, "events", () => undefined);
      expect(came.facts).toEqual({ before: 0, copied: end });
      const again = await judgeFolder(back);
      expect(again.map((one) => encodeOutput(one).toString())).toEqual(
        embedded.map((one) => encodeOutput(one).toString()),
      );
      expect(JSON.parse(readFileSync(join(back, "meta.json"), "utf8"))).toMatchObject({
        policy: policy.hash,
        clock: "events",
      });
    }, 120_000);

    test("are not mixed with those of another history", async () => {
      const other = join(dir, "other");
      await systemDisk.makeDir(other);
      const meta = { format: 1, policy: policy.hash, clock: "events", demo: false };
      writeFileSync(join(other, "meta.json"), JSON.stringify(meta));
      const facts = await openFileLog(join(other, "facts"), systemDisk, {
        newGenesis: systemRng.uuid(),
      });
      await facts.append([tick], 5);
      await facts.close();
      await expect(toKafka(other, kafka, () => undefined)).rejects.toThrow(
        "record 1 is another than the source's",
      );
      await expect(toKafka(join(dir, "nothing"), kafka, () => undefined)).rejects.toThrow(
        "is no data folder",
      );
    });
  },
);

/** Logs that take so many appends and then fail. */
function cutShortAfter(kafka: KafkaLogs, appends: number): KafkaLogs["open"] {
  let left = appends;
  return async (...which) => {
    const log = await kafka.open(...which);
    return {
      ...log,
      append: async (records, stamp) => {
        left -= 1;
        if (left < 0) throw new Error("cut short");
        return log.append(records, stamp);
      },
    };
  };
}
