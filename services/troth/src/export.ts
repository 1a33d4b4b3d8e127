import { once } from "node:events";
import { isReference } from "@troth/events";
import { readChunks } from "@troth/lake";
import type { Command } from "commander";
import { exitCodes, InputError } from "./exit.ts";
import { ocelOf } from "./export/ocel.ts";
import { subjectOf } from "./export/subject.ts";
import { keysArgument, openKeysToRead } from "./keys/open-keys.ts";
import { lakeArgument, openLakeToRead } from "./lake-place.ts";

async function runOcel(place: string): Promise<void> {
  const store = await openLakeToRead(place);
  for await (const piece of ocelOf(readChunks(store))) {
    if (!process.stdout.write(piece)) await once(process.stdout, "drain");
  }
}

async function runSubject(
  lake: string,
  reference: string,
  { tenant, keys: place }: { readonly tenant: string; readonly keys?: string },
): Promise<void> {
  if (!isReference(reference)) {
    throw new InputError(`${reference}: give a reference such as customer:42 or order:A-1`);
  }
  const store = await openLakeToRead(lake);
  const keys = place === undefined ? null : await openKeysToRead(place);
  let lines = 0;
  for await (const line of subjectOf(store, { tenant, reference }, keys)) {
    lines += 1;
    if (!process.stdout.write(`${line}\n`)) await once(process.stdout, "drain");
  }
  process.stderr.write(`export: ${lines} lines about one person\n`);
  if (lines === 0) process.exitCode = exitCodes.found;
}

export function addExport(program: Command): void {
  const command = program
    .command("export")
    .description("Write a lake for other people's tools, or what it holds about one person.");
  command
    .command("subject")
    .description("Everything a lake holds about one person, as JSON lines on standard output.")
    .argument("<lake>", lakeArgument)
    .argument("<reference>", "any name of theirs: customer:42, order:A-1, phone:…")
    .option("--tenant <name>", "whose customer", "default")
    .option("--keys <place>", `keys of a sealed lake, to say names for pseudonyms: ${keysArgument}`)
    .addHelpText(
      "after",
      `
For a request of access: every event that is theirs once all links, merges and undone links are known, and
every decision about them, in the order of the log. The newest chunk is in the lake only once it is closed.
Exits with 1 when there is nothing.

Examples:
  troth export subject lake customer:42 > customer-42.jsonl
  troth export subject .troth/lake customer:42 --keys .troth/keys > customer-42.jsonl`,
    )
    .action(runSubject);
  command
    .command("ocel")
    .description("An object-centric event log, OCEL 2.0 as JSON, on standard output.")
    .argument("<lake>", lakeArgument)
    .addHelpText(
      "after",
      `
Objects are customers, orders and whatever else events name, promises and alerts; events are the facts and
what was decided. Tools for process mining read it: pm4py.read_ocel2_json("log.jsonocel").

Example:
  troth export ocel lake > log.jsonocel`,
    )
    .action(runOcel);
}
