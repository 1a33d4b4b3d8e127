import { compact, verify } from "@troth/lake";
import { type Command, InvalidArgumentError } from "commander";
import { exitCodes } from "./exit.ts";
import { lakeArgument, openLakeToRead, openLakeToWrite } from "./lake-place.ts";

type Options = { readonly records?: number };

const say = (line: string): void => void process.stderr.write(`compact: ${line}\n`);

async function runCompact(place: string, into: string, options: Options): Promise<number> {
  const from = await openLakeToRead(place);
  const to = await openLakeToWrite(into, (error) => say(String(error)));
  const { chunks, objects } = await compact({
    from,
    to,
    ...(options.records === undefined ? {} : { records: options.records }),
    at: (done) => say(`${done} chunks read`),
  });
  const audit = await verify(to);
  process.stdout.write(
    `${chunks.before} chunks and ${objects.before} objects became ${chunks.after} and ${objects.after}: ${audit.facts} facts and ${audit.outputs} outputs; ${audit.findings.length} faults found in them\n`,
  );
  return audit.findings.length === 0 ? exitCodes.ok : exitCodes.found;
}

function recordsOf(text: string): number {
  const records = Number(text);
  if (Number.isSafeInteger(records) && records >= 1) return records;
  throw new InvalidArgumentError("a number of records is a whole number from 1 on");
}

export function addCompact(program: Command): void {
  program
    .command("compact")
    .description("Write a lake of small files anew in another place, with fewer and larger ones.")
    .argument("<lake>", lakeArgument)
    .argument("<to>", "an empty place for the new one")
    .option("--records <n>", "join chunks until they hold so many facts and outputs", recordsOf)
    .addHelpText(
      "after",
      `
The old lake stays as it is, so that nobody who reads it is disturbed; remove it once all have changed
over. The new one is verified at the end, and can be written on.

Example:
  troth compact s3://our-lake/troth s3://our-lake/troth-2026`,
    )
    .action(async (place: string, into: string, options: Options) => {
      process.exitCode = await runCompact(place, into, options);
    });
}
