import { openKafka } from "@troth/log";
import { checkPolicy } from "@troth/policy";
import type { Command } from "commander";
import { activateIn } from "./embedded/activate.ts";
import { exitCodes, InputError } from "./exit.ts";
import { addKafkaOptions, type KafkaOptions, readKafkaSettings } from "./kafka-options.ts";
import { policySwitch } from "./partitioned/fact-log.ts";
import { defaultPolicyPath, readPolicy, readPolicyText } from "./policy-file.ts";
import { openTopic, partitionCutOff, topics } from "./run/place.ts";

/** Writes into the log of facts that from here on this policy holds. */
async function activate(path: string, options: KafkaOptions): Promise<number> {
  const policy = await readPolicy(path);
  const troubled = (what: string): void => void process.stderr.write(`policy: ${what}\n`);
  const kafka = await openKafka(await readKafkaSettings(options, "intake", troubled));
  try {
    const cutOff = await partitionCutOff(kafka);
    if (cutOff !== null)
      throw new InputError(
        `${topics.noise}, partition ${cutOff}: its first records are deleted, and a policy that takes over judges ` +
          "from the first record on: every monitor would stop there. Load the facts into new topics (troth migrate) under it",
      );
    const facts = await openTopic(kafka, topics.facts, 0);
    const { first } = await facts.append([policySwitch(policy.hash)], 0);
    await facts.close();
    process.stdout.write(
      `policy ${policy.hash} holds from offset ${first} of ${topics.facts} on\n`,
    );
    return exitCodes.ok;
  } finally {
    await kafka.close();
  }
}

const isOnKafka = (options: Partial<KafkaOptions>): options is KafkaOptions =>
  options.brokers !== undefined;

async function activateThere(path: string, data: string | undefined): Promise<number> {
  if (data === undefined) throw new InputError("policy activate: say where, --brokers or --data");
  const policy = await readPolicy(path);
  const from = await activateIn(data, policy.hash);
  process.stdout.write(`policy ${policy.hash} holds from offset ${from} of ${data} on\n`);
  return exitCodes.ok;
}

export function addPolicy(program: Command): void {
  const command = program
    .command("policy")
    .description("Work with a policy: the promises, as data.");
  command
    .command("check")
    .description("Report every error with line, column and remedy; exit 1 if there is one.")
    .argument("[policy]", "the policy file", defaultPolicyPath)
    .addHelpText("after", "\nExample:\n  troth policy check infra/policy/default.yaml")
    .action(async (path: string) => {
      const checked = checkPolicy(await readPolicyText(path), path);
      process.stdout.write(checked.text.endsWith("\n") ? checked.text : `${checked.text}\n`);
      process.exitCode = checked.ok ? exitCodes.ok : exitCodes.found;
    });
  addKafkaOptions(command.command("activate"), true)
    .description("Let a policy take over at one place of the log: of a fleet, or of a data folder.")
    .argument("<policy>", "the policy file")
    .option("--data <dir>", "the folder of start, which must not be running")
    .addHelpText(
      "after",
      `
Start every identity and monitor with --policy for this file first: who does not know a policy stops
where it begins. Sources and limits must be those of the policy before.

In a data folder it speaks from the next fact on, as if it had always held; give it to the next start. What
was said before stays said, and is not said again: keep it (the lake holds it too).

Examples:
  troth policy activate infra/policy/calibrated.yaml --brokers 127.0.0.1:9092 --dev
  troth policy activate infra/policy/calibrated.yaml --data /var/lib/troth`,
    )
    .action(async (path: string, options: Partial<KafkaOptions> & { readonly data?: string }) => {
      process.exitCode = isOnKafka(options)
        ? await activate(path, options)
        : await activateThere(path, options.data);
    });
}
