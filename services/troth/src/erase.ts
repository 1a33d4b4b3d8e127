import { isReference } from "@troth/events";
import type { Command } from "commander";
import { readMeta } from "./embedded/meta.ts";
import { erase, finishErasure, isBeingErased } from "./erase/rewrite.ts";
import { exitCodes, InputError } from "./exit.ts";

type Options = { readonly data: string; readonly tenant: string };

async function runErase(reference: string, { data, tenant }: Options): Promise<number> {
  if (!isReference(reference)) {
    throw new InputError(`${reference}: give a reference such as customer:42 or order:A-1`);
  }
  if ((await readMeta(data)) === null) throw new InputError(`${data} is no data folder of start`);
  if (isBeingErased(data)) {
    process.stderr.write("erase: an erasure that was cut short is finished first\n");
    await finishErasure(data);
  }
  const erased = await erase(data, { tenant, reference });
  if (erased === null) {
    process.stderr.write("erase: nothing of theirs is in this folder\n");
    return exitCodes.found;
  }
  process.stdout.write(
    `${erased.facts} events and ${erased.setAside} set aside were erased; the next start judges the rest anew\n`,
  );
  return exitCodes.ok;
}

export function addErase(program: Command): void {
  program
    .command("erase")
    .description("Take one person out of a data folder: log, decisions, snapshots and lake.")
    .argument("<reference>", "any name of theirs: customer:42, order:A-1, phone:…")
    .option("--data <dir>", "the folder of start, which must not be running", ".troth")
    .option("--tenant <name>", "whose customer", "default")
    .addHelpText(
      "after",
      `
Their events are replaced by empty records, so that all others keep their places and log times; outputs,
snapshots, the lake in the folder and the journal of messages are removed, and the next start makes them
again: what still stands is told outside once more, under the same id. erasures.jsonl keeps when and how
many, never who. Exits with 1 when there is nothing of theirs.

It does not reach a lake elsewhere (--lake: remove it and give an empty place), files that import and
replay wrote, backups, sources that send the same events again, what others' events say of them in free
text, and blocks of a disk that are no file any more.

Example:
  troth erase customer:42 --data /var/lib/troth`,
    )
    .action(async (reference: string, options: Options) => {
      process.exitCode = await runErase(reference, options);
    });
}
