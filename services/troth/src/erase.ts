import { join, resolve } from "node:path";
import { isReference } from "@troth/events";
import { type FileLog, type Log, openFileLog, openKafka } from "@troth/log";
import { systemClock, systemDisk, systemRng } from "@troth/runtime";
import type { Command } from "commander";
import { filedOf } from "./embedded/facts-from.ts";
import { readMeta } from "./embedded/meta.ts";
import { type Aside, type Erased, erase } from "./erase/destroy.ts";
import type { ReadFacts, Whose } from "./erase/person.ts";
import { exitCodes, InputError } from "./exit.ts";
import { factsInLake } from "./export/subject.ts";
import { addKafkaOptions, type KafkaOptions, readKafkaSettings } from "./kafka-options.ts";
import { keysArgument, openKeysToRead } from "./keys/open-keys.ts";
import { lakeArgument, openLakeToRead } from "./lake-place.ts";
import { openTopic, topics } from "./run/place.ts";

type Options = Partial<KafkaOptions> & {
  readonly data: string;
  readonly tenant: string;
  readonly keys?: string;
  readonly lake?: string;
};

async function asidesIn(log: Log): Promise<readonly Aside[]> {
  const items: Aside[] = [];
  for await (const { bytes } of log.read(0)) items.push(JSON.parse(bytes.toString("utf8")));
  return items;
}

const keysIn = ({ keys }: Options, otherwise: string | null): Promise<Keys> => {
  const place = keys ?? otherwise;
  if (place !== null) return openKeysToRead(place);
  throw new InputError("--keys: say where the keys are that its facts were sealed with");
};
type Keys = Awaited<ReturnType<typeof openKeysToRead>>;

/** Opened as their owner: a troth that runs on the folder has the keys in mind, and says so. */
async function eraseInFolder(options: Options, whose: Whose): Promise<Erased | null> {
  const data = resolve(options.data);
  const meta = await readMeta(data);
  if (meta === null) throw new InputError(`${data} is no data folder of start`);
  if (meta.sealed !== true) {
    throw new InputError(
      `${data} was begun with every name in it, and nothing in it is sealed: replay its events into a new folder, and remove this one`,
    );
  }
  const keys = await keysIn(options, join(data, "keys"));
  const open = (name: string): Promise<FileLog> =>
    openFileLog(join(data, name), systemDisk, { newGenesis: systemRng.uuid() });
  const facts = await open("facts");
  try {
    const setAside = await open("set-aside");
    try {
      const read: ReadFacts = async function* () {
        for await (const batch of facts.readBatches(0)) yield batch.map(filedOf);
      };
      return await erase(read, await asidesIn(setAside), keys, whose);
    } finally {
      await setAside.close();
    }
  } finally {
    await facts.close();
  }
}

async function eraseOnKafka(options: Options & KafkaOptions, whose: Whose): Promise<Erased | null> {
  const keys = await keysIn(options, null);
  const settings = await readKafkaSettings(options, "monitor", (what) =>
    process.stderr.write(`erase: ${what}\n`),
  );
  const kafka = await openKafka(settings, systemClock);
  try {
    const facts = await openTopic(kafka, topics.facts, 0);
    const setAside = await openTopic(kafka, topics.setAside, 0);
    const read: ReadFacts = async function* () {
      for await (const batch of facts.readBatches(0)) {
        yield batch.map(filedOf);
      }
    };
    const erased = await erase(read, await asidesIn(setAside), keys, whose);
    await Promise.all([facts.close(), setAside.close()]);
    return erased;
  } finally {
    await kafka.close();
  }
}

async function eraseInLake(place: string, options: Options, whose: Whose): Promise<Erased | null> {
  const keys = await keysIn(options, null);
  const store = await openLakeToRead(place);
  return erase(() => factsInLake(store), [], keys, whose);
}

const isOnKafka = (options: Options): options is Options & KafkaOptions =>
  options.brokers !== undefined && options.brokers.length > 0;

async function runErase(reference: string, options: Options): Promise<number> {
  if (!isReference(reference)) {
    throw new InputError(`${reference}: give a reference such as customer:42 or order:A-1`);
  }
  const whose = { tenant: options.tenant, reference };
  const erased = isOnKafka(options)
    ? await eraseOnKafka(options, whose)
    : options.lake === undefined
      ? await eraseInFolder(options, whose)
      : await eraseInLake(options.lake, options, whose);
  if (erased === null) {
    process.stderr.write("erase: nothing of theirs can be read here\n");
    return exitCodes.found;
  }
  process.stdout.write(
    `${erased.facts} events and ${erased.setAside} set aside can not be read any more; ${erased.keys} keys are destroyed\n`,
  );
  return exitCodes.ok;
}

export function addErase(program: Command): void {
  const command = program
    .command("erase")
    .description(
      "Destroy the keys of one person: nobody can read what is theirs, wherever it lies.",
    )
    .argument("<reference>", "any name of theirs: customer:42, order:A-1, phone:…")
    .option("--data <dir>", "the folder of start, which must not be running", ".troth")
    .option("--lake <place>", `find their facts in a lake instead: ${lakeArgument}`)
    .option("--keys <place>", `where the keys are, unless in DATA/keys: ${keysArgument}`)
    .option("--tenant <name>", "whose customer", "default");
  addKafkaOptions(command, true)
    .addHelpText(
      "after",
      `
Names and free text of events are sealed per person when they come in; logs, lakes and their copies hold
pseudonyms. Erasing destroys the keys under which anything of this person's is sealed, and changes no other
byte: all of it can be judged anew with the same result. DATA/keys/erasures (or the place of the keys) keeps
when and how many, never who. With --brokers the facts are found on Kafka; running services look for it every two
seconds and let go of what the keys had opened. Exits with 1 when there is nothing of theirs.

It does not reach copies of the keys themselves, files that import and replay wrote without keys, what was
told outside, and what others' events say of them.

Examples:
  troth erase customer:42 --data /var/lib/troth
  troth erase customer:42 --lake s3://our-lake/troth --keys s3://our-keys/troth`,
    )
    .action(async (reference: string, options: Options) => {
      process.exitCode = await runErase(reference, options);
    });
}
