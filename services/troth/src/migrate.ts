import { openKafka } from "@troth/log";
import { type Command, Option } from "commander";
import type { Meta } from "./embedded/meta.ts";
import { addKafkaOptions, type KafkaOptions, readKafkaSettings } from "./kafka-options.ts";
import { fromKafka, type Migrated, type MigrateTell, toKafka } from "./migrate/migrate.ts";

type Options = KafkaOptions & { readonly data: string; readonly clock: Meta["clock"] };

const everyRecords = 50_000;
const tell: MigrateTell = (what, records) => {
  if (records % everyRecords === 0) process.stderr.write(`migrate: ${records} ${what}\n`);
};

async function run(options: Options, direction: "to-kafka" | "from-kafka"): Promise<void> {
  const troubled = (what: string): void => void process.stderr.write(`migrate: ${what}\n`);
  const kafka = await openKafka(await readKafkaSettings(options, "migrate", troubled));
  try {
    const { facts, setAside }: Migrated =
      direction === "to-kafka"
        ? await toKafka(options.data, kafka, tell)
        : await fromKafka(options.data, kafka, options.clock, tell);
    for (const [what, { before, copied }] of [
      ["facts", facts],
      ["set aside", setAside],
    ] as const)
      process.stdout.write(`${what}: ${copied} copied, ${before} were there\n`);
  } finally {
    await kafka.close();
  }
}

export function addMigrate(program: Command): void {
  const migrate = program
    .command("migrate")
    .description(
      "Move what came in between a data folder and Kafka; decisions follow from it on either side.",
    );
  addKafkaOptions(migrate.command("to-kafka"))
    .description("Copy a data folder's facts to troth.facts; cut short, it goes on when run again.")
    .option("--data <dir>", "the data folder of start, which must not be running", ".troth")
    .addHelpText(
      "after",
      "\nExample (the topics are there: troth topics apply):\n" +
        "  troth migrate to-kafka --data .troth --brokers 127.0.0.1:9092 --dev",
    )
    .action((options: Options) => run(options, "to-kafka"));
  addKafkaOptions(migrate.command("from-kafka"))
    .description("Copy troth.facts into a data folder, a new one or one that holds its beginning.")
    .option("--data <dir>", "the data folder to be written", ".troth")
    .addOption(
      new Option("--clock <which>", "what log time follows from then on")
        .choices(["live", "events"])
        .default("live"),
    )
    .addHelpText(
      "after",
      "\nExample:\n  troth migrate from-kafka --data back --brokers 127.0.0.1:9092 --dev",
    )
    .action((options: Options) => run(options, "from-kafka"));
}
