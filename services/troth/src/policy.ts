import { checkPolicy } from "@troth/policy";
import type { Command } from "commander";
import { exitCodes } from "./exit.ts";
import { defaultPolicyPath, readPolicyText } from "./policy-file.ts";

export function addPolicy(program: Command): void {
  program
    .command("policy")
    .description("Work with a policy: the promises, as data.")
    .command("check")
    .description("Report every error with line, column and remedy; exit 1 if there is one.")
    .argument("[policy]", "the policy file", defaultPolicyPath)
    .addHelpText("after", "\nExample:\n  troth policy check infra/policy/default.yaml")
    .action(async (path: string) => {
      const checked = checkPolicy(await readPolicyText(path), path);
      process.stdout.write(checked.text.endsWith("\n") ? checked.text : `${checked.text}\n`);
      process.exitCode = checked.ok ? exitCodes.ok : exitCodes.found;
    });
}
