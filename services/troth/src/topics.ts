import { canonicalJson } from "@troth/events";
import { openKafka } from "@troth/log";
import { systemHttp, systemRng } from "@troth/runtime";
import { type Command, InvalidArgumentError } from "commander";
import { exitCodes } from "./exit.ts";
import { addKafkaOptions, type KafkaOptions, readKafkaSettings } from "./kafka-options.ts";
import { asKafkaAcls, permissionsOf } from "./topics/acls.ts";
import { applyTopics } from "./topics/apply.ts";
import { asyncApiOf } from "./topics/asyncapi.ts";
import { registerSchemas } from "./topics/registry.ts";
import { readTopicTable } from "./topics/table.ts";

type ApplyOptions = KafkaOptions & {
  readonly partitions: number;
  readonly dryRun?: true;
  readonly acls?: true;
  readonly principalPrefix: string;
};

const prefixOption = ["--principal-prefix <text>", "before a role's name", "User:troth-"] as const;

const countOf = (text: string): number => {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count >= 1 && count <= 4_096) return count;
  throw new InvalidArgumentError("partitions are a whole number from 1 to 4096");
};

async function runApply(options: ApplyOptions): Promise<number> {
  const table = await readTopicTable();
  const troubled = (what: string): void => {
    process.stderr.write(`topics: ${what}\n`);
  };
  if (options.registry !== undefined && options.dryRun !== true) {
    const { schemas, kinds, said } = await registerSchemas(
      options.registry,
      systemHttp,
      process.env,
    );
    process.stdout.write(
      `registry: ${schemas} schemas of ${kinds} kinds, backward compatible\n` +
        `registry: ${said.join(" and ")} as JSON Schema, forward compatible\n`,
    );
  }
  // Nothing is written here that has a schema.
  const { registry: _, ...reaching } = options;
  const kafka = await openKafka(await readKafkaSettings(reaching, "topics", troubled));
  try {
    const dev = options.dev === true;
    const dryRun = options.dryRun === true;
    const { partitions } = options;
    const steps = await applyTopics(kafka, table, {
      partitions,
      dev,
      dryRun,
      uuid: systemRng.uuid,
    });
    for (const { topic, does, says } of steps)
      process.stdout.write(`${does.padEnd(7)}${topic}: ${says}\n`);
    if (options.acls === true) {
      const permissions = permissionsOf(table, options);
      if (!dryRun) await kafka.allow(permissions);
      process.stdout.write(
        `${dryRun ? "would allow" : "allowed"} ${permissions.length} operations\n`,
      );
    }
    return dryRun && steps.some(({ does }) => does !== "keep") ? exitCodes.found : exitCodes.ok;
  } finally {
    await kafka.close();
  }
}

export function addTopics(program: Command): void {
  const topics = program
    .command("topics")
    .description("Work with troth's topics on Kafka: schemas/topics.json is the table of them.");
  addKafkaOptions(topics.command("apply"))
    .description("Make the topics that are missing and put the settings of the others right.")
    .option("--partitions <n>", "spread customers over so many; fixed at birth", countOf, 16)
    .option("--acls", "allow each role what it needs, too")
    .option(...prefixOption)
    .option("--dry-run", "only say what would be done; exit 1 if anything would")
    .addHelpText(
      "after",
      "\nExamples:\n  troth topics apply --brokers 127.0.0.1:9092 --dev" +
        "\n  troth topics apply --brokers kafka-1:9093 --tls-ca ca.pem --sasl-user admin --acls --dry-run",
    )
    .action(async (options: ApplyOptions) => {
      process.exitCode = await runApply(options);
    });
  topics
    .command("acls")
    .description("Print what each role may do, as commands of Kafka's own tool or as JSON.")
    .option(...prefixOption)
    .option("--json", "one permission a line")
    .addHelpText("after", "\nExample:\n  troth topics acls --principal-prefix User:CN=troth-")
    .action(async (options: { readonly principalPrefix: string; readonly json?: true }) => {
      const permissions = permissionsOf(await readTopicTable(), options);
      const lines =
        options.json === true
          ? permissions.map((one) => canonicalJson(one))
          : asKafkaAcls(permissions);
      process.stdout.write(`${lines.join("\n")}\n`);
    });
  topics
    .command("asyncapi")
    .description("Print the AsyncAPI document of the topics; schemas/asyncapi.json is this.")
    .addHelpText("after", "\nExample:\n  troth topics asyncapi > schemas/asyncapi.json")
    .action(async () => {
      process.stdout.write(`${JSON.stringify(asyncApiOf(await readTopicTable()), null, 2)}\n`);
    });
}
