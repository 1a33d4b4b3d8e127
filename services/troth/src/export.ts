import { once } from "node:events";
import { readChunks } from "@troth/lake";
import type { Command } from "commander";
import { ocelOf } from "./export/ocel.ts";
import { lakeArgument, openLakeToRead } from "./lake-place.ts";

async function runOcel(place: string): Promise<void> {
  const store = await openLakeToRead(place);
  for await (const piece of ocelOf(readChunks(store))) {
    if (!process.stdout.write(piece)) await once(process.stdout, "drain");
  }
}

export function addExport(program: Command): void {
  program
    .command("export")
    .description("Write a lake for other people's tools.")
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
