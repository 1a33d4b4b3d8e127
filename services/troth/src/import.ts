import type { Command } from "commander";
import { runImport } from "./import/command.ts";
import { importers } from "./import/index.ts";

export function addImport(program: Command): void {
  program
    .command("import")
    .description("Turn public files into events, one JSON object a line, in order of recordedtime.")
    .argument("<name>", Object.keys(importers).join(", "))
    .argument("<dir>", "the folder that holds the files, gzip or not")
    .option("--read-text", "tweets: say how each text sounds to an English lexicon")
    .addHelpText(
      "after",
      `
Examples:
  troth import olist ./olist > events.jsonl
  troth import olist ./olist | troth replay - --out judged`,
    )
    .action(async (name: string, dir: string, options: { readText?: true }) => {
      const { stdout, stderr } = process;
      const readText = options.readText === true;
      process.exitCode = await runImport(name, dir, stdout, stderr, readText);
    });
}
