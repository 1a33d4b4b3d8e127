import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { publish } from "./publish.ts";
import type { Figure, Suite } from "./suite.ts";
import { type CaseResult, machine, type Results, resultOf, table } from "./table.ts";

const help = `Usage: pnpm bench [suite ...] [options]

Measures parts of troth, each in rounds: every case of a suite once, then all again, so that a busy
moment of the machine falls on a case and its peer alike. Writes one table to standard output.

Options:
  --runs N        rounds, 3 unless told
  --only TEXT     the cases whose name holds TEXT
  --scale X       sizes times X: 0.1 for a glance; published figures use 1
  --out FILE      also store the results as JSON
  --write         store the results in test/bench/results: a table, a chart and the figures themselves;
                  suites that were not measured keep what is stored of them
  --against FILE  say how ratios to peers moved since FILE was stored; never fails for it
  --list          name the suites and what they measure
  --help          this

Examples:
  pnpm bench                                 everything
  pnpm bench engine --runs 5                 one suite
  pnpm bench engine door --out bench.json
  pnpm bench --write                         everything, published
  pnpm bench --runs 1 --scale 0.05 door lake --against test/bench/results/short.json
`;

class UsageError extends Error {}

const folder = new URL("suites/", import.meta.url);
const names = readdirSync(folder)
  .filter((name) => name.endsWith(".ts"))
  .map((name) => name.slice(0, -3))
  .sort();

async function load(name: string): Promise<Suite> {
  if (!names.includes(name)) {
    throw new UsageError(`there is no suite "${name}"; there are: ${names.join(", ")}`);
  }
  const module: { suite: Suite } = await import(new URL(`${name}.ts`, folder).href);
  return module.suite;
}

type How = { readonly runs: number; readonly scale: number; readonly only: string };

async function measure(name: string, suite: Suite, { runs, scale, only }: How) {
  process.stderr.write(`${name}: preparing\n`);
  const { cases: all, close } = await suite.prepare({ scale });
  const cases = all.filter(({ id }) => id.includes(only));
  const figures = cases.map((): Figure[] => []);
  try {
    for (let round = 1; round <= runs; round += 1) {
      for (const [i, one] of cases.entries()) {
        process.stderr.write(`${name}: ${one.id}, round ${round} of ${runs}\n`);
        figures[i]?.push(await one.run());
      }
    }
  } finally {
    await close?.();
  }
  return cases.map((one, i): CaseResult => resultOf(name, one, figures[i] ?? []));
}

const wholeFrom = (text: string, option: string): number => {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1) return count;
  throw new UsageError(`--${option} ${text}: give a whole number from 1`);
};

function scaleFrom(text: string): number {
  const scale = Number(text);
  if (scale > 0 && scale <= 100) return scale;
  throw new UsageError(`--scale ${text}: give a number above 0, such as 0.1`);
}

const options = {
  runs: { type: "string", default: "3" },
  only: { type: "string", default: "" },
  scale: { type: "string", default: "1" },
  out: { type: "string" },
  write: { type: "boolean", default: false },
  against: { type: "string" },
  list: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  if (values.help) {
    process.stdout.write(help);
    return;
  }
  const chosen = positionals.length === 0 ? names : positionals;
  const suites = await Promise.all(chosen.map(async (name) => ({ name, suite: await load(name) })));
  if (values.list) {
    for (const { name, suite } of suites) process.stdout.write(`${name}: ${suite.says}\n`);
    return;
  }
  const runs = wholeFrom(values.runs, "runs");
  const scale = scaleFrom(values.scale);
  const stored: Results | null =
    values.against === undefined ? null : JSON.parse(readFileSync(values.against, "utf8"));
  const cases: CaseResult[] = [];
  for (const { name, suite } of suites)
    cases.push(...(await measure(name, suite, { runs, scale, only: values.only })));
  const results: Results = { machine: machine(), scale, cases };
  process.stdout.write(table(results, stored));
  if (values.write) publish(results, runs);
  if (values.out !== undefined) writeFileSync(values.out, `${JSON.stringify(results, null, 1)}\n`);
}

try {
  await main();
} catch (error) {
  const wrongOption = error instanceof TypeError && "code" in error;
  if (!(error instanceof UsageError) && !wrongOption) throw error;
  process.stderr.write(`bench: ${error.message}\nTry: pnpm bench --help\n`);
  process.exitCode = 2;
}
