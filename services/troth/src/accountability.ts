import { canonicalJson, isoTime, publicPseudonymKey } from "@troth/events";
import type { Command } from "commander";
import { segmentsInWords } from "./accountability/reach.ts";
import { type Accountability, Accounts } from "./accountability/report.ts";
import { exitCodes } from "./exit.ts";
import { momentOf } from "./moment.ts";
import { defaultPolicyPath, readPolicy } from "./policy-file.ts";
import { openProgress } from "./progress.ts";
import { readLines } from "./replay/read-lines.ts";
import { replay } from "./replay/replay.ts";

type Options = { readonly policy: string; readonly until?: string; readonly table?: true };

const percent = (share: number | null): string =>
  share === null ? "-" : `${(100 * share).toFixed(1)} %`;

const columns = [28, 20, 11, 10, 8, 8, 8, 8, 10, 9] as const;
const row = (cells: readonly (string | number | null)[]): string =>
  cells
    .map((cell, place) => String(cell ?? "-").padEnd(columns[place] ?? 10))
    .join(" ")
    .trimEnd();

/** For people; the JSON says more. */
function* table(report: Accountability): Generator<string> {
  for (const { promiseId, customer, chargedTo } of report.orphans)
    yield `nobody answers for ${promiseId} of ${customer} (charged to ${chargedTo})`;
  yield row([
    ...["link", "owner", "run by", "objective", "tried"],
    ...["budget", "charged", "left", "inherited", "disputed"],
  ]);
  for (const one of report.links.filter(({ tried, charged }) => tried + charged > 0)) {
    yield row([
      ...[one.link, one.owner, one.operatedBy, percent(one.target), one.tried],
      ...[one.budget, one.charged, one.left, one.inherited, one.disputed],
    ]);
  }
  yield "";
  yield "Share that enjoyed it: customers a link failed against comparable ones it did not (95 %).";
  yield "An association among those who answered, not a cause.";
  for (const { link, operatedBy, failed } of report.influence) {
    if (failed === null) continue;
    const { difference, low, high, exposed, unexposed } = failed;
    yield `${link.padEnd(14)} ${operatedBy.padEnd(11)} ${percent(difference)} (${percent(low)} to ${percent(high)}), ${exposed} against ${unexposed}`;
  }
  for (const one of report.reached)
    yield `\n${one.rule} ${one.cohort}: ${one.touched} customers of ${one.owner}'s (${segmentsInWords(one)}); the list is in the JSON`;
  for (const { changeId, changeType, link, control, difference, low, high } of report.changes)
    yield `\n${changeId} (${changeType ?? "change"} at ${link}, against ${control ?? "nobody"}): break rate ${percent(difference)} (${percent(low)} to ${percent(high)})`;
  for (const { promiser, kind, region, kept, target, promised } of report.inflation)
    yield `\n${promiser} promises too much: ${kind} in ${region} is kept ${percent(kept)} of ${percent(target)} and was promised ${promised} times this week`;
}

async function run(events: string, options: Options): Promise<number> {
  const policy = await readPolicy(options.policy);
  const accounts = new Accounts(policy);
  const progress = openProgress("accountability");
  const lines = readLines(events, progress.at);
  const { summary } = await replay(
    lines,
    policy,
    publicPseudonymKey,
    momentOf("--until", options.until),
    {
      decision: () => undefined,
      output: (output) => accounts.fold(output),
      setAside: () => undefined,
      drained: () => Promise.resolve(),
    },
  );
  progress.done(summary);
  const report = accounts.report();
  if (options.table === true) for (const line of table(report)) process.stdout.write(`${line}\n`);
  else process.stdout.write(`${canonicalJson({ ...report, until: isoTime(report.until) })}\n`);
  return report.orphans.length === 0 ? exitCodes.ok : exitCodes.found;
}

export function addAccountability(program: Command): void {
  program
    .command("accountability")
    .description(
      "Who answers for what broke: charges by link, disputes, influence, changes, inflation.",
    )
    .argument("<events>", "event file: JSON lines, gzip or not; - for standard input")
    .option("--policy <file>", "the promises, their links and objectives", defaultPolicyPath)
    .option("--until <moment>", "judge as of then; what was recorded later is not read")
    .option("--table", "a table for people instead of JSON")
    .addHelpText(
      "after",
      `
Every broken promise is charged to one link: where its chain first failed. A charge is disputed by the
event charge.disputed and moved by charge.ruled; the sum stays the number of broken promises.
Exit 1 when there are broken promises nobody answers for; they are listed first.

Examples:
  troth accountability events.jsonl --table
  troth accountability events.jsonl --until 2026-03-01T00:00:00Z | jq .links`,
    )
    .action(async (events: string, options: Options) => {
      process.exitCode = await run(events, options);
    });
}
