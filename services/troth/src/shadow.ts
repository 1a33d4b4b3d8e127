import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { canonicalJson, decodeOutput, type Output } from "@troth/events";
import { readLog } from "@troth/log";
import { systemDisk } from "@troth/runtime";
import type { Command } from "commander";
import { type AlertChanges, compareAlerts } from "./backtest/compare.ts";
import { Verdicts } from "./backtest/run.ts";
import { readMeta } from "./embedded/meta.ts";
import { shadowDir } from "./embedded/shadow.ts";
import { exitCodes, InputError } from "./exit.ts";

type Options = { readonly data: string; readonly policy?: string; readonly json?: true };

/** What a log of outputs holds of facts up to an offset, and the offset of the last fact it speaks of. */
async function readOutputs(dir: string, upTo: number) {
  const verdicts = new Verdicts();
  let last = -1;
  const take = ({ inOffset, body }: Output): void => {
    if (inOffset > upTo) return;
    last = inOffset;
    verdicts.fold(body);
  };
  for await (const batch of readLog(dir, systemDisk)) {
    for (const { bytes } of batch) take(decodeOutput(bytes));
  }
  return { verdicts, last };
}

export type ShadowDifference = {
  readonly live: string;
  readonly shadow: string;
  /** Offset of the last fact both have judged. */
  readonly upTo: number;
  readonly alerts: AlertChanges;
};

/** What a policy in shadow says otherwise than the live one, of all facts both have judged. */
export async function shadowDifference(
  data: string,
  live: string,
  shadow: string,
): Promise<ShadowDifference> {
  const outputs = join(data, "outputs");
  const ahead = await readOutputs(
    join(shadowDir(data, shadow), "outputs"),
    Number.MAX_SAFE_INTEGER,
  );
  const held = await readOutputs(outputs, Number.MAX_SAFE_INTEGER);
  const upTo = Math.min(ahead.last, held.last);
  const [one, other] =
    ahead.last === held.last
      ? [held, ahead]
      : [
          await readOutputs(outputs, upTo),
          await readOutputs(join(shadowDir(data, shadow), "outputs"), upTo),
        ];
  const alerts = compareAlerts(one.verdicts, other.verdicts);
  return { live, shadow, upTo, alerts };
}

function inWords({ live, shadow, upTo, alerts }: ShadowDifference): string {
  const rules = (counts: Readonly<Record<string, number>>): readonly string[] =>
    Object.entries(counts).map(([rule, count]) => `  ${rule}\t${count}`);
  return [
    `policy ${shadow} in shadow of ${live}, facts up to ${upTo}`,
    `same\t${alerts.same}`,
    `new\t${alerts.gained}`,
    ...rules(alerts.gainedByRule),
    `gone\t${alerts.lost}`,
    ...rules(alerts.lostByRule),
  ].join("\n");
}

async function runShadow(options: Options): Promise<number> {
  const data = resolve(options.data);
  const meta = await readMeta(data);
  if (meta === null) throw new InputError(`${data} is no data folder of start`);
  const there = await readdir(join(data, "shadow")).catch(() => []);
  const hashes = options.policy === undefined ? there : there.filter((h) => h === options.policy);
  if (hashes.length === 0) {
    throw new InputError(
      `${data}: no policy is in shadow there; begin with start --shadow POLICY.yaml`,
    );
  }
  let changes = 0;
  for (const hash of hashes.sort()) {
    const difference = await shadowDifference(data, meta.policy, hash);
    changes += difference.alerts.gained + difference.alerts.lost;
    process.stdout.write(`${options.json ? canonicalJson(difference) : inWords(difference)}\n`);
  }
  return changes === 0 ? exitCodes.ok : exitCodes.found;
}

export function addShadow(program: Command): void {
  program
    .command("shadow")
    .description(
      "What a policy in shadow says otherwise than the live one: alerts new, gone, the same.",
    )
    .option("--data <dir>", "the folder of start, which may be running", ".troth")
    .option("--policy <hash>", "of this policy only, by its hash")
    .option("--json", "with examples, as one JSON object a policy")
    .addHelpText(
      "after",
      `
\`start --shadow POLICY.yaml\` judges every fact under a second policy as well, from the first one on, as if it
had always held; nobody is told of what it says. The metric troth_shadow_customers_on_alert tells who is on
alert now under both, or under one alone. Exits with 1 when it says anything otherwise.

Example:
  troth start --no-demo --data /var/lib/troth --shadow infra/policy/calibrated.yaml
  troth shadow --data /var/lib/troth`,
    )
    .action(async (options: Options) => {
      process.exitCode = await runShadow(options);
    });
}
