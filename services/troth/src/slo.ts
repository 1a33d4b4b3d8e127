import { readFile } from "node:fs/promises";
import { errnoOf } from "@troth/runtime";
import type { Command } from "commander";
import { exitCodes, InputError } from "./exit.ts";
import { momentOf } from "./moment.ts";
import { defaultPolicyPath, readPolicy } from "./policy-file.ts";
import { openProgress } from "./progress.ts";
import { readLines } from "./replay/read-lines.ts";
import { writeHistory } from "./slo/history.ts";
import { checkOpenSlo, exportOpenSlo, importOpenSlo } from "./slo/openslo.ts";
import { alertRules, recordingRules, runbooksHere } from "./slo/prometheus.ts";
import { definitionOf } from "./slo/rules.ts";

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new InputError(
      `${path}: ${errnoOf(error) === "ENOENT" ? "there is no such file" : error}`,
    );
  }
}

async function check(path: string, policyPath: string): Promise<number> {
  const findings = checkOpenSlo(await textOf(path), await readPolicy(policyPath));
  for (const { line, what, found, expected } of findings) {
    const place = line === 0 ? path : `${path}:${line}`;
    process.stdout.write(`${place}: ${what}: found ${found}, expected ${expected}\n`);
  }
  if (findings.length === 0)
    process.stdout.write(`${path} and ${policyPath} hold links to the same\n`);
  return findings.length === 0 ? exitCodes.ok : exitCodes.found;
}

type PolicyOption = { readonly policy: string };
type HistoryOptions = PolicyOption & {
  readonly every: string;
  readonly until?: string;
  readonly out: string;
};

/** What links are held to, for tools that speak OpenSLO or Prometheus. */
export function addSlo(program: Command): void {
  const slo = program
    .command("slo")
    .description("Objectives of the policy's links, as OpenSLO and as rules for Prometheus.")
    .addHelpText(
      "after",
      `
Examples:
  troth slo export > objectives.openslo.yaml
  troth slo check objectives.openslo.yaml --policy mine.yaml
  troth slo rules --policy mine.yaml > troth.rules.yaml`,
    );
  const command = (name: string, description: string): Command =>
    slo
      .command(name)
      .description(description)
      .option("--policy <file>", "the policy whose links they are", defaultPolicyPath);
  command("export", "Write every objective as OpenSLO v1 to stdout.").action(
    async ({ policy }: PolicyOption) => {
      process.stdout.write(exportOpenSlo(await readPolicy(policy)));
    },
  );
  command("check", "Hold an OpenSLO v1 file against the policy; exit 1 where they differ.")
    .argument("<file>", "documents of OpenSLO v1")
    .action(async (path: string, { policy }: PolicyOption) => {
      process.exitCode = await check(path, policy);
    });
  slo
    .command("import")
    .description("Print the objectives of an OpenSLO v1 file as a policy writes them.")
    .argument("<file>", "documents of OpenSLO v1")
    .action(async (path: string) => {
      for (const line of importOpenSlo(await textOf(path))) process.stdout.write(`${line}\n`);
    });
  command(
    "history",
    "Metrics as of every step of log time, as OpenMetrics, for promtool to backfill.",
  )
    .argument("<events>", "event file: JSON lines, gzip or not; - for standard input")
    .option("--every <minutes>", "between two samples; after 5 a gauge is stale in Prometheus", "5")
    .option("--until <moment>", "go on until then, or read no further")
    .requiredOption("--out <file>", "the file to write")
    .addHelpText(
      "after",
      `
Example:
  troth slo history events.jsonl --out history.om
  promtool tsdb create-blocks-from --max-block-duration=744h openmetrics history.om prometheus-data`,
    )
    .action(async (events: string, options: HistoryOptions) => {
      const minutes = Number(options.every);
      if (!Number.isInteger(minutes) || minutes < 1)
        throw new InputError(`--every ${options.every}: give whole minutes, one or more`);
      const policy = await readPolicy(options.policy);
      const progress = openProgress("history");
      const lines = readLines(events, progress.at);
      const history = await writeHistory(
        lines,
        policy,
        minutes * 60_000,
        momentOf("--until", options.until),
        options.out,
      );
      process.stderr.write(`history: ${history.samples} samples\n`);
    });
  command("rules", "Write recording and alert rules for Prometheus to stdout.")
    .option("--recordings", "only the recording rules: Grafana has the alerts")
    .option("--runbooks <url>", "where runbooks are kept", runbooksHere)
    .action(
      async (options: PolicyOption & { readonly recordings?: true; readonly runbooks: string }) => {
        const definition = definitionOf(await readPolicy(options.policy));
        const recordings = recordingRules(definition);
        // One file of two groups: the second begins after its own `groups:`.
        const [, alerts = ""] = alertRules(definition, options.runbooks).split("groups:\n");
        process.stdout.write(options.recordings === true ? recordings : `${recordings}${alerts}`);
      },
    );
}
