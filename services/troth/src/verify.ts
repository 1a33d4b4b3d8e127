import { canonicalJson } from "@troth/events";
import { type Audit, verify } from "@troth/lake";
import { systemClock } from "@troth/runtime";
import { type Command, InvalidArgumentError } from "commander";
import { exitCodes } from "./exit.ts";
import { keysArgument } from "./keys/open-keys.ts";
import { lakeArgument, openLakeToRead } from "./lake-place.ts";
import { signerAt } from "./retire.ts";

type Options = {
  readonly keys?: string;
  readonly genesis?: string;
  readonly outputs?: number;
  readonly json?: true;
};

const tellEveryMs = 1_000;
const mebi = 1024 * 1024;

/** How many of each fault, those there are none of left out. */
function countsOf(audit: Audit): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { fault } of audit.findings) counts[fault] = (counts[fault] ?? 0) + 1;
  return counts;
}

function inWords(audit: Audit): string {
  const { findings, chunks, objects, facts, outputs, bytes } = audit;
  const without = audit.retired === 0 ? "" : `; ${audit.retired} objects were retired on purpose`;
  const held = `${chunks} chunks, ${objects} objects, ${(bytes / mebi).toFixed(1)} MiB: ${facts} facts and ${outputs} outputs${without}`;
  if (findings.length === 0) return `${held}; 0 gaps, 0 overlaps, every byte as it was written`;
  const counts = Object.entries(countsOf(audit)).map(([fault, n]) => `${n} ${fault}`);
  return [
    ...findings.map(({ fault, key, says }) => `${fault}\t${key}\t${says}`),
    `${held}; ${findings.length} faults: ${counts.join(", ")}`,
  ].join("\n");
}

async function runVerify(place: string, options: Options): Promise<number> {
  const store = await openLakeToRead(place);
  let told = systemClock.now();
  const audit = await verify(store, {
    ...(options.genesis === undefined ? {} : { genesis: options.genesis }),
    ...(await signerAt(options.keys)),
    ...(options.outputs === undefined ? {} : { outputsAtLeast: options.outputs }),
    at: (chunks) => {
      const now = systemClock.now();
      if (now - told < tellEveryMs) return;
      told = now;
      process.stderr.write(`verify: ${chunks} chunks\n`);
    },
  });
  process.stdout.write(`${options.json === true ? canonicalJson(audit) : inWords(audit)}\n`);
  return audit.findings.length === 0 ? exitCodes.ok : exitCodes.found;
}

const countOf = (text: string): number => {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count >= 0) return count;
  throw new InvalidArgumentError("a number of outputs is a whole number from 0 on");
};

export function addVerify(program: Command): void {
  program
    .command("verify")
    .description("Read a whole lake back: nothing missing, doubled, changed, misplaced or foreign.")
    .argument("<lake>", lakeArgument)
    .option("--genesis <uuid>", "the log it must be of; else its own first manifest says")
    .option("--outputs <n>", "outputs the log is known to hold: finds a missing end", countOf)
    .option("--keys <place>", `ask for signed tombstones of what was retired: ${keysArgument}`)
    .option("--json", "the findings as one JSON object")
    .addHelpText(
      "after",
      `
Exits with 1 when it finds something. What a lake cannot tell by itself is that its newest chunks were
taken away together with their manifests: give --outputs for that.

Examples:
  troth verify lake
  troth verify lake --json`,
    )
    .action(async (place: string, options: Options) => {
      process.exitCode = await runVerify(place, options);
    });
}
