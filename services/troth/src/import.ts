import type { Command } from "commander";
import { runImport } from "./import/command.ts";
import { importers } from "./import/index.ts";

export function addImport(program: Command): void {
  program
    .command("import")
    .description("Turn public files into events, one JSON object a line, in order of recordedtime.")
    .argument("<name>", Object.keys(importers).join(", "))
    .argument("<dir>", "the folder that holds the files, gzip or not")
    .addHelpText(
      "after",
      `
Examples:
  troth import olist ./olist > events.jsonl
  troth import olist ./olist | troth replay - --out judged`,
    )
    .action(async (name: string, dir: string) => {
      process.exitCode = await runImport(name, dir, process.stdout, process.stderr);
    });
}
