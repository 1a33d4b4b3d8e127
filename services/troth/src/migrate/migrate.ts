import { join } from "node:path";
import type { KafkaLogs, Log } from "@troth/log";
import { openFileLog } from "@troth/log";
import { systemDisk, systemRng } from "@troth/runtime";
import { type Meta, readMeta, writeMeta } from "../embedded/meta.ts";
import { InputError } from "../exit.ts";
import { policySwitch, readFactRecord } from "../partitioned/fact-log.ts";
import { logOptionsOf } from "../topics/table.ts";
import { type Copied, copyRecords, type Stamped, stampedOf } from "./copy.ts";

export type Migrated = { readonly facts: Copied; readonly setAside: Copied };

export type MigrateTell = (what: string, records: number) => void;

/**
 * Facts with their log time are all there is to move: whatever else troth holds follows from them, and
 * is judged anew on the other side. What was set aside goes along, to be put right there.
 */
export async function toKafka(dir: string, kafka: KafkaLogs, tell: MigrateTell): Promise<Migrated> {
  const meta = await readMeta(dir);
  if (meta === null) throw new InputError(`${dir} is no data folder: it has no meta.json`);
  return between(dir, kafka, async (folder, topics) => ({
    facts: await copyRecords("facts", begunUnder(meta.policy, folder.facts), topics.facts, (n) =>
      tell("facts", n),
    ),
    setAside: await copyRecords("set aside", stampedOf(folder.setAside), topics.setAside, (n) =>
      tell("set aside", n),
    ),
  }));
}

export async function fromKafka(
  dir: string,
  kafka: KafkaLogs,
  clock: Meta["clock"],
  tell: MigrateTell,
): Promise<Migrated> {
  const known = await readMeta(dir);
  return between(dir, kafka, async (folder, topics) => {
    const policy = await policyOf(topics.facts);
    if (known !== null && known.policy !== policy)
      throw new InputError(
        `${dir} was begun under policy ${known.policy}, the topics under ${policy}`,
      );
    if (known === null) await writeMeta(dir, { format: 1, policy, clock, demo: false });
    const facts = await copyRecords("facts", withoutPolicy(topics.facts), folder.facts, (n) =>
      tell("facts", n),
    );
    const setAside = await copyRecords(
      "set aside",
      stampedOf(topics.setAside),
      folder.setAside,
      (n) => tell("set aside", n),
    );
    return { facts, setAside };
  });
}

type Pair = { readonly facts: Log; readonly setAside: Log };

async function between<T>(
  dir: string,
  kafka: KafkaLogs,
  use: (folder: Pair, topics: Pair) => Promise<T>,
): Promise<T> {
  await systemDisk.makeDir(dir);
  const opened: Log[] = [];
  const keep = (log: Log): Log => {
    opened.push(log);
    return log;
  };
  // Opened as their owner: a troth that runs on the folder is in the way, and says so.
  const file = (name: string) =>
    openFileLog(join(dir, name), systemDisk, { newGenesis: systemRng.uuid() });
  const topic = (name: string) => kafka.open(name, 0, logOptionsOf(name));
  try {
    const folder = { facts: keep(await file("facts")), setAside: keep(await file("set-aside")) };
    const topics = {
      facts: keep(await topic("troth.facts")),
      setAside: keep(await topic("troth.set-aside")),
    };
    return await use(folder, topics);
  } finally {
    for (const log of opened) await log.close();
  }
}

/** On Kafka a log of facts says itself under which policy it begins. */
async function* begunUnder(policy: string, facts: Log): AsyncGenerator<Stamped> {
  yield { bytes: policySwitch(policy).bytes, stamp: 0 };
  yield* stampedOf(facts);
}

async function policyOf(facts: Log): Promise<string> {
  for await (const { bytes, offset } of facts.read(0)) {
    const first = readFactRecord(bytes, offset);
    if (first.kind === "policy") return first.hash;
    break;
  }
  throw new InputError("troth.facts does not begin with a policy: nothing was ever judged from it");
}

async function* withoutPolicy(facts: Log): AsyncGenerator<Stamped> {
  for await (const { bytes, offset, stamp } of facts.read(0)) {
    const isPolicy = readFactRecord(bytes, offset).kind === "policy";
    if (isPolicy && offset > 0)
      throw new InputError(
        `troth.facts switches to another policy at record ${offset}, and a data folder has one only: ` +
          "import its facts into a folder begun under the policy that is to hold",
      );
    if (!isPolicy) yield { bytes, stamp };
  }
}
