import { writeFile } from "node:fs/promises";
import { canonicalJson, isoTime } from "@troth/events";
import { systemClock } from "@troth/runtime";
import { type Command, InvalidArgumentError, Option } from "commander";
import { type Backtest, backtest } from "./backtest/backtest.ts";
import { judgeBeside } from "./backtest/beside.ts";
import { pageOf } from "./backtest/page.ts";
import type { Groupings } from "./backtest/run.ts";
import { inWords } from "./backtest/words.ts";
import { exitCodes } from "./exit.ts";
import { lakeArgument, openLakeToRead } from "./lake-place.ts";
import { defaultPolicyPath, readPolicy } from "./policy-file.ts";

type Options = {
  readonly policy: string;
  readonly against: string;
  readonly html?: string;
  readonly json?: true;
  readonly by: Groupings;
  readonly tariff: readonly number[];
  readonly seed: number;
};

const tellEveryMs = 1_000;
/** Of the order of what regulators fix for a missed visit or a day without service. */
const defaultTariff = [0, 0, 500, 1_000, 2_000, 3_000];
const defaultSeed = 2718;

const jsonOf = (result: Backtest): string => {
  const { lake } = result;
  const from = lake.from === null ? null : isoTime(lake.from);
  return canonicalJson({ ...result, lake: { ...lake, from, to: isoTime(lake.to) } });
};

async function runBacktest(place: string, options: Options): Promise<number> {
  const live = await readPolicy(options.against);
  const candidate = await readPolicy(options.policy);
  const store = await openLakeToRead(place);
  const began = systemClock.now();
  let told = began;
  const other = judgeBeside({ place, policy: options.policy });
  const result = await backtest({
    beside: other.judged,
    store,
    live,
    candidate,
    by: options.by,
    tariff: options.tariff,
    seed: options.seed,
    at: (facts) => {
      const now = systemClock.now();
      if (now - told < tellEveryMs) return;
      told = now;
      process.stderr.write(`backtest: ${facts} facts\n`);
    },
  }).finally(other.end);
  if (options.html !== undefined) await writeFile(options.html, pageOf(result));
  process.stdout.write(`${options.json === true ? jsonOf(result) : inWords(result)}\n`);
  const seconds = ((systemClock.now() - began) / 1_000).toFixed(1);
  process.stderr.write(
    `backtest: ${result.lake.facts} facts judged under two policies in ${seconds} s\n`,
  );
  return result.selfCheck.differences === 0 ? exitCodes.ok : exitCodes.found;
}

function tariffOf(text: string): readonly number[] {
  const amounts = text.split(",").map((one) => (one.trim() === "" ? Number.NaN : Number(one)));
  if (amounts.length !== 6 || amounts.some((amount) => !(amount >= 0 && amount <= 1e6))) {
    throw new InvalidArgumentError("six amounts for severities 0 to 5, such as 0,0,5,10,20,30");
  }
  return amounts.map((amount) => Math.round(amount * 100));
}

function seedOf(text: string): number {
  const seed = Number(text);
  if (Number.isSafeInteger(seed) && seed >= 0) return seed;
  throw new InvalidArgumentError("a seed is a whole number from 0 on");
}

export function addBacktest(program: Command): void {
  program
    .command("backtest")
    .description("What another policy would have said of the same facts. Writes only its report.")
    .argument("<lake>", lakeArgument)
    .requiredOption("--policy <file>", "the candidate")
    .option("--against <file>", "the policy the lake was judged under", defaultPolicyPath)
    .option("--html <file>", "also write the report as one page with charts")
    .option("--json", "the report as one JSON object instead of tables")
    .addOption(
      new Option("--by <group>", "which groups of customers to hold side by side")
        .choices(["segment", "tier", "region"])
        .default("segment"),
    )
    .option(
      "--tariff <amounts>",
      "assumed compensation of a broken promise of severity 0 to 5",
      tariffOf,
      defaultTariff,
    )
    .option("--seed <n>", "seed of the resampling that intervals come from", seedOf, defaultSeed)
    .addHelpText(
      "after",
      `
The live policy is judged as well and must say exactly what the lake holds: else the report says where it
differs and the exit code is 1. The lake must hold the facts, as those of start and replay do.

Examples:
  troth backtest lake --policy new.yaml
  troth backtest s3://our-lake/troth --policy new.yaml --against live.yaml --html report.html --json`,
    )
    .action(async (place: string, options: Options) => {
      process.exitCode = await runBacktest(place, options);
    });
}
