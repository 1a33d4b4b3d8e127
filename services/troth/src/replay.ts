import { canonicalJson, decisionJson, publicPseudonymKey } from "@troth/events";
import { recompute } from "@troth/oracle";
import type { Command } from "commander";
import { readMeta } from "./embedded/meta.ts";
import { exitCodes, InputError } from "./exit.ts";
import { keysArgument, openKeysToSeal } from "./keys/open-keys.ts";
import { lakeArgument } from "./lake-place.ts";
import { momentOf } from "./moment.ts";
import { defaultPolicyPath, readPolicy } from "./policy-file.ts";
import { openProgress } from "./progress.ts";
import { gather } from "./replay/gather.ts";
import { Outputs } from "./replay/outputs.ts";
import { readFolder } from "./replay/read-folder.ts";
import { readLines, sealedLines } from "./replay/read-lines.ts";
import { replay, type SetAside } from "./replay/replay.ts";
import { writeReport } from "./replay/report.ts";
import type { ReadLines, ToJudge } from "./replay/source.ts";
import { flagCounts, type Summary, Verdicts } from "./replay/verdicts.ts";
import { openReplayLake } from "./replay-lake.ts";

type Options = {
  readonly policy: string;
  readonly until?: string;
  readonly out: string;
  readonly lake?: string;
  readonly keys?: string;
};

/** The summary goes to stdout too, for whoever pipes it on; people read progress on stderr. */
const print = (summary: Summary): void => void process.stdout.write(`${canonicalJson(summary)}\n`);

const setAsideJson = (one: SetAside): string => canonicalJson(one);

/** The events as they come, or sealed as a door would have them. */
async function linesOf(
  events: string,
  { keys: place, policy }: Options,
  told: (lines: number) => void,
): Promise<ReadLines> {
  const lines = readLines(events, told);
  return place === undefined ? lines : sealedLines(lines, await openKeysToSeal(place, [policy]));
}

/** Lines of a file, or the log of a data folder, in which everything is sealed that will ever be. */
async function toJudge(
  events: string,
  options: Options,
  told: (records: number) => void,
): Promise<ToJudge> {
  if (events === "-" || (await readMeta(events)) === null) return linesOf(events, options, told);
  if (options.keys === undefined) return readFolder(events, told);
  throw new InputError(`${events}: --keys is for event files; a data folder is sealed already`);
}

async function runReplay(events: string, options: Options): Promise<number> {
  const policy = await readPolicy(options.policy);
  const until = momentOf("--until", options.until);
  const outputs = new Outputs(options.out);
  const decisions = outputs.file("decisions.jsonl");
  const setAside = outputs.file("set-aside.jsonl");
  const lake = options.lake === undefined ? null : await openReplayLake(options.lake);
  const progress = openProgress("replay");
  const result = await replay(
    await toJudge(events, options, progress.at),
    policy,
    publicPseudonymKey,
    until,
    {
      decision: (decision) => decisions.line(decisionJson(decision)),
      output: lake === null ? null : lake.fold,
      ...(lake === null ? {} : { fact: lake.file }),
      setAside: (one) => setAside.line(setAsideJson(one)),
      drained: async () => {
        await outputs.drained();
        await lake?.drained();
      },
    },
  );
  await writeReport(outputs, result.verdicts, result.flags, result.summary);
  await lake?.close();
  progress.done(result.summary);
  print(result.summary);
  return exitCodes.ok;
}

async function runOracle(events: string, options: Options): Promise<number> {
  const policy = await readPolicy(options.policy);
  const until = momentOf("--until", options.until);
  const outputs = new Outputs(options.out);
  const setAside = outputs.file("set-aside.jsonl");
  const progress = openProgress("oracle");
  const lines = await linesOf(events, options, progress.at);
  const gathered = await gather(lines, until, (one) => setAside.line(setAsideJson(one)));
  const result = recompute({
    facts: gathered.facts,
    policy,
    pseudonymKey: publicPseudonymKey,
    until,
  });
  const flags = result.flags
    .filter((flag) => flag.level !== "none")
    .sort((a, b) => (a.customer < b.customer ? -1 : 1));
  const verdicts = new Verdicts(policy.score.probability);
  const decisions = outputs.file("decisions.jsonl");
  for (const decision of result.decisions) {
    verdicts.fold(decision);
    decisions.line(decisionJson(decision));
    await outputs.drained();
  }
  for (const { invitationId, outcome } of gathered.answers) verdicts.answer(invitationId, outcome);
  const summary: Summary = {
    read: gathered.read,
    applied: result.counts.applied,
    duplicates: result.counts.duplicates,
    setAside: gathered.refused + result.counts.setAside,
    waiting: result.counts.waiting,
    policy: policy.hash,
    until: gathered.endsAt,
    pledges: verdicts.pledgeCounts(),
    alerts: verdicts.alerts,
    flags: flagCounts(flags),
    truth: verdicts.accuracy(),
  };
  await writeReport(outputs, verdicts, flags, summary);
  progress.done(summary);
  print(summary);
  return exitCodes.ok;
}

const eventFile = "event file: JSON lines, gzip or not; - for standard input";

const judging = (program: Command, name: string, description: string, events: string): Command =>
  program
    .command(name)
    .description(description)
    .argument("<events>", events)
    .option("--policy <file>", "the promises and what breaking them means", defaultPolicyPath)
    .option("--until <moment>", "judge as of then; what was recorded later is not read")
    .option("--keys <place>", `seal each event first, as start does: ${keysArgument}`)
    .requiredOption("--out <dir>", "where the results go");

export function addReplay(program: Command): void {
  judging(
    program,
    "replay",
    "Judge an event file: batch, deterministic, the same bytes every run.",
    `${eventFile}, or a data folder of start, as it was stamped`,
  )
    .option("--lake <place>", `also write every event and verdict for others: ${lakeArgument}`)
    .addHelpText(
      "after",
      `
Writes decisions.jsonl, pledges.jsonl, flags.jsonl, truth.jsonl, set-aside.jsonl and summary.json;
the summary is printed too.

Examples:
  troth replay events.jsonl.gz --out judged
  troth import olist ./olist | troth replay - --until 2018-01-14 --out judged --lake lake
  troth replay /var/lib/troth --policy infra/policy/calibrated.yaml --out judged-anew`,
    )
    .action(async (events: string, options: Options) => {
      process.exitCode = await runReplay(events, options);
    });
}

export function addOracle(program: Command): void {
  judging(
    program,
    "oracle",
    "Recompute everything naively, from scratch: a second opinion, equal byte for byte.",
    eventFile,
  ).action(async (events: string, options: Options) => {
    process.exitCode = await runOracle(events, options);
  });
}
