import { createHmac } from "node:crypto";
import {
  factsTable,
  type RetireOptions,
  retire,
  type Sign,
  type TableName,
  tableNames,
} from "@troth/lake";
import { systemClock } from "@troth/runtime";
import { type Command, InvalidArgumentError } from "commander";
import { exitCodes } from "./exit.ts";
import { keysArgument, openKeysToRead } from "./keys/open-keys.ts";
import { lakeArgument, openLakeToRead } from "./lake-place.ts";
import { momentOf } from "./moment.ts";

type Keep = RetireOptions["keep"];
type Options = {
  readonly keep: Keep;
  readonly asOf?: string;
  readonly keys?: string;
  readonly giveUpBacktest?: true;
  readonly trial?: true;
};

const daysOf: Readonly<Record<string, number>> = { d: 1, y: 365.25 };
const dayMs = 86_400_000;

/** `noise=400d`, `pledges=7y`. */
function keepOf(text: string, before: Keep = new Map()): Keep {
  const [, name = "", number = "", unit = ""] = /^([a-z]+)=(\d{1,5})([dy])$/.exec(text) ?? [];
  const known: readonly (TableName | typeof factsTable)[] = [factsTable, ...tableNames];
  const table = known.find((one) => one === name);
  if (table === undefined) {
    throw new InvalidArgumentError(
      `write it as table=400d or table=7y; tables are ${known.join(", ")}`,
    );
  }
  return new Map(before).set(table, Math.round(Number(number) * (daysOf[unit] ?? 1)) * dayMs);
}

/** Tombstones are signed with the key of the house, which is kept apart from the lake. */
export async function signerAt(place: string | undefined): Promise<{ readonly sign?: Sign }> {
  if (place === undefined) return {};
  const { house } = await openKeysToRead(place);
  return { sign: (text) => createHmac("sha256", house).update(`retired ${text}`).digest("hex") };
}

async function runRetire(place: string, options: Options): Promise<number> {
  const isTrial = options.trial === true;
  const gone = await retire({
    store: await openLakeToRead(place),
    keep: options.keep,
    asOf: momentOf("--as-of", options.asOf) ?? systemClock.now(),
    givesUpBacktest: options.giveUpBacktest === true,
    isTrial,
    ...(await signerAt(options.keys)),
  });
  process.stdout.write(
    `${gone.objects} objects with ${gone.rows} rows and ${gone.bytes} bytes ${isTrial ? "would be" : "are"} retired\n`,
  );
  return exitCodes.ok;
}

export function addRetire(program: Command): void {
  program
    .command("retire")
    .description("Take away what a lake is not to keep any longer: whole objects, table by table.")
    .argument("<lake>", lakeArgument)
    .requiredOption(
      "--keep <table=time>",
      "how long: noise=400d, pledges=7y; several times",
      keepOf,
    )
    .option("--as-of <moment>", "reckon from then instead of from now")
    .option("--keys <place>", `sign what was retired with the key of the house: ${keysArgument}`)
    .option("--give-up-backtest", "let facts and decisions go too: no policy can be tried any more")
    .option("--trial", "say what would go, and take nothing away")
    .addHelpText(
      "after",
      `
An object goes once its whole date= partition is older than its table is kept. What goes is written down
first, under _retired/, sealed and chained, so that verify stays quiet and still finds everything else that is
missing; with --keys it is signed, and verify --keys asks for the signature. Tables that are not named are kept
for good, and so is the newest chunk. Facts and decisions are what a back-test judges anew.

Examples:
  troth retire lake --keep noise=400d --keep pledges=7y --trial
  troth retire s3://our-lake/troth --keep noise=400d --keys s3://our-keys/troth`,
    )
    .action(async (place: string, options: Options) => {
      process.exitCode = await runRetire(place, options);
    });
}
