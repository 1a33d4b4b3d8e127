import { writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { canonicalJson, isoTime, parseInstant } from "@troth/events";
import { type Command, InvalidArgumentError } from "commander";
import { type CalibrateRequest, calibrate, type Fit } from "./calibrate/calibrate.ts";
import { exitCodes, InputError } from "./exit.ts";
import { defaultPolicyPath, readPolicyText } from "./policy-file.ts";
import { openProgress } from "./progress.ts";
import { readLines } from "./replay/read-lines.ts";

export type CalibrateOptions = {
  readonly policy: string;
  readonly until?: string;
  readonly name: string;
  readonly penalty: number;
  readonly precision: number;
  readonly halfLife?: string;
  readonly demote?: true;
  readonly scale?: number;
};

function numberIn(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (number >= least && number <= most) return number;
    throw new InvalidArgumentError(`write a number from ${least} to ${most}`);
  };
}

function commentOf(options: CalibrateOptions, until: number | null) {
  return ({ examples, base, alertFrom, scale, demoted }: Fit): readonly string[] => [
    `Fitted by: troth calibrate EVENTS --policy ${basename(options.policy)} --until ${until === null ? "(all)" : isoTime(until)} --penalty ${options.penalty} --precision ${options.precision}${options.halfLife === undefined ? "" : ` --half-life ${options.halfLife}`}${options.demote === true ? " --demote" : ""}${options.scale === undefined ? "" : ` --scale ${options.scale}`}`,
    `${examples} answers, ${(base * 100).toFixed(1)}% of them unhappy (weighted). ${Math.round(scale)} points are one unit of log odds;`,
    `an alert opens where the answers fitted make an unhappy customer ${(alertFrom * 100).toFixed(0)}% probable.`,
    "Rules, signs and sentences are the written policy's; rules the answers say nothing of keep their points,",
    "rules they give no weight are in shadow: judged and measured, of no weight.",
    ...(demoted.length === 0
      ? []
      : [`Demoted, since their lift may be none: ${demoted.join(", ")}.`]),
  ];
}

/** What the policy itself was fitted by. */
const fittedBefore = (text: string): readonly string[] =>
  text
    .split("\n")
    .filter((line) => line.startsWith("# Fitted by:"))
    .map((line) => line.slice(2).replace("Fitted by:", "Before that:"));

/** What is asked of a calibration by its options; the comment says how to do it again. */
export function calibrateRequest(
  options: CalibrateOptions,
  text: string,
  lines: CalibrateRequest["lines"],
): CalibrateRequest {
  const until = options.until === undefined ? null : parseInstant(options.until, false);
  if (until !== null && Number.isNaN(until)) {
    throw new InputError(`--until ${options.until}: not a moment; write it as 2018-01-14`);
  }
  return {
    text,
    name: options.name,
    lines,
    until,
    penalty: options.penalty,
    precision: options.precision,
    demote: options.demote === true,
    scale: options.scale ?? null,
    score: options.halfLife === undefined ? {} : { halfLife: options.halfLife },
    comment: (fit) => [...commentOf(options, until)(fit), ...fittedBefore(text)],
  };
}

async function run(events: string, options: CalibrateOptions & { out: string }): Promise<number> {
  if (events === "-") throw new InputError("events are read twice: give a file, not -");
  const progress = openProgress("calibrate");
  const { text, policy, fit } = await calibrate(
    calibrateRequest(options, await readPolicyText(options.policy), () =>
      readLines(events, progress.at),
    ),
  );
  await writeFile(options.out, text);
  const { learned, ...figures } = fit;
  const weights = Object.fromEntries(
    learned.rules.map(({ id, weights: own }) => [id, Object.fromEntries(own)]),
  );
  process.stdout.write(
    `${canonicalJson({ policy: policy.hash, ...figures, intercept: learned.intercept, weights })}\n`,
  );
  return exitCodes.ok;
}

export function addCalibrate(program: Command): void {
  program
    .command("calibrate")
    .description("Fit a policy's points to what customers answered: same rules, same signs.")
    .argument("<events>", "event file with surveys and answers: JSON lines, gzip or not")
    .option("--policy <file>", "the written policy", defaultPolicyPath)
    .option("--until <moment>", "read nothing recorded later; judge only what comes after")
    .requiredOption("--out <file>", "where the calibrated policy goes")
    .option("--name <name>", "what it is called", "calibrated")
    .option("--penalty <rows>", "pulls weights towards 0", numberIn(0, 1e6), 3)
    .option("--precision <share>", "how often an alert must be right", numberIn(0, 1), 0.74)
    .option("--half-life <duration>", "another half-life than the policy's")
    .option(
      "--scale <points>",
      "points for one unit of log odds, as an earlier fit of other rules printed: leaves alerts and probabilities as they are",
      numberIn(1, 1e5),
    )
    .option("--demote", "put rules in shadow whose lift on these answers may be none")
    .addHelpText(
      "after",
      `
The same events give the same bytes. Weights in log odds go to stdout.

Example:
  troth import olist ./olist > events.jsonl
  troth calibrate events.jsonl --until 2018-01-14 --out calibrated.yaml
  troth replay events.jsonl --policy calibrated.yaml --out judged
  troth truth judged --placed-from 2018-01-14`,
    )
    .action(async (events: string, options: CalibrateOptions & { out: string }) => {
      process.exitCode = await run(events, options);
    });
}
