import { availableParallelism } from "node:os";
import { systemClock } from "@troth/runtime";
import { type Command, InvalidArgumentError } from "commander";
import { exitCodes } from "./exit.ts";
import { defaultPolicyPath, readPolicy } from "./policy-file.ts";
import { runSeed } from "./sim/run.ts";
import { seldom, Tallies } from "./sim/tally.ts";
import { type Found, type Heard, runShare, runWorkers } from "./sim/workers.ts";

type Options = {
  readonly seed: number;
  readonly count: number;
  readonly trace: boolean;
  readonly workers: number;
  readonly policy: string;
};

const say = (line: string): void => void process.stderr.write(`${line}\n`);
const write = (line: string): void => void process.stdout.write(`${line}\n`);

const reproduce = (seed: number): string => `troth sim --seed ${seed} --count 1 --trace`;

/** Tells the stories of some seeds, line by line; what went wrong comes last. */
async function tellStories(options: Options): Promise<number> {
  const policy = await readPolicy(options.policy);
  let found = 0;
  for (let n = 0; n < options.count; n += 1) {
    const result = await runSeed({ seed: options.seed + n, policy, trace: write });
    for (const violation of result.violations) write(`VIOLATION ${violation}`);
    write(`seed ${result.seed} sha256 ${result.sha256}`);
    found += result.violations.length;
  }
  return found === 0 ? exitCodes.ok : exitCodes.found;
}

async function simulate(options: Options): Promise<number> {
  const { seed, count, workers, policy } = options;
  const begun = systemClock.now();
  const tallies = new Tallies();
  const failed: Found[] = [];
  let done = 0;
  const hear = (heard: Heard): void => {
    if (heard.kind === "end") {
      tallies.merge(heard.tally);
      return;
    }
    done += 1;
    if (done % 1_000 === 0) say(`  ${done} of ${count} seeds`);
    const { violations } = heard.found;
    if (violations.length === 0) return;
    failed.push(heard.found);
    say(`seed ${heard.found.seed}: ${violations[0]} -- ${reproduce(heard.found.seed)}`);
  };
  const share = { policy, seed, count };
  if (workers === 1) await runShare({ ...share, stride: 1 }, hear);
  else await runWorkers(share, workers, hear);
  const tally = tallies.total();
  const few = seldom(tally);
  const seconds = Math.max(1, systemClock.now() - begun) / 1_000;
  write(
    JSON.stringify(
      { ...tally, seconds, failed: failed.sort((a, b) => a.seed - b.seed), seldom: few },
      null,
      1,
    ),
  );
  say(
    `${tally.seeds} seeds, ${tally.lives} lives, ${tally.steps} steps, ${tally.facts} facts, ${tally.outputs} outputs, ${tally.messages} messages in ${seconds.toFixed(1)} s: ${failed.length} failed`,
  );
  for (const one of few) say(`too seldom: ${one}`);
  return failed.length === 0 && few.length === 0 ? exitCodes.ok : exitCodes.found;
}

const wholeNumber = (text: string): number => {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 1) return number;
  throw new InvalidArgumentError("it is a whole number from 1 on");
};

export function addSim(program: Command): void {
  program
    .command("sim")
    .description("Run troth on a simulated machine where everything goes wrong, from seeds.")
    .option("--seed <n>", "the first seed", wholeNumber, 1)
    .option("--count <n>", "how many seeds", wholeNumber, 100)
    .option("--trace", "tell the whole story of each", false)
    .option("--workers <n>", "processes to run on", wholeNumber, availableParallelism())
    .option("--policy <file>", "the promises and what breaking them means", defaultPolicyPath)
    .addHelpText(
      "after",
      `
The real door, log, judge, lake and notifier run on a simulated clock, disk, store and network. Crashes,
torn writes, full disks, lost answers and wrong clocks come from the seed. At the end nothing that was
acknowledged may be missing, decisions must be the oracle's, the lake whole, and nothing told twice
without a reason. The same seed tells the same story, byte for byte.

Examples:
  troth sim --seed 1 --count 10000
  troth sim --seed 42 --count 1 --trace`,
    )
    .action(async (options: Options) => {
      process.exitCode = await (options.trace ? tellStories(options) : simulate(options));
    });
}
