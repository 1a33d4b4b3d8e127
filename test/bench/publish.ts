import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { ratioChart } from "./ratio-chart.ts";
import { type CaseResult, figure, median, type Results, ratioOf } from "./table.ts";

const folder = new URL("results/", import.meta.url);
const at = (name: string): URL => new URL(name, folder);

/** What is stored of suites that were not measured now stays, under the machine it was measured on. */
type Stored = Results & { readonly suites: Readonly<Record<string, Measured>> };
type Measured = {
  readonly machine: string;
  readonly runs: number;
  readonly scale: number;
  readonly on: string;
};

function merged(results: Results, runs: number): Stored {
  const before: Stored | null = existsSync(at("results.json"))
    ? JSON.parse(readFileSync(at("results.json"), "utf8"))
    : null;
  const measured = new Set(results.cases.map(({ suite }) => suite));
  const on = new Date().toISOString().slice(0, 10);
  const now = { machine: results.machine, runs, scale: results.scale, on };
  const kept = before?.cases.filter(({ suite }) => !measured.has(suite)) ?? [];
  const suites = {
    ...before?.suites,
    ...Object.fromEntries([...measured].map((suite) => [suite, now])),
  };
  const cases = [...kept, ...results.cases].sort((a, b) =>
    a.suite === b.suite ? 0 : a.suite < b.suite ? -1 : 1,
  );
  return { machine: results.machine, scale: results.scale, suites, cases };
}

const ratio = (one: CaseResult, all: readonly CaseResult[]): string => {
  const value = ratioOf(one, all);
  return value === null ? "" : `**${value.toFixed(2)}** x ${one.peer ?? ""}`;
};

const row = (one: CaseResult, all: readonly CaseResult[]): string =>
  `| ${[
    one.id,
    one.unit,
    figure(Math.min(...one.values)),
    figure(median(one.values)),
    figure(Math.max(...one.values)),
    one.perCpu.length === 0 ? "" : figure(median(one.perCpu)),
    ratio(one, all),
    one.note.replaceAll("|", "/"),
  ].join(" | ")} |`;

function page(stored: Stored): string {
  const parts = Object.entries(stored.suites)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([suite, { machine, runs, scale, on }]) => {
      const cases = stored.cases.filter((one) => one.suite === suite);
      return [
        `## ${suite}`,
        "",
        `${on}, ${runs} rounds${scale === 1 ? "" : `, sizes x ${scale}`}, ${machine}`,
        "",
        "| case | unit | min | median | max | per second of processor | against its peer | note |",
        "|---|---|---:|---:|---:|---:|---|---|",
        ...cases.map((one) => row(one, cases)),
        "",
      ].join("\n");
    });
  return [
    "# What was measured",
    "",
    "Written by `npx --yes pnpm@12.21.0 bench --write`; what each case is and how fair its peer is stands in",
    "[../README.md](../README.md). Of times (ms) and sizes (B) less is better, of the rest more.",
    "",
    "![each case against its peer](ratios.svg)",
    "",
    ...parts,
  ].join("\n");
}

/** Stores results as figures, as a table to read, and as a chart of every case against its peer. */
export function publish(results: Results, runs: number): void {
  const stored = merged(results, runs);
  mkdirSync(folder, { recursive: true });
  writeFileSync(at("results.json"), `${JSON.stringify(stored, null, 1)}\n`);
  writeFileSync(at("README.md"), page(stored));
  writeFileSync(at("ratios.svg"), ratioChart(stored.cases));
}
