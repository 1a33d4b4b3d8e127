import { writeFile } from "node:fs/promises";
import { canonicalJson, isoTime, parseInstant } from "@troth/events";
import { answeredOf, reportOf, type TruthLine, watermelonsOf } from "@troth/truth";
import { type Command, InvalidArgumentError } from "commander";
import { exitCodes, InputError } from "./exit.ts";
import { truthPage, type WholeReport } from "./truth/page.ts";
import { type Judged, readJudged } from "./truth/read.ts";

type Options = {
  readonly from?: string;
  readonly placedFrom?: string;
  readonly seed: number;
  readonly resamples: number;
  readonly objective: number;
  readonly page?: string;
};

function momentOf(option: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  const at = parseInstant(text, false);
  if (!Number.isNaN(at)) return at;
  throw new InputError(`--${option} ${text}: not a moment; write it as 2018-01-14`);
}

function between(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (number >= least && number <= most) return number;
    throw new InvalidArgumentError(`write a number from ${least} to ${most}`);
  };
}

/** Only lines asked from a moment on, or about things first promised from a moment on. */
function chosen({ lines, firstMade }: Judged, options: Options): readonly TruthLine[] {
  const from = momentOf("from", options.from);
  const placedFrom = momentOf("placed-from", options.placedFrom);
  return lines.filter(({ at, subject }) => {
    if (from !== null && at < from) return false;
    if (placedFrom === null) return true;
    const made = firstMade.get(subject.slice(subject.indexOf(":") + 1));
    return made !== undefined && made >= placedFrom;
  });
}

async function run(dir: string, options: Options): Promise<number> {
  const judged = await readJudged(dir);
  const lines = chosen(judged, options);
  const { seed, resamples, objective } = options;
  const report: WholeReport = {
    ...reportOf(lines, { seed, resamples }),
    earlyWarning: judged.warnings.report(),
    linkHealth: watermelonsOf(
      answeredOf(lines),
      judged.links,
      ({ segment, region }) => `${segment ?? ""} ${region ?? ""}`,
      { seed, resamples, objective },
    ),
  };
  if (options.page !== undefined) {
    const scope = options.placedFrom ?? options.from;
    const title = `Truth${scope === undefined ? "" : ` from ${scope}`}`;
    await writeFile(options.page, truthPage(report, title));
  }
  const drift = report.drift.map((window) => ({ ...window, from: isoTime(window.from) }));
  process.stdout.write(`${canonicalJson({ ...report, drift })}\n`);
  return tellFindings(report);
}

/** What somebody ought to do something about goes to the terminal, and makes the exit code 1. */
function tellFindings({ drift, linkHealth, rules }: WholeReport): number {
  const found = [
    ...drift
      .filter(({ alarm }) => alarm)
      .map(
        ({ from, said, seen }) =>
          `drift: from ${isoTime(from).slice(0, 10)} ${said} were said to be unhappy and ${seen} were`,
      ),
    ...linkHealth
      .filter(({ watermelon }) => watermelon)
      .map(({ link }) => `watermelon: ${link} keeps its promises and its customers are unhappy`),
    ...rules
      .filter(({ advice }) => advice === "to-shadow")
      .map(({ name }) => `rule ${name}: its lift may be none; put it in shadow`),
  ];
  for (const one of found) process.stderr.write(`${one}\n`);
  return found.length === 0 ? exitCodes.ok : exitCodes.found;
}

export function addTruth(program: Command): void {
  program
    .command("truth")
    .description("Hold what was said of customers against what they answered.")
    .argument("<dir>", "folder that replay wrote")
    .option("--from <moment>", "only those asked from then on")
    .option("--placed-from <moment>", "only those asked about something promised from then on")
    .option("--seed <n>", "of the redrawn customers", between(0, 2 ** 31), 1)
    .option("--resamples <n>", "how often customers are redrawn", between(10, 100_000), 200)
    .option(
      "--objective <share>",
      "a link that keeps so many promises is green",
      between(0, 1),
      0.9,
    )
    .option("--page <file>", "also write a page for people")
    .addHelpText(
      "after",
      `
Prints one JSON object: precision, recall, lift, AUC and average precision with intervals; calibration;
truth by rule, link, segment, region and policy; drift; early warning; watermelons. Exit code 1 when
scores have drifted, a link is a watermelon, or a rule's lift includes none.

Examples:
  troth replay events.jsonl --out judged && troth truth judged --page truth.html
  troth truth judged --placed-from 2018-01-14 --resamples 1000`,
    )
    .action(async (dir: string, options: Options) => {
      process.exitCode = await run(dir, options);
    });
}
