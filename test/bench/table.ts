import { arch, cpus, release, totalmem, type } from "node:os";
import type { Case, Figure } from "./suite.ts";

/** All runs of one case, as results are stored. */
export type CaseResult = {
  readonly suite: string;
  readonly id: string;
  readonly unit: string;
  readonly peer: string | null;
  readonly values: readonly number[];
  readonly perCpu: readonly number[];
  readonly note: string;
};

export type Results = {
  readonly machine: string;
  readonly scale: number;
  readonly cases: readonly CaseResult[];
};

export function machine(): string {
  const model = cpus()[0]?.model.trim() || "unnamed processor";
  const gib = Math.round(totalmem() / 2 ** 30);
  return `Node ${process.version}, ${cpus().length} x ${model}, ${gib} GiB, ${type()} ${release()} ${arch()}`;
}

export function resultOf(suite: string, one: Case, figures: readonly Figure[]): CaseResult {
  return {
    suite,
    id: one.id,
    unit: one.unit,
    peer: one.peer,
    values: figures.map(({ value }) => value),
    perCpu: figures.flatMap(({ perCpu }) => (perCpu === null ? [] : [perCpu])),
    note: figures.at(-1)?.note ?? "",
  };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** Of times and sizes less is better, of everything else more. */
export const isLessBetter = (unit: string): boolean =>
  unit.startsWith("ms") || unit.startsWith("B ");

/** Median against the peer's median of the same run; null without a peer. */
export function ratioOf(result: CaseResult, all: readonly CaseResult[]): number | null {
  if (result.peer === null) return null;
  const peer = all.find(({ suite, id }) => suite === result.suite && id === result.peer);
  return peer === undefined ? null : median(result.values) / median(peer.values);
}

export const figure = (value: number): string =>
  Number.isNaN(value)
    ? ""
    : value.toLocaleString("en", { maximumFractionDigits: value < 10 ? 2 : 0 });

const against = (ratio: number | null, peer: string | null): string =>
  ratio === null ? "" : `${ratio.toFixed(2)} x ${peer ?? ""}`;

function columns(rows: readonly (readonly string[])[], left: ReadonlySet<number>): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  const pad = (text: string, i: number): string =>
    left.has(i) ? text.padEnd(widths[i] ?? 0) : text.padStart(widths[i] ?? 0);
  return rows.map((row) => row.map(pad).join("  ").trimEnd()).join("\n");
}

/** One table of everything measured; `stored` adds how each ratio stood before. */
export function table(results: Results, stored: Results | null): string {
  const head = ["suite", "case", "unit", "min", "median", "max", "per cpu s", "against", "note"];
  const rows = results.cases.map((one) => [
    one.suite,
    one.id,
    one.unit,
    figure(Math.min(...one.values)),
    figure(median(one.values)),
    figure(Math.max(...one.values)),
    figure(median(one.perCpu)),
    against(ratioOf(one, results.cases), one.peer),
    one.note,
  ]);
  const text = columns([head, ...rows], new Set([0, 1, 2, 7, 8]));
  const size = results.scale === 1 ? "" : `, sizes x ${results.scale}`;
  return `${results.machine}${size}\n\n${text}\n${stored === null ? "" : comparison(results, stored)}`;
}

/** How ratios moved since they were stored: told, never failed, since machines are noisy. */
function comparison(results: Results, stored: Results): string {
  const rows = results.cases.flatMap((one) => {
    const before = stored.cases.find(({ suite, id }) => suite === one.suite && id === one.id);
    const was = before === undefined ? null : ratioOf(before, stored.cases);
    const now = ratioOf(one, results.cases);
    if (was === null || now === null) return [];
    const moved = isLessBetter(one.unit) ? was / now : now / was;
    const word = moved < 0.8 ? "slower" : moved > 1.25 ? "faster" : "as before";
    return [[one.suite, one.id, was.toFixed(2), now.toFixed(2), word]];
  });
  if (rows.length === 0) return "\nNothing here was stored with a ratio.\n";
  const head = ["suite", "case", "stored", "now", ""];
  return `\nRatios to peers, held against those stored on ${stored.machine}:\n${columns([head, ...rows], new Set([0, 1, 4]))}\n`;
}
